/*-------------------------------------------------------------------------
 *
 * actor.c
 *	  Who is asking, and may they.
 *
 * Authority is the current database role's, as for every privilege.  The
 * registry says what the role is to the studio; a backend or the system may
 * name the person on whose authority a call runs, with the argument "actor" or,
 * until the end of the transaction, with swan_act_as().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "studio/enter.h"
#include "studio/hook.h"
#include "studio/listing.h"

PG_FUNCTION_INFO_V1(swan_act_as_0_2);
PG_FUNCTION_INFO_V1(swan_actor);

static const StudioQuery person_role = {
	"SELECT {a.role} FROM {users} a WHERE {live a} AND {a.id} OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery trains_client = {
	"SELECT 1 FROM {assignments} c"
	" WHERE c.user_id OPERATOR(pg_catalog.=) $1"
	" AND c.trainer_id OPERATOR(pg_catalog.=) $2 LIMIT 1",
	2, {INT8OID, INT8OID}, PLAN_SIMPLE
};

static const char *const role_names[] = {
	[ROLE_NOBODY] = "nobody",
	[ROLE_READER] = "reader",
	[ROLE_CLIENT] = "client",
	[ROLE_TRAINER] = "trainer",
	[ROLE_STAFF] = "staff",
	[ROLE_ADMIN] = "admin",
	[ROLE_SYSTEM] = "system",
};

/* Returns the role of a person; one that is unknown or absent is a client. */
static ActorRole
parse_role(const char *name)
{
	for (int i = ROLE_CLIENT; name && i < ROLE_SYSTEM; i++)
	{
		if (strcmp(name, role_names[i]) == 0)
			return i;
	}
	return ROLE_CLIENT;
}

/* Refuses the call. */
void
actor_refuse(Call *call, const char *sentence)
{
	const Actor *actor = call->actor;

	if (actor->user_id != NO_ID)
		ereport(ERROR,
				(swan_error_saying(SWAN_UNAUTHORIZED_ACCESS, sentence),
				 errmsg("user %lld may not do this as %s",
						(long long) actor->user_id, role_names[actor->role]),
				 errhint("The reference says who may call each function.")));
	ereport(ERROR,
			(swan_error_saying(SWAN_UNAUTHORIZED_ACCESS, sentence),
			 errmsg("role \"%s\" may not do this as %s",
					actor->db_role, role_names[actor->role]),
			 errhint("The reference says who may call each function.")));
}

/*
 * Returns the person that swan_act_as() named in this studio, or NO_ID, and whether
 * the transaction acts for that one only, here or in another studio.  The setting's
 * value is "id studio" or "id! studio"; only our C code and superusers can set it.
 */
static int64
acting_person(Studio *studio, bool *only)
{
	const char *value = swan_actor_setting;
	char	   *end;
	int64		id;

	*only = false;
	if (value == NULL || value[0] == '\0')
		return NO_ID;
	errno = 0;
	id = strtoll(value, &end, 10);
	if (*end == '!')
	{
		*only = true;
		end++;
	}
	if (errno != 0 || *end != ' ' || strcmp(end + 1, studio->name) != 0)
		return NO_ID;
	return id;
}

