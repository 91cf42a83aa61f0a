/*-------------------------------------------------------------------------
 *
 * stories.h
 *	  What became of sessions, as their rows and the ledger say it, in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_STORIES_H
#define SWAN_STORIES_H

#include "slot/slot.h"
#include "account/debit.h"

/* the rows of the client $1, or all */
#define FOR_CLIENT(column) \
	"($1 IS NULL OR " column " OPERATOR(pg_catalog.=) $1)"

/*
 * The debit of a client's session is what was taken where it was booked, follows
 * it when it is rescheduled, and is gone when it is returned.  "left" says that the
 * last word on it is somebody's direct change, which was recorded: what the
 * session became then is not the engine's doing, nor that it kept its receipt.  Nor is it what became of it
 * while a studio was detached, "before" it was attached again at $3.  "moved"
 * says that there ever was one; where there was none, a cancelled session may
 * say what it likes.
 */
#define DEBITS \
	"(SELECT d.user_id, d.session_id, pg_catalog.sum(d.n) AS n, pg_catalog.min(d.at) AS since," \
	" pg_catalog.max(d.at) OPERATOR(pg_catalog.<) $3 AS before," \
	" pg_catalog.bool_or(d.n OPERATOR(pg_catalog.<>) 0) AS moved," \
	" pg_catalog.max(d.id) FILTER (WHERE d.direct) OPERATOR(pg_catalog.=) pg_catalog.max(d.id) AS left" \
	" FROM (SELECT g.user_id, g.session_id, OPERATOR(pg_catalog.-) g.delta AS n, g.id, g.at," \
	" (g.kind OPERATOR(pg_catalog.=) 'external' OR COALESCE(g.details OPERATOR(pg_catalog.?) 'receipt', false))" \
	" AS direct FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{booking,cancellation,correction,charge,waiver,slots,merge,external}')" \
	" AND (g.kind OPERATOR(pg_catalog.<>) 'correction' OR g.delta OPERATOR(pg_catalog.<>) 0) AND g.session_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.session_id, " ROW_HAS("g") ", g.id, g.at, false FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.from_session_id," \
	" OPERATOR(pg_catalog.-) (" ROW_HAS("g") " OPERATOR(pg_catalog.+) g.delta), g.id, g.at, false FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.from_session_id, OPERATOR(pg_catalog.-) g.delta, g.id, g.at, false FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'merge' AND g.from_session_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	") d GROUP BY d.user_id, d.session_id)"

/* what the office did over the rules */
#define IS_FORCED(alias) \
	"EXISTS (SELECT 1 FROM {ledger} f" \
	" WHERE f.user_id OPERATOR(pg_catalog.=) {" alias ".user_id}" \
	" AND f.session_id OPERATOR(pg_catalog.=) {" alias ".id}" \
	" AND f.details OPERATOR(pg_catalog.?) 'forced')"
/* whether a row is the first of those that are side by side with it in a class */
#define FIRST_OF_CLASS(owner, which) \
	"{?sessions.class_id: AND ({s.class_id} IS NULL OR NOT EXISTS (SELECT 1 FROM {sessions} o" \
	" WHERE {live o} AND {o.class_id} OPERATOR(pg_catalog.=) {s.class_id} AND {o.id} OPERATOR(pg_catalog.<) {s.id}" \
	" AND {o." owner "} OPERATOR(pg_catalog.=) {s." owner "}" \
	" AND {o.session_date} OPERATOR(pg_catalog.=) {s.session_date}" \
	" AND COALESCE({o.duration}, 60) OPERATOR(pg_catalog.=) COALESCE({s.duration}, 60) AND " which("o") "))}"

/* which rows are no place of the same class */
#define OF_ANOTHER_CLASS \
	"{?sessions.class_id: AND ({o.class_id} IS NULL OR {s.class_id} IS NULL" \
	" OR {o.class_id} OPERATOR(pg_catalog.<>) {s.class_id})}"

/*
 * Rows that begin before an earlier one of the same owner has ended.  All of
 * them are found in one pass in the order of time; those of one client, by
 * looking for each whether it overlaps an earlier one.  What the office forced is
 * in nobody's way, places of one class are side by side, and what began before a
 * studio was attached, at $3, has happened as it did.
 */
