/*-------------------------------------------------------------------------
 *
 * integrity.c
 *	  Looking for what must not be: swan_verify().
 *
 * A finding is a row, never an error, so that one does not hide another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "actor.h"
#include "argument.h"
#include "inspect.h"
#include "integrity.h"
#include "slot.h"

PG_FUNCTION_INFO_V1(swan_verify);

/* One check: its finding is (user_id, session_id, ledger_id, problem). */
typedef struct Check
{
	const char *name;
	bool		(*applies) (Studio *studio);	/* NULL: always */
	Statement	statement;		/* $1: one client, or NULL for all */
} Check;

#define FOR_CLIENT(column) \
	"($1 IS NULL OR " column " OPERATOR(pg_catalog.=) $1)"

/* Returns whether bookings are guarded. */
static bool
refuses_sessions(Studio *studio)
{
	return studio->settings.guard_sessions == GUARD_REFUSE;
}

/* Returns whether bookings are only recorded. */
static bool
records_sessions(Studio *studio)
{
	return studio->settings.guard_sessions == GUARD_RECORD;
}

/* Returns whether a trainer's slots must not overlap. */
static bool
refuses_overlap(Studio *studio)
{
	return refuses_sessions(studio) && !studio->settings.trainer_overlap;
}

/* Returns whether every credit has an undated row. */
static bool
keeps_records(Studio *studio)
{
	return studio->settings.session_records;
}

/*
 * The debit of a client's session is +1 where it was booked, follows it when it is
 * rescheduled, and is gone when it is returned.
 */
#define DEBITS \
	"(SELECT d.user_id, d.session_id, pg_catalog.sum(d.n) AS n FROM (" \
	"SELECT g.user_id, g.session_id, OPERATOR(pg_catalog.-) g.delta AS n FROM {ledger} g" \
	" WHERE g.kind IN ('booking', 'cancellation') AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.session_id, 1 FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	" UNION ALL SELECT g.user_id, g.from_session_id, -1 FROM {ledger} g" \
	" WHERE g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL" \
	" AND " FOR_CLIENT("g.user_id") \
	") d GROUP BY d.user_id, d.session_id)"

/* rows that begin before an earlier one of the same owner has ended */
#define OVERLAPS(owner, what, which) \
	"SELECT x.user_id, x.id, NULL::pg_catalog.int8," \
	" pg_catalog.format('session %s begins before another of " what " has ended', x.id)" \
	" FROM (SELECT {s.id} AS id, {s.user_id} AS user_id, {s.session_date} AS begins," \
	" pg_catalog.max(" SLOT_END("s") ") OVER (PARTITION BY " owner \
	" ORDER BY {s.session_date}, {s.id}" \
	" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until" \
	" FROM {sessions} s WHERE {s.session_date} IS NOT NULL AND " owner " IS NOT NULL" \
	" AND " which ") x" \
	" WHERE x.begins OPERATOR(pg_catalog.<) x.busy_until AND " FOR_CLIENT("x.user_id")

