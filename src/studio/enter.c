/*-------------------------------------------------------------------------
 *
 * enter.c
 *	  Opening the frame of a call on a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/acl.h"

#include "call/rights.h"
#include "studio/deferred.h"
#include "studio/enter.h"

/* Opens the frame of a call on a studio. */
Call *
call_begin(Studio *studio, CallKind kind)
{
	Call	   *call;

	if (kind == CALL_WRITER)
	{
		for (call = call_innermost(); call != NULL; call = call->below)
		{
			if (call->kind == CALL_WRITER || call->kind == CALL_GUARD)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("a trigger or rule must not change credits or bookings during a swanalloc call"),
						 errhint("Do it after the call, in the same transaction.")));
		}
		studio_check_open(studio);
	}

	call = call_begin_as(studio->owner, studio->search_path);
	call->kind = kind;
	call->studio = studio;
	if (kind == CALL_READER)
		call_restrict(call);
	else
		deferred_begin(call);
	call->hide_details =
		pg_class_aclcheck(studio->tables[TABLE_USERS], call->caller, ACL_SELECT) != ACLCHECK_OK ||
		pg_class_aclcheck(studio->tables[TABLE_SESSIONS], call->caller, ACL_SELECT) != ACLCHECK_OK;
	call_set_now(call);
	return call;
}
