/*-------------------------------------------------------------------------
 *
 * awaited.c
 *	  Who waits for what.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "studio/actor.h"
#include "slot/line.h"
#include "account/client.h"

PG_FUNCTION_INFO_V1(swan_waiting);

/* those in line $1, or in any of what is to come at $2; of client $3, and of trainer $3 if $4 */
static const StudioQuery find_waiters = {
	"SELECT w.session_id, w.user_id, (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM {waits} o"
	" WHERE o.session_id OPERATOR(pg_catalog.=) w.session_id AND o.id OPERATOR(pg_catalog.<=) w.id),"
	" w.since, w.auto, w.offered_from, w.offered_until, w.refused,"
	" p.at, p.duration, p.trainer_id, " PERSON_NAME("t")
	" FROM {waits} w LEFT JOIN LATERAL (SELECT {s.session_date} AS at,"
	" COALESCE({s.duration}, 60)::pg_catalog.int4 AS duration, {s.trainer_id}::pg_catalog.int8 AS trainer_id"
	" FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id") " AND " SLOT_TAKES_TIME("s")
	" LIMIT 1) p ON true"
	" LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) p.trainer_id"
	" WHERE ($1 IS NULL OR w.session_id OPERATOR(pg_catalog.=) $1)"
	" AND ($1 IS NOT NULL OR p.at OPERATOR(pg_catalog.>) $2)"
	" AND ($3 IS NULL OR w.user_id OPERATOR(pg_catalog.=) $3"
	" OR ($4 AND p.trainer_id OPERATOR(pg_catalog.=) $3))"
	" ORDER BY p.at, w.session_id, w.id",
	4, {INT8OID, TIMESTAMPTZOID, INT8OID, BOOLOID}, PLAN_CUSTOM
};

/*
 * swan_waiting(): who waits for a slot or class, or for any.  A client sees his own
 * place only, a trainer all of those that are his, too.
 */
Datum
swan_waiting(PG_FUNCTION_ARGS)
{
	int64		session_id = argument_id_or_null(fcinfo, 0);
	NullableDatum args[4];
	Call	   *call;
	Slot		slot;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 1, MAY_PERSONS);
	line_require(call);
	if (session_id != NO_ID)
	{
		if (!slot_look_at(call, session_id, &slot, query_read))
			session_not_found(session_id);
		session_id = line_of(&slot);
	}
	args[0] = arg_id(session_id);
	args[1] = arg_time(call->now);
	args[2] = actor_is(call, MAY_OFFICE) ? arg_null() : arg_id(call->actor->user_id);
	args[3] = arg_bool(actor_is(call, MAY_TRAINER));
	call_put_result(fcinfo, query_read(call, &find_waiters, args));
	call_end(call);
	return (Datum) 0;
}
