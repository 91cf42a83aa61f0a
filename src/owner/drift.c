/*-------------------------------------------------------------------------
 *
 * drift.c
 *	  What stands in the way of a setting that refuses what was not refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/error.h"
#include "studio/enter.h"
#include "verify/integrity.h"

/* what verify_studio() finds, as far as it stands in the way of a guard */
typedef struct Drift
{
	const char *setting;		/* that is to be refuse */
	int64		count;
	StringInfoData list;		/* the first few */
} Drift;

/* Returns whether a finding is about balances. */
static bool
is_about_balances(const char *check)
{
	static const char *const names[] = {
		"negative_balance", "balance_ledger", "balance_lots", "ledger_chain",
		"ledger_order", "ledger_kind", "lot_ledger", "lot_swept", "lot_client",
		"lot_origin"
	};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(check, names[i]) == 0)
			return true;
	}
	return false;
}

/* Returns whether a finding is about what a setting guards. */
static bool
is_about(const char *check, const char *setting)
{
	if (strcmp(setting, "trainer_overlap") == 0)
		return strcmp(check, "trainer_overlap") == 0;
	return is_about_balances(check) == (strcmp(setting, "guard_balance") == 0);
}

/* Counts one finding, and notes what the first ones are. */
static void
note_drift(void *arg, const char *check, Rows result, uint64 row)
{
	Drift	   *drift = (Drift *) arg;
	char	   *problem = row_text(result, row, 4);
	bool		of_user = row_isnull(result, row, 2);

	if (!is_about(check, drift->setting))
		return;
	/* ends by itself */
	if (strcmp(check, "hold_slot") == 0)
		return;
	/* what was never paid for and is over stays what it is */
	if (strcmp(check, "unpaid_booking") == 0 &&
		strncmp(problem, "completed", strlen("completed")) == 0)
		return;
	if (drift->count++ < 5)
		appendStringInfo(&drift->list, "%s%s of %s %lld: %s",
						 drift->list.len > 0 ? "; " : "", check,
						 of_user ? "user" : "session",
						 (long long) row_id(result, row, of_user ? 1 : 2), problem);
}

/* Refuses to guard what is not right, in a studio as it is set by now. */
void
refuse_drift(Studio *studio, const char *setting)
{
	Call	   *call = call_begin(studio, CALL_READER);
	Drift		drift;

	drift.setting = setting;
	drift.count = 0;
	initStringInfo(&drift.list);
	verify_studio(call, NO_ID, query_recheck, note_drift, &drift);
	if (drift.count > 0)
		ereport(ERROR,
				(swan_errcode_counting(SWAN_INVALID_ARGUMENT, NULL, "problems", drift.count),
				 errmsg("%s cannot be refuse, because swan_verify() would find problems: %lld",
						setting, (long long) drift.count),
				 errhint("They begin with: %s.", drift.list.data)));
	call_end(call);
}