#define OVERLAPS(owner, what, which) \
	"SELECT x.user_id, x.id, NULL::pg_catalog.int8," \
	" pg_catalog.format('session %s begins before another of " what " has ended', x.id)" \
	" FROM (SELECT {s.id} AS id, {s.user_id} AS user_id, {s.session_date} AS begins," \
	" pg_catalog.max(" SLOT_END("s") ") OVER (PARTITION BY {s." owner "}" \
	" ORDER BY {s.session_date}, {s.id}" \
	" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until" \
	" FROM {sessions} s WHERE {live s} AND $1 IS NULL AND {s.session_date} IS NOT NULL" \
	" AND {s." owner "} IS NOT NULL AND " which("s") " AND " SLOT_LASTS("s") \
	" AND NOT " IS_FORCED("s") FIRST_OF_CLASS(owner, which) ") x" \
	" WHERE x.begins OPERATOR(pg_catalog.<) x.busy_until AND x.begins OPERATOR(pg_catalog.>=) $3" \
	" UNION ALL" \
	" SELECT {s.user_id}, {s.id}, NULL," \
	" pg_catalog.format('session %s begins before another of " what " has ended', {s.id})" \
	" FROM {sessions} s WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1 AND " which("s") " AND " SLOT_LASTS("s") \
	" AND {s.session_date} OPERATOR(pg_catalog.>=) $3 AND NOT " IS_FORCED("s") \
	" AND EXISTS (SELECT 1 FROM {sessions} o" \
	" WHERE {live o} AND {o." owner "} OPERATOR(pg_catalog.=) {s." owner "} AND " which("o") \
	" AND ROW({o.session_date}, {o.id}) OPERATOR(pg_catalog.<) ROW({s.session_date}, {s.id})" \
	" AND NOT " IS_FORCED("o") \
	" AND " SLOT_OVERLAPS("o", "{s.session_date}", "(" SLOT_END("s") ")") OF_ANOTHER_CLASS ")"

/*
 * What the last ledger row of each session says of its status: 8 times the id
 * of that row, plus the place in the array below of what the session became, or
 * plus 0 where somebody changed it directly, and that was recorded, or could
 * before the studio was attached at $3.  Bookings that came along with it are
 * dated then: they were live, and the ledger does not say whether confirmed.
 */
#define STATUSES "ARRAY['scheduled', 'confirmed', 'completed', 'cancelled', 'live']"
#define LAST_STATUS \
	"(SELECT x.user_id, x.session_id, pg_catalog.max(x.code) AS code FROM (" \
	"SELECT g.user_id, g.session_id, g.id OPERATOR(pg_catalog.*) 8 OPERATOR(pg_catalog.+)" \
	" CASE WHEN g.at OPERATOR(pg_catalog.<) $3 THEN 0" \
	" WHEN g.at OPERATOR(pg_catalog.=) $3 AND g.kind OPERATOR(pg_catalog.=) 'booking' THEN 5" \
	" WHEN g.kind OPERATOR(pg_catalog.=) 'merge' THEN 5" \
	" WHEN g.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule}') THEN 1" \
	" WHEN g.kind OPERATOR(pg_catalog.=) 'confirmation' THEN 2" \
	" WHEN g.kind OPERATOR(pg_catalog.=) ANY ('{completion,no_show}') THEN 3" \
	" WHEN g.kind OPERATOR(pg_catalog.=) 'cancellation' THEN 4" \
	" WHEN g.kind OPERATOR(pg_catalog.=) 'correction' THEN COALESCE(pg_catalog.array_position(" \
	"ARRAY['scheduled', 'confirmed'], g.details OPERATOR(pg_catalog.->>) 'to'), 3) ELSE 0 END AS code" \
	" FROM {ledger} g WHERE g.session_id IS NOT NULL AND g.kind OPERATOR(pg_catalog.=)" \
	" ANY ('{booking,reschedule,merge,confirmation,completion,no_show,cancellation,correction,external}')" \
	" AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.from_session_id," \
	" g.id OPERATOR(pg_catalog.*) 8 OPERATOR(pg_catalog.+)" \
	" CASE WHEN g.at OPERATOR(pg_catalog.<) $3 THEN 0 ELSE 4 END FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'reschedule' AND " FOR_CLIENT("g.user_id") \
	") x GROUP BY x.user_id, x.session_id)"

/*
 * Sessions of a client that swan_book() knows nothing of.  Those that are over stay
 * what they are, so they are looked for apart.
 */
#define UNPAID_BOOKINGS(which) \
	"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8," \
	" pg_catalog.format('%s session was never booked by swan_book', {s.status})" \
	" FROM {sessions} s WHERE {live s} AND " which \
	" AND {s.user_id} IS NOT NULL AND " FOR_CLIENT("{s.user_id}") \
	" AND NOT EXISTS (SELECT 1 FROM {ledger} g" \
	" WHERE g.session_id OPERATOR(pg_catalog.=) {s.id}" \
	" AND g.user_id OPERATOR(pg_catalog.=) {s.user_id}" \
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule,merge}'))" \
	" AND ($2 OR EXISTS (SELECT 1 FROM {ledger} g" \
	" WHERE g.user_id OPERATOR(pg_catalog.=) {s.user_id}))"

#endif							/* SWAN_STORIES_H */
