/*-------------------------------------------------------------------------
 *
 * call.c
 *	  The frame of a call: as whom it runs, for whom, and until when.
 *
 * Statements run as the owner of what they are about, under a search_path of
 * ours, as core's foreign key triggers do; frames are closed by call_end(), or
 * by the transaction when an error jumps over it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "call/call.h"
#include "call/sql.h"
#include "call/token.h"

/* the frames that are open now, innermost first */
static Call *top_call = NULL;

/*
 * Keeps the rows of somebody else's table out of an error's DETAIL, where
 * constraints show them: we run as the owner, the caller may not see them.
 */
static void
hide_details_callback(void *arg)
{
	Call	   *call = (Call *) arg;

	if (call->hide_details &&
		ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		errdetail("The row is not shown to a role without SELECT on the table.");
}

/*
 * Opens a frame in which statements run as the given role.  What is allocated in
 * it lives until it is closed, or dropped with its subtransaction.
 */
Call *
call_begin_as(Oid userid, const char *search_path)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "swanalloc call",
												  ALLOCSET_DEFAULT_SIZES);
	Call	   *call = MemoryContextAllocZero(context, sizeof(Call));

	call->kind = CALL_REGISTRY;
	call->caller = GetUserId();
	call->owner = userid;
	call->context = context;
	call->result_context = MemoryContextSwitchTo(context);
	call->search_path = search_path;
	call->subid = GetCurrentSubTransactionId();
	call->below = top_call;

	GetUserIdAndSecContext(&call->saved_userid, &call->saved_sec_context);
	SetUserIdAndSecContext(userid,
						   call->saved_sec_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);

	call->error_callback.callback = hide_details_callback;
	call->error_callback.arg = call;
	call->error_callback.previous = error_context_stack;
	error_context_stack = &call->error_callback;

	top_call = call;
	return call;
}

/* Sees to it that parameters that are set from here on are undone with the frame. */
void
call_guard_parameters(Call *call)
{
	Assert(call == top_call);
	if (call->guc_level == 0)
		call->guc_level = NewGUCNestLevel();
}

/* Sets a parameter until the frame is closed. */
void
call_set_parameter(Call *call, const char *name, const char *value)
{
	call_guard_parameters(call);
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Closes the innermost frame; user and settings are again as they were. */
void
call_end(Call *call)
{
	Assert(call == top_call);

	if (call->before_end)
		call->before_end(call);
	sql_close(call);
	error_context_stack = call->error_callback.previous;
	if (call->guc_level > 0)
		AtEOXact_GUC(false, call->guc_level);	/* also what a trigger SET */
	SetUserIdAndSecContext(call->saved_userid, call->saved_sec_context);
	top_call = call->below;
	MemoryContextSwitchTo(call->result_context);
	MemoryContextDelete(call->context);
}

/* Returns the innermost frame, or NULL. */
Call *
call_innermost(void)
{
	return top_call;
}

/* Returns whether a frame is open: somebody up the stack is at work. */
bool
call_under_way(void)
{
	return top_call != NULL;
}

/* Notes what "now" is for the call; a writer does that after its last lock. */
void
call_set_now(Call *call)
{
	call->now = GetCurrentTimestamp();
}

/* Drops the frames that an aborted subtransaction left open. */
static void
abort_calls(SubTransactionId subid)
{
	while (top_call != NULL && top_call->subid >= subid)
		top_call = top_call->below;
	token_abort(subid);
}

/* At the end of a transaction no frame and no token is left. */
static void
transaction_callback(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		abort_calls(InvalidSubTransactionId);
}

/* Nor is one of a subtransaction that was rolled back. */
static void
subtransaction_callback(SubXactEvent event, SubTransactionId subid,
						SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		abort_calls(subid);
}

/* Called once when the library is loaded. */
void
call_init(void)
{
	RegisterXactCallback(transaction_callback, NULL);
	RegisterSubXactCallback(subtransaction_callback, NULL);
}
