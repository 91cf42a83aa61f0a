/*-------------------------------------------------------------------------
 *
 * hook.c
 *	  Functions and tables of the application that a setting names.
 *
 * The registry keeps a qualified name, which a dump restores.  So what has that
 * name may have been dropped, renamed or replaced since: it is looked up and
 * judged whenever it is used, and whatever is wrong with it is an error then.
 *
 * It runs as the studio's owner, as the application's triggers do.  Hence it must
 * belong to the owner, or to somebody who has his rights anyway: who may replace
 * it could do with them what he likes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "compat.h"
#include "studio/hook.h"

/* What a setting names: a function of some arguments, or a table with two ids. */
typedef struct HookDef
{
	const char *setting;
	Oid			returns;		/* InvalidOid: it is a table */
	int			nargs;
	Oid			argtypes[3];
	bool		reads;			/* it cannot write */
} HookDef;

static const HookDef hooks[STUDIO_NHOOKS] = {
	[HOOK_BOOKING_RULE] = {"booking_rule", TEXTOID, 3, {INT8OID, INT8OID, INT8OID}},
	[HOOK_ASSIGNMENTS] = {"assignments", InvalidOid},
	[HOOK_COST_RULE] = {"cost_rule", INT4OID, 2, {INT8OID, INT8OID},.reads = true},
};

/* the columns of such a table */
static const char *const id_columns[] = {"trainer_id", "user_id"};

/* who is whose client where the application does not say it */
const char	hook_no_assignments[] =
"(SELECT {s.trainer_id} AS trainer_id, {s.user_id} AS user_id FROM {sessions} s"
" WHERE {live s} AND {s.status:requested,scheduled,confirmed,completed,cancelled})";

/* Returns the setting that names a hook. */
const char *
hook_setting(StudioHook hook)
{
	return hooks[hook].setting;
}

/* Returns the hook that a setting names. */
StudioHook
hook_of_setting(const char *name)
{
	for (int i = 0; i < STUDIO_NHOOKS; i++)
	{
		if (strcmp(hooks[i].setting, name) == 0)
			return i;
	}
	elog(ERROR, "setting \"%s\" names nothing of the application", name);
}

/* Returns the arguments of a function, for a message. */
static char *
argument_list(const HookDef *def)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < def->nargs; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", format_type_be(def->argtypes[i]));
	return list.data;
}

/* Returns a name in its parts, or NIL if it is none. */
static List *
split_name(const char *value)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *cell;

	if (!SplitIdentifierString(pstrdup(value), '.', &parts) || list_length(parts) > 2)
		return NIL;
	foreach(cell, parts)
		names = lappend(names, makeString(lfirst(cell)));
	return names;
}

/* Returns whether a role has the rights of the studio's owner. */
static bool
is_trusted(Call *call, Oid role)
{
	return has_privs_of_role(role, call->owner);
}

/* Returns what somebody must do about whom an object belongs to. */
static const char *
to_belong(Call *call, const char *name, const char *otherwise)
{
	return psprintf("%s does not belong to role \"%s\"%s", name,
					GetUserNameFromId(call->owner, false), otherwise);
}

/* Returns what is wrong with a function, or NULL. */
static const char *
function_problem(Call *call, const HookDef *def, Oid function, const char *name)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	const char *problem = NULL;
	Form_pg_proc form;

	if (!HeapTupleIsValid(tuple))
		return psprintf("there is no function %s", name);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (isAnyTempNamespace(form->pronamespace))
		problem = psprintf("%s is temporary", name);
	else if (form->prokind != PROKIND_FUNCTION || form->proretset ||
			 form->prorettype != def->returns)
		problem = psprintf("%s does not return one %s", name, format_type_be(def->returns));
	else if (!form->prosecdef && !is_trusted(call, form->proowner))
		problem = to_belong(call, name, ", nor is it SECURITY DEFINER");
	else if (!swan_may_execute(function, call->owner))
		problem = psprintf("role \"%s\" may not execute %s",
						   GetUserNameFromId(call->owner, false), name);
	ReleaseSysCache(tuple);
	return problem;
}

/* Finds a function by the name that a setting has; returns its qualified name. */
static char *
function_name(Call *call, const HookDef *def, List *names, const char *value,
			  const char **problem)
{
	Oid			function = LookupFuncName(names, def->nargs, def->argtypes, true);
	char	   *name;

	*problem = psprintf("there is no function %s(%s)", value, argument_list(def));
	if (!OidIsValid(function))
		return NULL;
	name = quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
									  get_func_name(function));
	*problem = function_problem(call, def, function, psprintf("function %s", name));
	return name;
}

