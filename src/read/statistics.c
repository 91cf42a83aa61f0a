/*-------------------------------------------------------------------------
 *
 * statistics.c
 *	  Numbers of a studio: for monitoring, and for the accountant.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/actor.h"
#include "account/debit.h"

PG_FUNCTION_INFO_V1(swan_stats);
PG_FUNCTION_INFO_V1(swan_liability_0_2);
PG_FUNCTION_INFO_V1(swan_months);

/* midnight of the day of $1 in the studio's time zone $2, so many days ago */
#define MIDNIGHT(days_ago) \
	INSTANT("$2", "pg_catalog.date_trunc('day', " LOCAL_TIME("$2", "$1") ")" \
			" OPERATOR(pg_catalog.-) '" days_ago " days'::pg_catalog.interval")

/*
 * Every row is always there, so that a series does not end because its value is
 * 0.  Credits are counted whichever way they moved.
 */
static const StudioQuery read_stats = {
	"SELECT 'swan_credits_outstanding', pg_catalog.jsonb_build_object(),"
	" COALESCE(pg_catalog.sum({u.available_sessions}), 0)::pg_catalog.int8 FROM {users} u WHERE {live u}"
	" UNION ALL"
	" SELECT 'swan_credits_unswept', pg_catalog.jsonb_build_object(), COALESCE(pg_catalog.sum(l.remaining), 0)::pg_catalog.int8"
	" FROM {lots} l WHERE NOT l.swept AND l.expires_at OPERATOR(pg_catalog.<=) $1"
	" UNION ALL"
	" SELECT 'swan_credits_moved', pg_catalog.jsonb_build_object('event', e.event, 'day', d.day),"
	" COALESCE(pg_catalog.sum(pg_catalog.abs(g.delta)), 0)::pg_catalog.int8"
	" FROM (VALUES ('granted', 'grant'), ('bought', 'purchase'), ('reversed', 'reversal'),"
	" ('reinstated', 'reinstatement'), ('revoked', 'revocation'), ('booked', 'booking'),"
	" ('cancelled', 'cancellation'), ('corrected', 'correction'), ('expired', 'expiry'),"
	" ('reopened', 'extension'), ('external', 'external'))"
	" e (event, kind)"
	" CROSS JOIN (VALUES ('today', " MIDNIGHT("0") ", 'infinity'::pg_catalog.timestamptz),"
	" ('yesterday', " MIDNIGHT("1") ", " MIDNIGHT("0") ")) d (day, since, until)"
	" LEFT JOIN (SELECT l.kind, l.delta, l.at FROM {ledger} l"
	" WHERE l.at OPERATOR(pg_catalog.>=) " MIDNIGHT("1") ") g"
	" ON g.kind OPERATOR(pg_catalog.=) e.kind AND g.at OPERATOR(pg_catalog.>=) d.since"
	" AND g.at OPERATOR(pg_catalog.<) d.until"
	" GROUP BY e.event, d.day"
	" UNION ALL"
	" SELECT m.metric, pg_catalog.jsonb_build_object(), m.value FROM (SELECT pg_catalog.count(*) AS rows,"
	" COALESCE(EXTRACT(epoch FROM $1 OPERATOR(pg_catalog.-) pg_catalog.min(l.at)), 0) AS seconds"
	" FROM {ledger} l"
	" WHERE l.xid OPERATOR(pg_catalog.>=) pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
	" AND l.xid OPERATOR(pg_catalog.<) pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())) f"
	" CROSS JOIN LATERAL (VALUES ('swan_feed_waiting_rows', f.rows),"
	" ('swan_feed_lag_seconds', f.seconds::pg_catalog.int8)) m (metric, value)",
	2, {TIMESTAMPTZOID, TEXTOID}, PLAN_CUSTOM
};

