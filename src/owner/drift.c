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
#include "owner/drift.h"

/* what verify_studio() finds */
typedef struct Drift
{
	int64		count;
	StringInfoData list;		/* the first few */
} Drift;

/* Counts one finding, and notes what the first ones are. */
static void
note_drift(void *arg, const char *check, Rows result, uint64 row)
{
	Drift	   *drift = (Drift *) arg;
	bool		of_user = row_isnull(result, row, FOUND_SESSION_ID);

	if (drift->count++ < 5)
		appendStringInfo(&drift->list, "%s%s of %s %lld: %s",
						 drift->list.len > 0 ? "; " : "", check,
						 of_user ? "user" : "session",
						 (long long) row_id(result, row, of_user ? FOUND_USER_ID : FOUND_SESSION_ID),
						 row_text(result, row, FOUND_PROBLEM));
}

/* Looks for what is wrong; returns the number of findings. */
static int64
look_for_drift(Studio *studio, int topics, const Judgement *judgement, Drift *drift)
{
	Call	   *call = call_begin(studio, CALL_READER);

	drift->count = 0;
	verify_studio(call, topics, judgement, NO_ID, query_recheck, note_drift, drift);
	call_end(call);
	return drift->count;
}

/*
 * Refuses to let a setting keep from now on what it is about (CheckTopic), where
 * that is not right: which swan_verify() lists if it is asked what would be.
 */
void
refuse_drift(Studio *studio, const char *setting, int topics)
{
	Judgement	judgement = judge_as_refused(studio, !studio->settings.trainer_overlap ||
											 strcmp(setting, "trainer_overlap") == 0);
	Drift		drift;

	initStringInfo(&drift.list);
	if (look_for_drift(studio, topics, &judgement, &drift) > 0)
		ereport(ERROR,
				(swan_error_counting(SWAN_INVALID_ARGUMENT, NULL, "problems", drift.count),
				 errmsg("%s cannot be refuse, because swan_verify() would find problems: %lld",
						setting, (long long) drift.count),
				 errhint("SELECT * FROM swan_verify(as_if => 'refuse') lists them. They begin with: %s.", drift.list.data)));
}

/*
 * Says what is wrong in a studio that was taken up as it was, by its own settings;
 * returns the number of findings.
 */
int64
warn_of_drift(Studio *studio)
{
	Judgement	judgement = judge_as_set(studio);
	char	   *name = pstrdup(studio->name);
	Drift		drift;

	initStringInfo(&drift.list);
	if (look_for_drift(studio, ABOUT_ANYTHING, &judgement, &drift) > 0)
		ereport(WARNING,
				(errmsg("swan_verify() finds problems in studio \"%s\": %lld",
						name, (long long) drift.count),
				 errhint("They were there before, or not everything has come along. They begin with: %s.", drift.list.data)));
	return drift.count;
}