/* Returns what is wrong with a table, or NULL. */
static const char *
table_problem(Call *call, Oid relid, const char *name)
{
	char		kind = get_rel_relkind(relid);

	if (isAnyTempNamespace(get_rel_namespace(relid)))
		return psprintf("%s is temporary", name);
	if (kind != RELKIND_RELATION && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
		kind != RELKIND_FOREIGN_TABLE && kind != RELKIND_PARTITIONED_TABLE)
		return psprintf("%s is no table or view", name);
	for (int i = 0; i < lengthof(id_columns); i++)
	{
		AttrNumber	attnum = get_attnum(relid, id_columns[i]);
		Oid			type = attnum > 0 ? get_atttype(relid, attnum) : InvalidOid;

		if (type != INT8OID && type != INT4OID)
			return psprintf("%s has no column %s of type bigint or integer", name,
							id_columns[i]);
	}
	if (!is_trusted(call, studio_table_owner(relid)))
		return to_belong(call, name, "");
	if (pg_class_aclcheck(relid, call->owner, ACL_SELECT) != ACLCHECK_OK)
		return psprintf("role \"%s\" may not read %s",
						GetUserNameFromId(call->owner, false), name);
	return NULL;
}

/* Finds a table by the name that a setting has; returns its qualified name. */
static char *
table_name(Call *call, List *names, const char *value, const char **problem)
{
	Oid			relid = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	char	   *name;

	*problem = psprintf("there is no table or view %s", value);
	if (!OidIsValid(relid))
		return NULL;
	name = studio_table_name(relid);
	*problem = table_problem(call, relid, psprintf("relation %s", name));
	return name;
}

/*
 * Returns the qualified and quoted name of what a value names, in the frame of a
 * call of the studio's; or says what is wrong with it.
 */
char *
hook_name(Call *call, StudioHook hook, const char *value, const char **problem)
{
	List	   *names = split_name(value);

	*problem = psprintf("\"%s\" is no name", value);
	if (names == NIL)
		return NULL;
	sql_open();					/* by whose search_path names are looked up */
	if (OidIsValid(hooks[hook].returns))
		return function_name(call, &hooks[hook], names, value, problem);
	return table_name(call, names, value, problem);
}

/* Returns whether the studio has one. */
bool
hook_is_set(Call *call, StudioHook hook)
{
	return call->studio->settings.hooks[hook] != NULL;
}

/* Refuses to go on without what the studio wants to be asked. */
static void
require_hook(Call *call, StudioHook hook)
{
	const char *setting = hook_setting(hook);
	const char *problem;

	(void) hook_name(call, hook, call->studio->settings.hooks[hook], &problem);
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s of studio \"%s\" cannot be used: %s", setting,
						call->studio->name, problem),
				 errhint("Put it right, or change it with swan_configure('%s', ...): NULL is none.",
						 setting)));
}

/* Refuses to ask what is being asked, further up the stack, and has called us. */
static void
refuse_to_ask_again(Call *call, StudioHook hook)
{
	const char *setting = hook_setting(hook);

	for (Call *above = call->below; above != NULL; above = above->below)
	{
		if (above->asking == setting && strcmp(above->studio->name, call->studio->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the %s of studio \"%s\" asks itself", setting, call->studio->name),
					 errhint("It must not call a function that asks it.")));
	}
}

/*
 * Runs a query that uses a hook.  For a reader, and by what only says something, nothing can be written meanwhile,
 * not even by what it calls; what it makes of the settings does not outlast it,
 * and an error puts both back.
 */
Rows
hook_run(Call *call, StudioHook hook, const StudioQuery *query,
		 const NullableDatum *args, QueryRun run)
{
	bool		read_only = XactReadOnly;
	int			guc_level;
	Rows		result;

	if (!hook_is_set(call, hook))
		return run(call, query, args);
	refuse_to_ask_again(call, hook);
	require_hook(call, hook);
	sql_open();					/* what that sets is the frame's */
	guc_level = NewGUCNestLevel();
	XactReadOnly = read_only || call->kind == CALL_READER || hooks[hook].reads;
	call->asking = hook_setting(hook);
	result = run(call, query, args);
	call->asking = NULL;
	AtEOXact_GUC(false, guc_level);
	XactReadOnly = read_only;
	return result;
}