/* when the lot o, which the ledger row g made, was bought in another system, if it was */
#define BOUGHT_AT \
	"CASE WHEN o.source OPERATOR(pg_catalog.=) 'import' THEN" \
	" (g.details OPERATOR(pg_catalog.->>) 'bought_at')::pg_catalog.timestamptz END"

/*
 * What a lot holds now, less what has happened to it since.  As long as a
 * studio is not backfilled, an untouched client counts as one opening lot.
 */
static const StudioQuery read_liability = {
	"SELECT pg_catalog.to_char(" LOCAL_TIME("$2", "COALESCE(" BOUGHT_AT ", g.at, x.at)") ", 'YYYY-MM'),"
	" COALESCE(o.source, x.source), pg_catalog.sum(x.credits)::pg_catalog.int8,"
	" o.currency,"
	" pg_catalog.round(pg_catalog.sum(x.credits::pg_catalog.numeric"
	" OPERATOR(pg_catalog.*) o.amount_minor::pg_catalog.numeric"
	" OPERATOR(pg_catalog./) o.granted::pg_catalog.numeric))::pg_catalog.int8"
	" FROM (SELECT l.id AS lot_id, l.remaining AS credits,"
	" NULL::pg_catalog.timestamptz AS at, NULL::pg_catalog.text AS source FROM {lots} l"
	" UNION ALL SELECT l.lot_id, OPERATOR(pg_catalog.-) l.delta, NULL, NULL FROM {ledger} l"
	" WHERE l.at OPERATOR(pg_catalog.>) $1 AND l.delta OPERATOR(pg_catalog.<>) 0"
	" UNION ALL SELECT NULL, COALESCE({u.available_sessions}, 0), r.created_at, 'opening'"
	" FROM swan.studio r JOIN {users} u ON {live u} AND NOT EXISTS (SELECT 1 FROM {ledger} l"
	" WHERE l.user_id OPERATOR(pg_catalog.=) {u.id})"
	" WHERE NOT $4 AND r.name OPERATOR(pg_catalog.=) $3"
	" AND r.created_at OPERATOR(pg_catalog.<=) $1) x"
	" LEFT JOIN {lots} o ON o.id OPERATOR(pg_catalog.=) x.lot_id"
	" LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) x.lot_id"
	" GROUP BY 1, 2, 4 HAVING pg_catalog.sum(x.credits) OPERATOR(pg_catalog.<>) 0"
	" ORDER BY 1, 2, 4",
	4, {TIMESTAMPTZOID, TEXTOID, TEXTOID, BOOLOID}, PLAN_CUSTOM
};

/* what the lines x of one sort come to */
#define SUM_OF_X(sort) \
	"COALESCE(pg_catalog.sum(x.n) FILTER (WHERE x.what OPERATOR(pg_catalog.=) '" sort "'), 0)::pg_catalog.int8 AS " sort

/* the rows of the client $3, or all */
#define OF_CLIENT	"($3 IS NULL OR g.user_id OPERATOR(pg_catalog.=) $3)"

/*
 * What became of credits, by month: what came in and expired by when that was, what
 * sessions took by when they take place, which is what a debit that went from one
 * to another was taken for in the end.
 */
