/*-------------------------------------------------------------------------
 *
 * unsettled.c
 *	  What nobody has said of bookings that are over, and what is owed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "studio/actor.h"
#include "account/client.h"
#include "read/cursor.h"
#include "read/schedule.h"

PG_FUNCTION_INFO_V1(swan_unsettled);

/*
 * Bookings that are over at $9, and neither completed nor cancelled, and those that
 * owe.  $7: whose own rows only, as a client and, where $8 says so, as a trainer.  That
 * there is a client is said so that no index of clients looks better than one by time.
 *
 * Few bookings ever owed.  Where all of a studio are asked for, one look through the
 * ledger says which, so that not each of its past is looked up; a part is looked up.
 */
static const StudioQuery unsettled_bookings = {
	"SELECT p.id::pg_catalog.int8, p.session_date, p.duration, p.status,"
	" p.user_id::pg_catalog.int8, " PERSON_NAME("u") ", p.trainer_id::pg_catalog.int8, " PERSON_NAME("t") ","
	" p.credits, " OWED_BY("p.user_id", "p.id") ", p.ended, p.session_date"
	" FROM (SELECT {s.id} AS id, {s.session_date} AS session_date,"
	" COALESCE({s.duration}, 60)::pg_catalog.int4 AS duration,"
	" {s.status}::pg_catalog.text AS status, {s.user_id} AS user_id, {s.trainer_id} AS trainer_id,"
	" " SLOT_RECEIPT("s") "::pg_catalog.int4 AS credits,"
	" (" SLOT_END("s") ") OPERATOR(pg_catalog.<=) $9 AS ended"
	" FROM {sessions} s WHERE" IN_WINDOW
	" AND ($7 IS NULL OR {s.user_id} OPERATOR(pg_catalog.=) $7"
	" OR ($8 AND {s.trainer_id} OPERATOR(pg_catalog.=) $7))"
	" AND ({s.user_id} IS NOT NULL) IS NOT FALSE AND {s.status:scheduled,confirmed,completed,cancelled}"
	" AND ((" SLOT_IS_LIVE("s") " AND (" SLOT_END("s") ") OPERATOR(pg_catalog.<=) $9)"
	" OR (($1 IS NOT NULL OR $3 IS NOT NULL OR $7 IS NOT NULL"
	" OR {s.id} OPERATOR(pg_catalog.=) ANY (SELECT o.session_id FROM {ledger} o"
	" WHERE o.details OPERATOR(pg_catalog.?) 'owes' AND o.session_id IS NOT NULL))"
	" AND " OWED_BY("{s.user_id}", "{s.id}") " OPERATOR(pg_catalog.>) 0))"
	" ORDER BY {s.session_date}, {s.id} LIMIT $6) p"
	" LEFT JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) p.user_id"
	" LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) p.trainer_id"
	" ORDER BY p.session_date, p.id",
	9, {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, INT8OID, INT4OID,
	INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM
};

/* swan_unsettled(): bookings that somebody has to see to. */
Datum
swan_unsettled(PG_FUNCTION_ARGS)
{
	TimestampTz since = argument_time(fcinfo, 0);
	TimestampTz until = argument_time(fcinfo, 1);
	int64		trainer_id = argument_id_or_null(fcinfo, 2);
	NullableDatum args[9];
	char	   *prefix;
	CursorKey	key;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 5, MAY_PERSONS);
	schedule_authorise(call, trainer_id, NO_ID);
	prefix = cursor_prefix("unsettled", trainer_id, since, until);
	cursor_read(argument_text(fcinfo, 3), prefix, true, &key);
	args[0] = arg_time(since);
	args[1] = arg_time(until);
	args[2] = arg_id(trainer_id);
	args[3] = arg_time(key.time);
	args[4] = arg_id(key.id);
	args[5] = arg_int(argument_max_rows(fcinfo, 4, 500));
	args[6] = actor_is(call, MAY_OFFICE) ? arg_null() : arg_id(call->actor->user_id);
	args[7] = arg_bool(actor_is(call, MAY_TRAINER));
	args[8] = arg_time(call->now);
	cursor_put_page(fcinfo, query_read(call, &unsettled_bookings, args), prefix, true, 1);
	call_end(call);
	return (Datum) 0;
}
