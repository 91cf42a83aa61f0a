/*-------------------------------------------------------------------------
 *
 * simple.c
 *	  Plans that are simple enough to be run without the executor.
 *
 * To set up the executor and to take it down again costs a statement about one
 * row several times what the row costs.  So read.c reads the finished plan of a
 * statement, once; if it is simple enough, lookup.c or store.c does what it says.
 * The plan is PostgreSQL's own, and so is the decision when it must be made anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "call/sql.h"
#include "plan/simple.h"

/*
 * How statements are planned that find few rows by an index, be the table ever so
 * small now.  Without one the plan is dear enough to be compiled, but not worth it.
 */
static const char *const planner_settings[] = {
	"enable_seqscan", "enable_bitmapscan", "enable_indexonlyscan",
	"enable_material", "jit"
};

/* counts what may have changed who is allowed what */
static uint64 role_changes = 1;

/* Lets go of the plan that was read. */
static void
release_plan(void *arg)
{
	SimplePlan *plan = arg;
	CachedPlan *cached = plan->cached;

	plan->cached = NULL;
	if (cached)
		ReleaseCachedPlan(cached, NULL);
}

/* Makes what is known of a statement: nothing, as long as it is not planned. */
SimplePlan *
simple_make(CachedPlanSource *source, MemoryContext context)
{
	SimplePlan *plan = MemoryContextAllocZero(context, sizeof(SimplePlan));
	MemoryContext old = MemoryContextSwitchTo(context);
	MemoryContextCallback *callback;

	callback = palloc(sizeof(MemoryContextCallback));
	callback->func = release_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(context, callback);
	plan->context = context;
	plan->source = source;
	plan->params = makeParamList(source->num_params);
	for (int i = 0; i < source->num_params; i++)
	{
		plan->params->params[i].pflags = PARAM_FLAG_CONST;
		plan->params->params[i].ptype = source->param_types[i];
	}
	plan->econtext = CreateStandaloneExprContext();
	plan->econtext->ecxt_param_list_info = plan->params;
	MemoryContextSwitchTo(old);
	return plan;
}

/*
 * Returns whether the plan that was read is still the plan.  For how long a
 * transient one is, plancache.c knows.
 */
static bool
is_current(const SimplePlan *plan)
{
	const CachedPlanSource *source = plan->source;

	return plan->cached != NULL && plan->cached == source->gplan &&
		source->is_valid && source->gplan->is_valid && !plan->transient;
}

/* Locks a table, unless it is locked in such a mode or one that keeps out more. */
static void
lock_table(Oid relid, LOCKMODE lockmode, const HeldTables *held)
{
	for (int i = 0; i < held->n && held->lockmode >= lockmode; i++)
	{
		if (held->tables[i] == relid)
			return;
	}
	LockRelationOid(relid, lockmode);
}

/*
 * Locks the tables of the plan that was read, as the executor would; whatever has
 * changed is known then.
 */
static void
lock_tables(const SimplePlan *plan, const HeldTables *held)
{
	if (plan->command != CMD_SELECT)
	{
		lock_table(plan->target, RowExclusiveLock, held);
		return;
	}
	for (int i = 0; i < plan->nscans; i++)
		lock_table(plan->scans[i].relid,
				   plan->scans[i].locks ? RowShareLock : AccessShareLock, held);
}

/* Makes sure that a statement has a plan, by an index, and that it is read. */
void
simple_prepare(SimplePlan *plan, const HeldTables *held)
{
	CachedPlan *cached;
	int			level;

	if (plan->simple)
		lock_tables(plan, held);
	if (is_current(plan))
		return;
	sql_open();					/* what is analysed may look names up */
	level = NewGUCNestLevel();
	for (int i = 0; i < lengthof(planner_settings); i++)
		(void) set_config_option(planner_settings[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	cached = GetCachedPlan(plan->source, NULL, NULL, NULL);
	AtEOXact_GUC(false, level);
	if (cached == plan->cached)
	{
		ReleaseCachedPlan(cached, NULL);
		return;
	}
	release_plan(plan);
	plan->cached = cached;
	simple_read(plan);
}

/*
 * Returns whether a prepared plan can be run without the executor.  Who checks
 * permissions with a hook, as an audit does, is to see the statement.
 */
bool
simple_is_open(const SimplePlan *plan)
{
	return plan->simple && ExecutorCheckPerms_hook == NULL &&
		!(XactReadOnly && (plan->command != CMD_SELECT || plan->nlocks > 0));
}

/*
 * Checks that the current user may do what a plan does.  What is granted of its tables
 * is a change of theirs, after which it is another plan; so whoever was allowed it
 * once still is, unless something has changed about roles.
 */
void
simple_check_permissions(SimplePlan *plan)
{
	uint64		changes = role_changes;

	if (plan->allowed == GetUserId() && plan->allowed_since == changes)
		return;
	swan_check_permissions(plan->range_table, plan->permissions);
	plan->allowed = GetUserId();
	plan->allowed_since = changes;
}

/* Called when a role, or who is a member of which, has changed. */
static void
role_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	role_changes++;
}

/* Called once when the library is loaded. */
void
simple_init(void)
{
	CacheRegisterSyscacheCallback(AUTHOID, role_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, role_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(DATABASEOID, role_callback, (Datum) 0);	/* pg_database_owner */
}

/* Hands over the values of the parameters. */
void
simple_bind(SimplePlan *plan, const NullableDatum *args)
{
	for (int i = 0; i < plan->params->numParams; i++)
	{
		plan->params->params[i].value = args[i].value;
		plan->params->params[i].isnull = args[i].isnull;
	}
	ResetExprContext(plan->econtext);
}

/* Computes what the plan makes of the rows that it looks at, or of its parameters. */
void
simple_compute(SimplePlan *plan)
{
	(void) ExecProject(plan->projection);
}