/* Decides what the calling database role is, before any row is read. */
static void
resolve_listing(Call *call, Actor *actor, int64 named, int may)
{
	Listing    *listing = listing_find(call->studio->name, call->caller);
	bool		only;
	int64		acting = acting_person(call->studio, &only);

	actor->user_id = NO_ID;
	actor->role = ROLE_NOBODY;
	if (listing == NULL)
	{
		if (!studio_is_owner(call->studio, call->caller))	/* any more */
			actor_refuse(call, NULL);
		actor->role = ROLE_SYSTEM;
		actor->source = "owner";
	}
	else if (listing->kind == LISTED_PERSON)
	{
		actor->role = ROLE_CLIENT;
		actor->user_id = listing->user_id;
		actor->source = "person";
		if (named != NO_ID && named != listing->user_id)
			actor_refuse(call, NULL);
		return;
	}
	else if (listing->kind == LISTED_READER)
	{
		actor->role = ROLE_READER;
		actor->source = "reader";
		if (named != NO_ID)
			actor_refuse(call, NULL);
		return;
	}
	else if (listing->kind == LISTED_SYSTEM)
	{
		actor->role = ROLE_SYSTEM;
		actor->source = "system";
	}
	else
		actor->source = "backend";

	/*
	 * who acts for one person only is neither another nor, in another studio,
	 * the system
	 */
	if (only && (named != NO_ID ? named != acting :
				 acting == NO_ID && actor->role == ROLE_SYSTEM))
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("this transaction acts for one person only"),
				 errhint("swan_act_as() said for whom; another transaction may act for others.")));

	/* an owner, the system and a backend may name a person */
	if (named != NO_ID)
	{
		actor->user_id = named;
		actor->source = "actor";
	}
	else if (acting != NO_ID)
	{
		actor->user_id = acting;
		actor->source = "act_as";
	}
	else if (actor->role == ROLE_NOBODY && !(may & MAY_NOBODY))
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("role \"%s\" must say for whom it acts", actor->db_role),
				 errhint("Pass actor => id of the person, or call swan_act_as(id) in the transaction.")));
}

/* Refuses to act for a person that the studio does not know. */
static void
unknown_actor(int64 user_id)
{
	ereport(ERROR,
			(swan_error(SWAN_UNAUTHORIZED_ACCESS),
			 errmsg("the acting user %lld does not exist", (long long) user_id)));
}

/* Reads what the acting person is. */
static void
resolve_person(Call *call, Actor *actor, QueryRun run)
{
	NullableDatum args[] = {arg_id(actor->user_id)};
	Rows		result = run(call, &person_role, args);

	if (result.nrows != 1)
	{
		query_confirm_none(call, &person_role, args, run);
		unknown_actor(actor->user_id);
	}
	actor->role = parse_role(row_text(result, 0, 1));
}

/* Finds out on whose authority a call runs. */
static void
resolve_actor(Call *call, int64 named, int may, QueryRun run)
{
	Actor	   *actor = palloc0(sizeof(Actor));

	actor->db_role = GetUserNameFromId(call->caller, false);
	call->actor = actor;
	resolve_listing(call, actor, named, may);
	if (actor->user_id != NO_ID)
		resolve_person(call, actor, run);
}

/*
 * Opens the call of a swan_* function: which studio, who asks, and whether a
 * person of that kind may call it at all.
 */
Call *
actor_enter(FunctionCallInfo fcinfo, CallKind kind, int actor_argument, int may)
{
	LOCKMODE	lockmode = kind == CALL_WRITER ? RowExclusiveLock : AccessShareLock;
	Studio	   *studio;
	Call	   *call;
	int64		named = NO_ID;

	if (actor_argument >= 0 && !PG_ARGISNULL(actor_argument))
	{
		named = PG_GETARG_INT64(actor_argument);
		if (named == NO_ID)		/* would count as none at all */
			unknown_actor(named);
	}

	studio = studio_of_caller(NULL, lockmode);
	call = call_begin(studio, kind);
	call->held = lockmode;
	resolve_actor(call, named, may,
				  kind == CALL_READER ? query_read : query_look);
	if (!actor_is(call, may))
		actor_refuse(call, NULL);
	if (kind == CALL_WRITER && XactReadOnly)
		PreventCommandIfReadOnly(psprintf("%s()", get_func_name(fcinfo->flinfo->fn_oid)));
	return call;
}

/* Returns whether the actor is one of these. */
bool
actor_is(Call *call, int may)
{
	return (may & (1 << call->actor->role)) != 0;
}

/* Returns the argument "force": whether the office passes over rules this once. */
bool
actor_force(Call *call, FunctionCallInfo fcinfo, int n)
{
	if (!argument_bool(fcinfo, n, false))
		return false;
	if (!actor_is(call, MAY_OFFICE))
		actor_refuse(call, NULL);
	return true;
}

