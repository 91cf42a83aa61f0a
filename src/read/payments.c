/*-------------------------------------------------------------------------
 *
 * payments.c
 *	  What a payment bought, and what became of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/lots.h"

PG_FUNCTION_INFO_V1(swan_payment);

/* in SQL: the credits that went by rows of some kinds */
#define CREDITS_GONE(which) \
	"COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta) FILTER (WHERE " which "), 0)"
#define IS_OF_KIND(kinds) \
	"g.kind OPERATOR(pg_catalog.=) ANY ('{" kinds "}')"

/* what is past its end counts as expired, whether that is written down or not */
#define IS_OVER \
	"COALESCE(l.expires_at OPERATOR(pg_catalog.<=) $2, false)"

/* the items of a payment, in the order in which they were bought */
static const StudioQuery read_payment = {
	"SELECT l.item, l.user_id, l.id, (l.granted OPERATOR(pg_catalog.-) " HANDED_ON ")::pg_catalog.int4,"
	" CASE WHEN " IS_OVER " THEN 0 ELSE l.remaining END,"
	" " CREDITS_GONE("g.session_id IS NOT NULL OR g.from_session_id IS NOT NULL OR "
					 IS_OF_KIND("usage")) "::pg_catalog.int4,"
	" (" CREDITS_GONE(IS_OF_KIND("expiry,extension")) " OPERATOR(pg_catalog.+)"
	" CASE WHEN " IS_OVER " THEN l.remaining ELSE 0 END)::pg_catalog.int4,"
	" " CREDITS_GONE(IS_OF_KIND("reversal")) "::pg_catalog.int4,"
	" (OPERATOR(pg_catalog.-) " CREDITS_GONE(IS_OF_KIND("reinstatement")) ")::pg_catalog.int4,"
	" " AMOUNT_KEPT ", l.currency,"
	" (pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'money')::pg_catalog.int8)"
	" FILTER (WHERE " IS_OF_KIND("reversal,reinstatement") "))::pg_catalog.int8,"
	" " CREDITS_GONE("g.session_id IS NULL AND " IS_OF_KIND("revocation,external")) "::pg_catalog.int4,"
	" COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'shortfall')::pg_catalog.int4)"
	" FILTER (WHERE " IS_OF_KIND("reversal,reinstatement,transfer") "), 0)::pg_catalog.int4"
	" FROM {lots} l LEFT JOIN {ledger} g"
	" ON g.user_id OPERATOR(pg_catalog.=) l.user_id"
	" AND g.lot_id OPERATOR(pg_catalog.=) l.id"
	" WHERE l.payment_ref OPERATOR(pg_catalog.=) $1"
	" GROUP BY l.id ORDER BY l.id",
	2, {TEXTOID, TIMESTAMPTZOID}, PLAN_CUSTOM
};

/* swan_payment(): what became of the credits and the money of a payment. */
Datum
swan_payment(PG_FUNCTION_ARGS)
{
	NullableDatum args[2];
	const char *payment_ref;
	Rows		result;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 1, MAY_OFFICE);
	payment_ref = argument_label(fcinfo, 0, "payment_ref");
	if (payment_ref == NULL)
		swan_missing_argument("payment_ref", NULL);
	args[0] = arg_text(payment_ref);
	args[1] = arg_time(call->now);
	result = query_read(call, &read_payment, args);
	if (result.nrows == 0)
		ereport(ERROR,
				(swan_error(SWAN_PURCHASE_NOT_FOUND),
				 errmsg("payment \"%s\" is not known", payment_ref)));
	call_put_result(fcinfo, result);
	call_end(call);
	return (Datum) 0;
}
