/*-------------------------------------------------------------------------
 *
 * attempt.c
 *	  Trying what may fail without taking all else with it.
 *
 * An attempt is a subtransaction, as a block with EXCEPTION is one in PL/pgSQL.  What
 * may end in an error opens a frame of its own in it: so that leaves nothing behind,
 * neither rows nor anything of ours in memory.  What it was is for the caller to report.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "call/attempt.h"
#include "call/sql.h"

/*
 * Returns whether an error concerns only what was attempted.  What ends or undoes
 * the transaction, comes from an administrator or a timeout, or says that something
 * is wrong with the server concerns everything.
 */
static bool
is_of_attempt(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return false;
		default:
			return sqlstate != ERRCODE_ASSERT_FAILURE;
	}
}

/*
 * Does something in a subtransaction of its own; returns NULL, or the error by which it
 * failed.  Unless it returned true, nothing of it is left.
 */
static ErrorData *
attempt_or_undo(bool (*attempt) (void *arg), void *arg, bool *succeeded)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	*succeeded = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		*succeeded = attempt(arg);
		if (*succeeded)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * Does something, which opens and closes its own frame; returns NULL, or the error
 * by which it failed, and then nothing of it is left.
 */
ErrorData *
call_attempt(bool (*attempt) (void *arg), void *arg)
{
	bool		succeeded;
	ErrorData  *error = attempt_or_undo(attempt, arg, &succeeded);

	if (error != NULL && !is_of_attempt(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/*
 * Does something in the frame of the call, and returns whether it succeeded.  If not,
 * nothing that it has locked is locked any more.  An error goes on to the caller.
 */
bool
call_try(bool (*attempt) (void *arg), void *arg)
{
	bool		succeeded;
	ErrorData  *error;

	sql_open();					/* the frame's, not the subtransaction's */
	error = attempt_or_undo(attempt, arg, &succeeded);
	if (error != NULL)
		ReThrowError(error);
	return succeeded;
}