/* Refuses a trainer or staff what the studio does not let such people do on their own. */
void
actor_require_task(Call *call, Task task)
{
	const StudioSettings *set = &call->studio->settings;
	bool		of_staff = (STAFF_TASKS & (1 << task)) != 0;

	if (!actor_is(call, of_staff ? MAY_STAFF : MAY_TRAINER) ||
		((of_staff ? set->staff_may : set->trainer_may) & (1 << task)))
		return;
	ereport(ERROR,
			(swan_error(SWAN_UNAUTHORIZED_ACCESS),
			 errmsg("user %lld may not do this as %s",
					(long long) call->actor->user_id, role_names[call->actor->role]),
			 errhint("The setting %s says what %s may do, and \"%s\" is not in it.",
					 of_staff ? "staff_may" : "trainer_may",
					 of_staff ? "staff" : "trainers", task_name(task))));
}

/* Refuses a client or trainer what is not his own. */
void
actor_require_own(Call *call, int64 user_id, const char *sentence)
{
	if (!actor_is(call, MAY_OFFICE) && call->actor->user_id != user_id)
		actor_refuse(call, sentence);
}

/* Refuses what is somebody else's, but to the trainer of that client. */
void
actor_require_client(Call *call, int64 user_id)
{
	if (actor_is(call, MAY_OFFICE) || call->actor->user_id == user_id)
		return;
	if (actor_is(call, MAY_TRAINER))
	{
		NullableDatum args[] = {arg_id(user_id), arg_id(call->actor->user_id)};
		QueryRun	run = call->kind == CALL_READER ? query_read : query_look;

		if (hook_run(call, HOOK_ASSIGNMENTS, &trains_client, args, run).nrows > 0)
			return;
	}
	actor_refuse(call, NULL);
}

/*
 * Refuses a person who cannot have sessions to give: a client.  Where users have
 * no roles anybody may be a trainer.
 */
void
actor_require_trainer(Call *call, int64 user_id)
{
	NullableDatum args[] = {arg_id(user_id)};
	Rows		result;

	if (call->studio->columns[USERS_ROLE].name == NULL)
		return;
	result = query_recheck(call, &person_role, args);
	if (result.nrows == 1 && parse_role(row_text(result, 0, 1)) >= ROLE_TRAINER)
		return;
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("user %lld is no trainer", (long long) user_id),
			 errhint("Sessions are given by people whose role is trainer, staff or admin.")));
}

/* swan_act_as(): names the person for the rest of the transaction. */
Datum
swan_act_as_0_2(PG_FUNCTION_ARGS)
{
	int64		user_id = PG_ARGISNULL(0) ? NO_ID : PG_GETARG_INT64(0);
	Listing    *listing;
	Studio	   *studio;
	Call	   *call;
	bool		only;
	char	   *value;

	/* the call is opened by hand: a backend has no actor yet */
	studio = studio_of_caller(NULL, AccessShareLock);
	listing = listing_find(studio->name, GetUserId());
	if (listing && listing->kind != LISTED_BACKEND && listing->kind != LISTED_SYSTEM)
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("role \"%s\" may not act for others",
						GetUserNameFromId(GetUserId(), false)),
				 errhint("Only a backend or system role may.")));
	if (user_id == NO_ID)
		swan_missing_argument("user_id", NULL);

	call = call_begin(studio, CALL_READER);
	resolve_actor(call, user_id, MAY_PERSONS, query_read);
	call_end(call);

	WarnNoTransactionBlock(true, "swan_act_as()");
	(void) acting_person(studio, &only);	/* what was said stays so */
	value = psprintf(INT64_FORMAT "%s %s", user_id,
					 only || argument_bool(fcinfo, 1, false) ? "!" : "", studio->name);
	(void) set_config_option("swanalloc.actor", value,
							 PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	PG_RETURN_INT64(user_id);
}

/* swan_actor(): who a call would run as. */
Datum
swan_actor(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_ALL);
	Datum		values[3];
	bool		nulls[3] = {false};

	nulls[0] = call->actor->user_id == NO_ID;
	values[0] = Int64GetDatum(call->actor->user_id);
	nulls[1] = call->actor->role == ROLE_NOBODY;
	values[1] = CStringGetTextDatum(role_names[call->actor->role]);
	values[2] = CStringGetTextDatum(call->actor->source);
	return call_return_row(call, fcinfo, values, nulls);
}
