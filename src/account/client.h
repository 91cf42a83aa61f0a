/*-------------------------------------------------------------------------
 *
 * client.h
 *	  What is said of a client wherever he is listed, in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CLIENT_H
#define SWAN_CLIENT_H

#include "account/attendance.h"
#include "account/debit.h"
#include "account/suspension.h"

#define WHOLE_NAME(alias) \
	"pg_catalog.btrim(pg_catalog.concat_ws(' ', {" alias ".first_name}, {" alias ".last_name}))"

/* how a person is called, or NULL: person_name() in SQL */
#define PERSON_NAME(alias) \
	"CASE WHEN " WHOLE_NAME(alias) " OPERATOR(pg_catalog.<>) '' THEN " WHOLE_NAME(alias) " END"

/*
 * What indexes of our own studios are made of: the keys by which clients are
 * listed, and the text in which they are searched.  The arguments are columns in
 * braces, as a query or an index names them.  Nobody types the line feed that
 * keeps a name and an e-mail address apart.
 */
#define NAME_KEY(first_name, last_name) \
	"pg_catalog.lower((COALESCE(" last_name "::pg_catalog.text, '') OPERATOR(pg_catalog.||) ' '" \
	" OPERATOR(pg_catalog.||) COALESCE(" first_name "::pg_catalog.text, ''))" \
	" COLLATE pg_catalog.\"default\")"
#define CREATED_KEY(created_at) \
	"COALESCE(" created_at ", '-infinity'::pg_catalog.timestamptz)"
#define SEARCHED_TEXT(first_name, last_name, email) \
	"pg_catalog.lower((COALESCE(" first_name "::pg_catalog.text, '') OPERATOR(pg_catalog.||) ' '" \
	" OPERATOR(pg_catalog.||) COALESCE(" last_name "::pg_catalog.text, '')" \
	" OPERATOR(pg_catalog.||) E'\\n'" \
	" OPERATOR(pg_catalog.||) COALESCE(" email "::pg_catalog.text, ''))" \
	" COLLATE pg_catalog.\"default\")"

#define SEARCHED_NAME(first_name, last_name) \
	"pg_catalog.lower((COALESCE(" first_name "::pg_catalog.text, '') OPERATOR(pg_catalog.||) ' '" \
	" OPERATOR(pg_catalog.||) COALESCE(" last_name "::pg_catalog.text, ''))" \
	" COLLATE pg_catalog.\"default\")"

/* credits of a client that are past their expiry at "now", and not swept yet */
#define DUE_CREDITS(client, now) \
	"(SELECT COALESCE(pg_catalog.sum(l.remaining), 0)::pg_catalog.int4" \
	" FROM {lots} l WHERE l.user_id OPERATOR(pg_catalog.=) " client \
	" AND l.expires_at OPERATOR(pg_catalog.<=) " now ")"

/* the other client of a ledger row by which something went to him, or came from him */
#define OTHER_OF(row) \
	"CASE WHEN " row ".kind OPERATOR(pg_catalog.=) ANY ('{transfer,merge,suspension}') THEN COALESCE(" \
	row ".details OPERATOR(pg_catalog.->>) 'to_user', " \
	row ".details OPERATOR(pg_catalog.->>) 'into_user', " \
	row ".details OPERATOR(pg_catalog.->>) 'from_user')::pg_catalog.int8 END"

/* what was paid for so many credits of a lot, as a part of what all of it cost */
#define MONEY_OF(credits, lot) \
	"pg_catalog.round((" credits ")::pg_catalog.numeric" \
	" OPERATOR(pg_catalog.*) " lot ".amount_minor::pg_catalog.numeric" \
	" OPERATOR(pg_catalog./) " lot ".granted::pg_catalog.numeric)"

/* the warning for so many credits */
#define WARNING_FOR(available, threshold) \
	"CASE WHEN " available " OPERATOR(pg_catalog.<=) 0 THEN 'none'" \
	" WHEN " available " OPERATOR(pg_catalog.<=) " threshold " THEN 'low' END"

/* the sentences that go with a warning */
#define SENTENCE_NONE	"Client has no available sessions. Add sessions to enable booking."
#define SENTENCE_LOW	"Client has low session count. Consider adding more sessions."

#define SENTENCE_FOR(warning) \
	"CASE WHEN " warning " OPERATOR(pg_catalog.=) 'none' THEN '" SENTENCE_NONE "'" \
	" WHEN " warning " OPERATOR(pg_catalog.=) 'low' THEN '" SENTENCE_LOW "' END"

/* what the user u can spend at "now" */
#define CLIENT_AVAILABLE(now) \
	"COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.-) " DUE_CREDITS("{u.id}", now)

/* the dated sessions of the user u */
#define SESSIONS_OF_U \
	" FROM {sessions} o WHERE {live o} AND {o.user_id} OPERATOR(pg_catalog.=) {u.id}" \
	" AND {o.session_date} IS NOT NULL"

/*
 * How many credits the session o of the user u has taken.  A debit follows its
 * booking, so the last row that speaks of one tells.
 */
