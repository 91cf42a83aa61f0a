/*-------------------------------------------------------------------------
 *
 * attempt.c
 *	  Trying what may fail without taking all else with it.
 *
 * An attempt is a subtransaction, as a block with EXCEPTION is one in PL/pgSQL,
 * and opens a frame of its own in it: so an error leaves nothing behind, neither
 * rows nor anything of ours in memory.  What it was is for the caller to report.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "call/attempt.h"
#include "call/call.h"

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
 * Does something, which opens and closes its own frame; returns NULL, or the error
 * by which it failed, and then nothing of it is left.
 */
ErrorData *
call_attempt(void (*attempt) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		attempt(arg);
		ReleaseCurrentSubTransaction();
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
	if (error != NULL && !is_of_attempt(error->sqlerrcode))
		ReThrowError(error);
	return error;
}