static const Check checks[] = {
	{"negative_balance", NULL, {
			"SELECT {u.id}, NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s', {u.available_sessions})"
			" FROM {users} u WHERE {u.available_sessions} OPERATOR(pg_catalog.<) 0"
			" AND " FOR_CLIENT("{u.id}"),
	1, {INT8OID}, true}},

	{"balance_ledger", NULL, {
			"SELECT COALESCE({u.id}, g.user_id), NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s, the ledger comes to %s',"
			" COALESCE({u.available_sessions}, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {users} u WHERE " FOR_CLIENT("{u.id}") ") u"
			" FULL JOIN (SELECT l.user_id, pg_catalog.sum(l.delta) AS total"
			" FROM {ledger} l WHERE " FOR_CLIENT("l.user_id") " GROUP BY l.user_id) g"
			" ON g.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.<>) COALESCE(g.total, 0)"
			" AND ($2 OR g.user_id IS NOT NULL)",
	2, {INT8OID, BOOLOID}, true}},

	{"balance_lots", NULL, {
			"SELECT COALESCE({u.id}, g.user_id), NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s, the lots hold %s',"
			" COALESCE({u.available_sessions}, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {users} u WHERE " FOR_CLIENT("{u.id}") ") u"
			" FULL JOIN (SELECT l.user_id, pg_catalog.sum(l.remaining) AS total"
			" FROM {lots} l WHERE " FOR_CLIENT("l.user_id") " GROUP BY l.user_id) g"
			" ON g.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.<>) COALESCE(g.total, 0)"
			" AND ($2 OR g.user_id IS NOT NULL)",
	2, {INT8OID, BOOLOID}, true}},

	{"ledger_chain", NULL, {
			"SELECT x.user_id, x.session_id, x.id,"
			" pg_catalog.format('balance_after is %s, %s was expected', x.balance_after, x.expected)"
			" FROM (SELECT g.user_id, g.session_id, g.id, g.balance_after,"
			" g.delta OPERATOR(pg_catalog.+) COALESCE(pg_catalog.lag(g.balance_after) OVER"
			" (PARTITION BY g.user_id ORDER BY g.id), 0) AS expected"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") ") x"
			" WHERE x.balance_after OPERATOR(pg_catalog.<>) x.expected",
	1, {INT8OID}, true}},

	{"ledger_order", NULL, {
			"SELECT x.user_id, x.session_id, x.id,"
			" 'the row is older than the one before it'::pg_catalog.text"
			" FROM (SELECT g.user_id, g.session_id, g.id, g.at, pg_catalog.lag(g.at) OVER"
			" (PARTITION BY g.user_id ORDER BY g.id) AS before"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") ") x"
			" WHERE x.at OPERATOR(pg_catalog.<) x.before",
	1, {INT8OID}, true}},

	{"lot_ledger", NULL, {
			"SELECT COALESCE(l.user_id, g.user_id), NULL::pg_catalog.int8,"
			" COALESCE(l.id, g.lot_id),"
			" pg_catalog.format('lot %s holds %s, the ledger left %s', COALESCE(l.id, g.lot_id),"
			" COALESCE(l.remaining, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {lots} l WHERE " FOR_CLIENT("l.user_id") ") l"
			" FULL JOIN (SELECT b.lot_id, pg_catalog.min(b.user_id) AS user_id,"
			" pg_catalog.sum(b.delta) AS total FROM {ledger} b"
			" WHERE b.lot_id IS NOT NULL AND " FOR_CLIENT("b.user_id")
			" GROUP BY b.lot_id) g ON g.lot_id OPERATOR(pg_catalog.=) l.id"
			" WHERE l.id IS NULL OR g.lot_id IS NULL"
			" OR l.remaining OPERATOR(pg_catalog.<>) g.total",
	1, {INT8OID}, true}},

	{"lot_swept", NULL, {
			"SELECT l.user_id, NULL::pg_catalog.int8, l.id,"
			" pg_catalog.format('lot %s is swept and holds %s', l.id, l.remaining)"
			" FROM {lots} l WHERE l.swept AND l.remaining OPERATOR(pg_catalog.>) 0"
			" AND " FOR_CLIENT("l.user_id"),
	1, {INT8OID}, true}},

	{"ledger_kind", NULL, {
			"SELECT g.user_id, g.session_id, g.id,"
			" pg_catalog.format('there is no kind %s', pg_catalog.quote_literal(g.kind))"
			" FROM {ledger} g WHERE g.kind NOT IN ('opening', 'grant', 'purchase',"
			" 'reversal', 'reinstatement', 'revocation', 'expiry', 'booking', 'cancellation',"
			" 'reschedule', 'move', 'hold', 'release', 'confirmation', 'completion', 'no_show',"
			" 'external') AND " FOR_CLIENT("g.user_id"),
	1, {INT8OID}, true}},

	{"booking_debit", refuses_sessions, {
			"SELECT COALESCE({s.user_id}, d.user_id), COALESCE({s.id}, d.session_id), NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session is %s, the ledger has %s debits of it',"
			" COALESCE({s.status}::pg_catalog.text, 'missing'),"
			" CASE WHEN {s.session_deducted} THEN 'charged' ELSE 'not charged' END,"
			" COALESCE(d.n, 0))"
			" FROM (SELECT * FROM {sessions} s WHERE " FOR_CLIENT("{s.user_id}") ") s"
			" FULL JOIN " DEBITS " d ON d.session_id OPERATOR(pg_catalog.=) {s.id}"
			" AND d.user_id OPERATOR(pg_catalog.=) {s.user_id}"
			" WHERE COALESCE(d.n, 0) NOT IN (0, 1)"
			" OR (COALESCE(d.n, 0) OPERATOR(pg_catalog.=) 1 AND"
			" ({s.id} IS NULL OR {s.status} OPERATOR(pg_catalog.=) 'available'))"
			"{?sessions.session_deducted: OR COALESCE(d.n, 0) OPERATOR(pg_catalog.<>)"
			" CASE WHEN {s.session_deducted} THEN 1 ELSE 0 END}",
	1, {INT8OID}, true}},

	{"unpaid_booking", records_sessions, {
			"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session was never booked by swan_book', {s.status})"
			" FROM {sessions} s WHERE {s.status} IN ('scheduled', 'confirmed', 'completed')"
			" AND {s.user_id} IS NOT NULL AND " FOR_CLIENT("{s.user_id}")
			" AND NOT EXISTS (SELECT 1 FROM {ledger} g"
			" WHERE g.session_id OPERATOR(pg_catalog.=) {s.id}"
			" AND g.user_id OPERATOR(pg_catalog.=) {s.user_id}"
			" AND g.kind IN ('booking', 'reschedule'))"
			" AND ($2 OR EXISTS (SELECT 1 FROM {ledger} g"
			" WHERE g.user_id OPERATOR(pg_catalog.=) {s.user_id}))"
			" AND NOT ({s.status} OPERATOR(pg_catalog.=) 'completed'"
			" AND {s.session_date} OPERATOR(pg_catalog.<) $3)",
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, true}},

	{"slot_client", refuses_sessions, {
			"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session %s', {s.status},"
			" CASE WHEN {s.user_id} IS NULL THEN 'has no client' ELSE 'has a client' END)"
			" FROM {sessions} s WHERE {s.session_date} IS NOT NULL"
			" AND (({s.user_id} IS NULL AND {s.status} IN ('scheduled', 'confirmed', 'completed'))"
			" OR ({s.user_id} IS NOT NULL AND {s.status} OPERATOR(pg_catalog.=) 'available'))"
			" AND " FOR_CLIENT("{s.user_id}"),
	1, {INT8OID}, true}},

	{"trainer_overlap", refuses_overlap, {
			OVERLAPS("{s.trainer_id}", "the trainer",
					 "{s.status} OPERATOR(pg_catalog.<>) 'cancelled'"),
	1, {INT8OID}, true}},

	{"client_overlap", refuses_sessions, {
			OVERLAPS("{s.user_id}", "the client",
					 "{s.status} IN ('scheduled', 'confirmed')"),
	1, {INT8OID}, true}},

	{"session_records", keeps_records, {
			"SELECT {u.id}, NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session records for a balance of %s',"
			" COALESCE(r.n, 0), {u.available_sessions})"
			" FROM {users} u LEFT JOIN (SELECT {s.user_id} AS user_id, pg_catalog.count(*) AS n"
			" FROM {sessions} s WHERE {s.status} OPERATOR(pg_catalog.=) 'available'"
			" AND {s.session_date} IS NULL AND " FOR_CLIENT("{s.user_id}")
			" GROUP BY {s.user_id}) r ON r.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE COALESCE(r.n, 0) OPERATOR(pg_catalog.<>) COALESCE({u.available_sessions}, 0)"
			" AND " FOR_CLIENT("{u.id}"),
	1, {INT8OID}, true}},
};

