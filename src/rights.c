/*-------------------------------------------------------------------------
 *
 * rights.c
 *	  For whom a frame works, and what code of the owner's may do in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "statement.h"

/*
 * Returns whether a frame works for others than the role whose rights it uses.
 * Where the owner calls, but somebody else has logged in, that one may be back
 * before the transaction ends: after a function of the owner's, or RESET ROLE.
 */
bool
call_works_for_others(const Call *call, Oid owner)
{
	if (call->caller != owner)
		return true;
	if (call->below != NULL && call->below->studio != NULL &&
		call->below->studio->owner == owner)
		return false;			/* that frame sees to it */
	return GetAuthenticatedUserId() != owner;
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
	if (call_works_for_others(call, userid))
		SetUserIdAndSecContext(userid, sec_context | SECURITY_RESTRICTED_OPERATION);
}
