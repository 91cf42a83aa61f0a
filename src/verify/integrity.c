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
#include "studio/actor.h"
#include "verify/checks.h"
#include "verify/inspect.h"
#include "verify/integrity.h"

PG_FUNCTION_INFO_V1(swan_verify);

/*
 * Looks for violations in a studio, of what is among "topics" and of one client
 * or (NO_ID) of all, and hands each to "found".
 */
void
verify_studio(Call *call, int topics, int64 user_id, QueryRun run,
			  VerifyCallback found, void *arg)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_bool(call->studio->backfilled),
		arg_time(call->studio->own ? DT_NOBEGIN : call->studio->made_at)
	};

	for (const Check *check = checks; check->name; check++)
	{
		Rows		result;

		if (!(check->topic & topics) ||
			(check->applies && !check->applies(call->studio)))
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

/* swan_verify(): every violation of an invariant. */
Datum
swan_verify(PG_FUNCTION_ARGS)
{
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_OFFICE);
	put_guard_problems((ReturnSetInfo *) fcinfo->resultinfo, call->studio->name);
	verify_studio(call, ABOUT_ANYTHING, argument_id_or_null(fcinfo, 0), query_read,
				  put_problem, fcinfo->resultinfo);
	call_end(call);
	return (Datum) 0;
}