/*
 * Looks for every violation in a studio, of one client or (NO_ID) of all, and
 * hands each to "found" with (user_id, session_id, ledger_id, problem).
 */
void
verify_studio(Call *call, int64 user_id, VerifyCallback found, void *arg)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_bool(call->studio->backfilled),
		arg_time(call->studio->own ? DT_NOBEGIN : call->studio->made_at)
	};

	for (int i = 0; i < lengthof(checks); i++)
	{
		Rows		result;

		if (checks[i].applies && !checks[i].applies(call->studio))
			continue;
		result = statement_read(call, &checks[i].statement, args);
		for (uint64 row = 0; row < result.nrows; row++)
			found(arg, checks[i].name, result, row);
	}
}

/* Adds one finding to the result of swan_verify(). */
static void
put_problem(void *arg, const char *check, Rows result, uint64 row)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) arg;
	Datum		values[5] = {0};
	bool		nulls[5] = {false};

	values[0] = CStringGetTextDatum(check);
	for (int i = 1; i <= 3; i++)
	{
		int64		id = row_id(result, row, i);

		values[i] = Int64GetDatum(id);
		nulls[i] = id == NO_ID;
	}
	values[4] = CStringGetTextDatum(row_text(result, row, 4));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Adds what is wrong with the guards of the studio. */
static void
put_guard_problems(ReturnSetInfo *rsinfo, const char *studio)
{
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	Rows		found = inspect_studios(call, studio);

	for (uint64 i = 0; i < found.nrows; i++)
	{
		Datum		values[5] = {0};
		bool		nulls[5] = {false, true, true, true, false};

		if (row_int(found, i, 2) < INSPECT_UNGUARDED)
			continue;
		values[0] = CStringGetTextDatum("guard");
		values[4] = CStringGetTextDatum(row_text(found, i, 3));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	call_end(call);
}

/* swan_verify(): every violation of an invariant. */
Datum
swan_verify(PG_FUNCTION_ARGS)
{
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_OFFICE);
	put_guard_problems((ReturnSetInfo *) fcinfo->resultinfo, call->studio->name);
	verify_studio(call, argument_id_or_null(fcinfo, 0), put_problem, fcinfo->resultinfo);
	call_end(call);
	return (Datum) 0;
}
