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

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "verify/checks.h"
#include "verify/inspect.h"
#include "verify/integrity.h"

PG_FUNCTION_INFO_V1(swan_verify_0_2);

/* Returns by what a studio is judged as it is set. */
Judgement
judge_as_set(const Studio *studio)
{
	GuardMode	guard = studio->settings.guard_sessions;
	Judgement	judgement = {
		.studio = studio,
		.records = guard == GUARD_RECORD,
		.refuses = guard == GUARD_REFUSE,
		.keeps_time = !studio->settings.trainer_overlap,
		.measured = true
	};

	return judgement;
}

/*
 * Returns by what it would be judged if its guards refused from now on.  What
 * was booked past swan_book() must be settled before, since nobody would name it
 * then; so it must where nobody looks by now.
 */
Judgement
judge_as_refused(const Studio *studio, bool keeps_time)
{
	Judgement	judgement = {
		.studio = studio,
		.records = studio->settings.guard_sessions != GUARD_REFUSE,
		.refuses = true,
		.keeps_time = keeps_time
	};

	return judgement;
}

/*
 * Looks for violations in a studio, of what is among "topics" and of one client
 * or (NO_ID) of all, and hands each to "found".
 */
void
verify_studio(Call *call, int topics, const Judgement *judgement, int64 user_id,
			  QueryRun run, VerifyCallback found, void *arg)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_bool(call->studio->backfilled),
		arg_time(call->studio->own ? DT_NOBEGIN : call->studio->made_at)
	};

	for (const Check *check = checks; check->name; check++)
	{
		Rows		result;

		if (!(check->topic & topics) ||
			(check->applies && !check->applies(judgement)))
			continue;
		result = run(call, &check->statement, args);
		for (uint64 row = 0; row < result.nrows; row++)
			found(arg, check->name, result, row);
	}
}

/* Adds one finding to the result of swan_verify(): the check, then its columns. */
static void
put_problem(void *arg, const char *check, Rows result, uint64 row)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) arg;
	Datum		values[FOUND_PROBLEM + 1] = {0};
	bool		nulls[FOUND_PROBLEM + 1] = {false};

	values[0] = CStringGetTextDatum(check);
	for (int i = FOUND_USER_ID; i <= FOUND_LEDGER_ID; i++)
	{
		int64		id = row_id(result, row, i);

		values[i] = Int64GetDatum(id);
		nulls[i] = id == NO_ID;
	}
	values[FOUND_PROBLEM] = CStringGetTextDatum(row_text(result, row, FOUND_PROBLEM));
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
		Datum		values[FOUND_PROBLEM + 1] = {0};
		bool		nulls[FOUND_PROBLEM + 1] = {false, true, true, true, false};

		if (row_int(found, i, INSPECTED_SEVERITY) < INSPECT_UNGUARDED)
			continue;
		values[0] = CStringGetTextDatum("guard");
		values[FOUND_PROBLEM] = CStringGetTextDatum(row_text(found, i, INSPECTED_PROBLEM));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	call_end(call);
}

/* Says that there are clients without a ledger, whose balances nobody could guard. */
static void
put_backfill(ReturnSetInfo *rsinfo)
{
	Datum		values[FOUND_PROBLEM + 1] = {0};
	bool		nulls[FOUND_PROBLEM + 1] = {false, true, true, true, false};

	values[0] = CStringGetTextDatum("backfill");
	values[FOUND_PROBLEM] = CStringGetTextDatum("clients may have no ledger yet: CALL swan_backfill()");
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Returns whether what is asked is what stands in the way of the guards. */
static bool
argument_as_refused(FunctionCallInfo fcinfo, int n)
{
	char	   *as_if = argument_text(fcinfo, n);

	if (as_if == NULL)
		return false;
	if (strcmp(as_if, "refuse") != 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("\"%s\" is not a value for as_if", as_if),
				 errhint("Use refuse, or NULL for the settings as they are.")));
	return true;
}

/* swan_verify(): every violation of an invariant, or all that would be one. */
Datum
swan_verify_0_2(PG_FUNCTION_ARGS)
{
	int			topics = ABOUT_ANYTHING;
	ReturnSetInfo *rsinfo;
	Judgement	judgement;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_OFFICE);
	judgement = judge_as_set(call->studio);
	if (argument_as_refused(fcinfo, 1))
	{
		topics = ABOUT_WHAT_IS_GUARDED;
		judgement = judge_as_refused(call->studio, true);
		if (!call->studio->backfilled)
			put_backfill(rsinfo);
	}
	put_guard_problems(rsinfo, call->studio->name);
	verify_studio(call, topics, &judgement, argument_id_or_null(fcinfo, 0), query_read,
				  put_problem, rsinfo);
	call_end(call);
	return (Datum) 0;
}