#define O_CREDITS \
	"COALESCE((SELECT CASE WHEN l.kind OPERATOR(pg_catalog.=) 'cancellation' THEN 0" \
	" ELSE " ROW_HAS_OF_ALL("l") " END" \
	" FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) {u.id}" \
	" AND l.session_id OPERATOR(pg_catalog.=) {o.id}" \
	" AND l.kind OPERATOR(pg_catalog.=) ANY ('" SESSION_DEBIT_KINDS "')" \
	" ORDER BY l.id DESC LIMIT 1), 0)"

/* one of the totals k of the user u */
#define TOTAL_OF_K(place)	"k.totals[" CppAsString2(place) "]"

/*
 * When the user u was last there, who has missed so many sessions.  A completed
 * one of which the ledger does not say whether he was there counts as attended.
 */
#define LAST_SESSION_OF_U(missed) \
	"(SELECT {o.session_date} FROM {sessions} o WHERE {live o} AND " SLOT_IS_OF("o", "{u.id}") \
	" AND {o.session_date} IS NOT NULL AND {o.status:completed}" \
	" AND (" missed " OPERATOR(pg_catalog.<=) 0 OR COALESCE(" ATTENDED_BY("{u.id}", "{o.id}") ", true))" \
	" ORDER BY {o.user_id} DESC, {o.session_date} DESC LIMIT 1)"

/*
 * The figures of the user u, as far as his totals tell.  His live bookings are
 * looked for from the last session backwards, until there are as many.
 */
#define FIGURES_KEPT \
	"SELECT " TOTAL_OF_K(TOTAL_PURCHASED) " AS purchased, " TOTAL_OF_K(TOTAL_DEBITS) " AS debits," \
	" (SELECT COALESCE(pg_catalog.sum(c.credits), 0) FROM (SELECT " O_CREDITS " AS credits" \
	SESSIONS_OF_U " AND " SLOT_IS_LIVE("o") " ORDER BY {o.session_date} DESC" \
	" LIMIT " TOTAL_OF_K(TOTAL_SCHEDULED) " OPERATOR(pg_catalog.+) " TOTAL_OF_K(TOTAL_CONFIRMED) ") c)" \
	" AS charged," \
	" CASE WHEN " TOTAL_OF_K(TOTAL_COMPLETED) " OPERATOR(pg_catalog.>) 0 THEN " \
	LAST_SESSION_OF_U(TOTAL_OF_K(TOTAL_MISSED)) " END AS last_session" \
	" WHERE k.totals IS NOT NULL"

/* Likewise from all of his ledger and sessions, where the totals are not known. */
#define FIGURES_COUNTED \
	"SELECT CASE WHEN g.known OPERATOR(pg_catalog.>) 0 THEN g.purchased" \
	" ELSE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.+) b.old_charged END," \
	" g.debits, b.charged, " LAST_SESSION_OF_U("g.no_shows") " AS last_session" \
	" FROM (SELECT pg_catalog.count(*) AS known, " SUM_OF_G("", PURCHASED_KINDS) " AS purchased," \
	" " SUM_OF_G("OPERATOR(pg_catalog.-) ", DEBIT_KINDS) " AS debits, " NO_SHOWS_OF_G " AS no_shows" \
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) {u.id}) g," \
	" (SELECT COALESCE(pg_catalog.sum(CASE WHEN " SLOT_IS_LIVE("o") " THEN " O_CREDITS " END), 0) AS charged," \
	" pg_catalog.count(*) FILTER (WHERE " SLOT_IS_LIVE("o") \
	" AND ({old_bookings} OPERATOR(pg_catalog.=) 'charged'" \
	" OR ({old_bookings} OPERATOR(pg_catalog.=) 'flag' AND {o.session_deducted}))) AS old_charged" \
	SESSIONS_OF_U ") b WHERE k.totals IS NULL"

/*
 * (available, purchased, used, last_session, suspended_since, suspended_until) of
 * the user u at "now": what he bought, and what he used of it: debits that were not
 * returned, less those of bookings still to come; and when he books nothing.  OFFSET
 * keeps the planner from counting again for every use of a figure.
 */
#define CLIENT_FIGURES(now) \
	"(SELECT " CLIENT_AVAILABLE(now) " AS available," \
	" f.purchased::pg_catalog.int4 AS purchased," \
	" (f.debits OPERATOR(pg_catalog.-) f.charged)::pg_catalog.int4 AS used," \
	" f.last_session," \
	" " SUSPENDED_SINCE("k.suspended", now) " AS suspended_since," \
	" " SUSPENDED_UNTIL("k.suspended", now) " AS suspended_until" \
	" FROM (SELECT 1) n" \
	" LEFT JOIN LATERAL (SELECT CASE WHEN " G_HAS_TOTALS " THEN {g.totals} END AS totals," \
	" {g.suspended} AS suspended" \
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) {u.id}" \
	" ORDER BY g.id DESC LIMIT 1) k ON true" \
	" CROSS JOIN LATERAL (" FIGURES_KEPT " UNION ALL " FIGURES_COUNTED ") f OFFSET 0)"

#endif							/* SWAN_CLIENT_H */