static const StudioQuery read_months = {
	"SELECT m.month, m.purchased, m.used, m.booked, m.expired FROM ("
	"SELECT pg_catalog.to_char(" LOCAL_TIME("$4", "x.at") ", 'YYYY-MM') AS month,"
	" " SUM_OF_X("purchased") ", "
	SUM_OF_X("used") ", "
	SUM_OF_X("booked") ", "
	SUM_OF_X("expired")
	" FROM (SELECT 'purchased' AS what, COALESCE(" BOUGHT_AT ", g.at) AS at, g.delta AS n FROM {ledger} g"
	" LEFT JOIN {lots} o ON o.id OPERATOR(pg_catalog.=) g.id"
	" WHERE g.delta OPERATOR(pg_catalog.<>) 0 AND " OF_CLIENT
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('" PURCHASED_KINDS "')"
	" UNION ALL SELECT 'expired', g.at, OPERATOR(pg_catalog.-) g.delta FROM {ledger} g"
	" WHERE " OF_CLIENT " AND g.kind OPERATOR(pg_catalog.=) ANY ('{expiry,extension}')"
	" UNION ALL SELECT CASE WHEN {s.user_id} OPERATOR(pg_catalog.=) d.user_id AND " SLOT_IS_LIVE("s")
	" THEN 'booked' ELSE 'used' END,"
	" COALESCE({s.session_date}, d.at), d.n"
	" FROM (SELECT g.user_id, COALESCE(g.session_id, g.from_session_id) AS session_id, g.at,"
	" OPERATOR(pg_catalog.-) g.delta AS n FROM {ledger} g WHERE " OF_CLIENT
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('" DEBIT_KINDS "')"
	" AND (g.kind OPERATOR(pg_catalog.<>) 'reschedule' OR g.lot_id IS NULL)"
	" UNION ALL SELECT g.user_id, g.session_id, g.at, " ROW_HAS("g") " FROM {ledger} g WHERE " OF_CLIENT
	" AND g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL"
	" UNION ALL SELECT g.user_id, g.from_session_id, g.at,"
	" OPERATOR(pg_catalog.-) (" ROW_HAS("g") " OPERATOR(pg_catalog.+) g.delta) FROM {ledger} g WHERE " OF_CLIENT
	" AND g.kind OPERATOR(pg_catalog.=) 'reschedule' AND g.lot_id IS NOT NULL) d"
	" LEFT JOIN {sessions} s ON {live s} AND {s.id} OPERATOR(pg_catalog.=) d.session_id) x"
	" WHERE ($1 IS NULL OR x.at OPERATOR(pg_catalog.>=) $1) AND ($2 IS NULL OR x.at OPERATOR(pg_catalog.<) $2)"
	" GROUP BY 1) m WHERE ROW(m.purchased, m.used, m.booked, m.expired)"
	" OPERATOR(pg_catalog.<>) ROW(0, 0, 0, 0) ORDER BY 1",
	4, {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID}, PLAN_CUSTOM
};

/* swan_stats(): what a monitoring system scrapes. */
Datum
swan_stats(PG_FUNCTION_ARGS)
{
	NullableDatum args[2];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_ADMINS);
	args[0] = arg_time(call->now);
	args[1] = arg_text(call->studio->settings.time_zone);
	call_put_result(fcinfo, query_read(call, &read_stats, args));
	call_end(call);
	return (Datum) 0;
}

/* swan_liability(): the credits that the studio owed at an instant. */
Datum
swan_liability_0_2(PG_FUNCTION_ARGS)
{
	NullableDatum args[4];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_ADMINS);
	args[0] = arg_time(PG_ARGISNULL(0) ? GetCurrentTransactionStartTimestamp() :
					   PG_GETARG_TIMESTAMPTZ(0));
	args[1] = arg_text(call->studio->settings.time_zone);
	args[2] = arg_text(call->studio->name);
	args[3] = arg_bool(call->studio->backfilled);
	call_put_result(fcinfo, query_read(call, &read_liability, args));
	call_end(call);
	return (Datum) 0;
}

/* swan_months(): what became of credits, month by month. */
Datum
swan_months(PG_FUNCTION_ARGS)
{
	Account		client;
	NullableDatum args[4];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 3, MAY_READER | MAY_OFFICE);
	args[0] = fcinfo->args[0];
	args[1] = fcinfo->args[1];
	args[2] = arg_id(argument_id_or_null(fcinfo, 2));
	args[3] = arg_text(call->studio->settings.time_zone);
	if (!args[2].isnull && !account_find(call, DatumGetInt64(args[2].value), &client, query_read))
		user_not_found(DatumGetInt64(args[2].value));
	call_put_result(fcinfo, query_read(call, &read_months, args));
	call_end(call);
	return (Datum) 0;
}
