/*-------------------------------------------------------------------------
 *
 * suspension.c
 *	  The time in which a client books nothing, kept in his ledger rows.
 *
 * Whoever books for a client has read his last ledger row anyway.  So each row has
 * the suspension that holds from it on, as balance_after is his balance from it on:
 * what is written goes on from the row before, and swan_suspend() and
 * swan_resume() write another.  One that is over stays until the next, and means
 * nothing any more.
 *
 * NULL is none.  It is also what reads instead of the column where the ledger has
 * none, since an earlier version made it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/typcache.h"

#include "compat.h"
#include "studio/studio.h"
#include "account/suspension.h"

/* Returns what the server knows of ranges of time. */
static TypeCacheEntry *
period_type(void)
{
	return lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
}

/* Returns one end of a suspension, or NO_TIME where it is open. */
static TimestampTz
end_of(const RangeBound *bound)
{
	return bound->infinite ? NO_TIME : DatumGetTimestampTz(bound->val);
}

/* Reads the suspension that a ledger row has. */
Suspension
suspension_of_row(Rows result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = row_datum(result, row, column, &isnull);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	if (isnull)
		return NO_SUSPENSION;
	range_deserialize(period_type(), DatumGetRangeTypeP(value), &lower, &upper, &empty);
	if (empty)
		return NO_SUSPENSION;
	return (Suspension)
	{
		end_of(&lower), end_of(&upper)
	};
}

/* Returns a suspension as a ledger row has it. */
NullableDatum
suspension_arg(const Suspension *suspension)
{
	RangeBound	lower = {.inclusive = true,.lower = true};
	RangeBound	upper = {.inclusive = false,.lower = false};

	if (suspension->since == NO_TIME)
		return arg_null();
	lower.val = TimestampTzGetDatum(suspension->since);
	upper.val = TimestampTzGetDatum(suspension->until);
	upper.infinite = suspension->until == NO_TIME;
	return arg_datum(RangeTypePGetDatum(swan_make_range(period_type(), &lower, &upper)));
}

/* Returns whether a session of that date is not for the client to have. */
bool
suspension_covers(const Suspension *suspension, TimestampTz date)
{
	return suspension->since != NO_TIME && date >= suspension->since &&
		(suspension->until == NO_TIME || date < suspension->until);
}

/* Returns whether there is no suspension now, and none to come. */
bool
suspension_is_over(const Suspension *suspension, TimestampTz now)
{
	return suspension->since == NO_TIME ||
		(suspension->until != NO_TIME && suspension->until <= now);
}

/* Refuses where the ledger has no place for it. */
void
suspension_require(Call *call)
{
	if (call->studio->columns[LEDGER_SUSPENDED].name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("clients of studio \"%s\" cannot be suspended", call->studio->name),
				 studio_hint_upgrade(call->studio)));
}
