/*-------------------------------------------------------------------------
 *
 * price.c
 *	  How many credits a booking costs.
 *
 * The row of the session says it, where there is a column for it, or a function of
 * the application's, which the setting cost_rule names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "studio/hook.h"
#include "write/price.h"

static const StudioQuery ask_rule = {
	"SELECT {cost_rule}($1, $2)",
	2, {INT8OID, INT8OID}
};

/* Returns whether the application says what a session costs. */
bool
price_is_asked_for(Call *call)
{
	return hook_is_set(call, HOOK_COST_RULE);
}

/* Returns what a client pays for a slot that is there. */
int32
price_of(Call *call, int64 user_id, const Slot *slot, QueryRun run)
{
	NullableDatum args[] = {arg_id(user_id), arg_id(slot->id)};
	int32		cost = slot->cost;

	if (price_is_asked_for(call))
	{
		Rows		said = hook_run(call, HOOK_COST_RULE, &ask_rule, args, run);

		if (!row_isnull(said, 0, 1))
			cost = row_int(said, 0, 1);
	}
	if (cost < 0 || cost > SWAN_COST_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("session %lld costs %d credits", (long long) slot->id, cost),
				 errdetail("A session costs between 0 and %d credits.", SWAN_COST_MAX),
				 price_is_asked_for(call) ?
				 errhint("The function that the setting cost_rule names says so.") : 0));
	return cost;
}
