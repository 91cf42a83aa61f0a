/*-------------------------------------------------------------------------
 *
 * rights.c
 *	  For whom a frame works, and what code of the owner's may do in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"

#include "call/rights.h"

static ProcessUtility_hook_type next_utility_hook = NULL;

/*
 * Returns whether a frame works for others than the role whose rights it uses.
 * Where the owner calls, but somebody else has logged in, that one may be back
 * before the transaction ends: after a function of the owner's, or RESET ROLE.
 */
bool
call_works_for_others(const Call *call)
{
	if (call->caller != call->owner)
		return true;
	if (call->below != NULL && call->below->studio != NULL &&
		call->below->owner == call->owner)
		return false;			/* that frame sees to it */
	return GetAuthenticatedUserId() != call->owner;
}

/*
 * Lets what runs in a frame that only reads do nothing that outlasts it in the
 * caller's session, such as a temporary table before one of his.  Code of the
 * owner may be in an index, a type or a policy.  A frame that writes cannot do
 * this: the server would refuse every deferred trigger and foreign key of the
 * application in it.
 */
void
call_restrict(Call *call)
{
	Oid			userid;
	int			sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	if (call_works_for_others(call))
		SetUserIdAndSecContext(userid, sec_context | SECURITY_RESTRICTED_OPERATION);
}

/* Returns whether an open frame works for somebody who may do more than it. */
static bool
works_for_others(void)
{
	for (Call *call = call_innermost(); call != NULL; call = call->below)
	{
		if (call->studio && call_works_for_others(call))
			return true;
	}
	return false;
}

/*
 * Refuses in a frame what the server would run for it later, as whoever commits:
 * the query of a cursor WITH HOLD.  A restricted frame cannot declare one anyway.
 */
static void
refuse_holding(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			   ProcessUtilityContext context, ParamListInfo params,
			   QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	if (IsA(pstmt->utilityStmt, DeclareCursorStmt) &&
		(((DeclareCursorStmt *) pstmt->utilityStmt)->options & CURSOR_OPT_HOLD) != 0 &&
		works_for_others())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a trigger or rule must not declare a cursor WITH HOLD during a swanalloc call"),
				 errdetail("Its query would run with the rights of whoever commits.")));
	if (next_utility_hook)
		next_utility_hook(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
}

/* Called once when the library is loaded. */
void
rights_init(void)
{
	next_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = refuse_holding;
}
