/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the supported versions of PostgreSQL; the only
 *	  file that looks at PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_COMPAT_H
#define SWAN_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "access/tupdesc.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/plannodes.h"
#include "utils/acl.h"
#include "utils/rangetypes.h"

#if PG_VERSION_NUM < 150000
#error "swanalloc needs PostgreSQL 15 or later"
#endif

/* from 18 the marker stands before the declaration */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/* may "member" become "role" by SET ROLE?  From 16 a grant can withhold that. */
static inline bool
swan_can_set_role(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(member, role);
#else
	return is_member_of_role(member, role);
#endif
}

/* does "role" have the power of an owner over the relation's schema? */
static inline bool
swan_owns_relation(Oid relid, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, role);
#else
	return pg_class_ownercheck(relid, role);
#endif
}

/* may "role" call a function? */
static inline bool
swan_may_execute(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

/* may "role" create tables in a schema? */
static inline bool
swan_may_create_in(Oid namespace, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, namespace, role, ACL_CREATE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(namespace, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

/* makes a range of two bounds, the lower one first */
static inline RangeType *
swan_make_range(TypeCacheEntry *type, RangeBound *lower, RangeBound *upper)
{
#if PG_VERSION_NUM >= 160000
	return make_range(type, lower, upper, false, NULL);
#else
	return make_range(type, lower, upper, false);
#endif
}

/*
 * Does a deferred trigger run as the role that queued it?  Up to 17 it runs as
 * whoever commits.
 */
static inline bool
swan_deferred_keep_role(void)
{
#if PG_VERSION_NUM >= 180000
	return true;
#else
	return false;
#endif
}

/* begins a scan of an index, without counting what it does for EXPLAIN */
static inline IndexScanDesc
swan_index_beginscan(Relation table, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(table, index, snapshot, NULL, nkeys, 0, 0);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(table, index, snapshot, nkeys, 0);
#endif
}

/* returns what a plan asks for beside its range table; from 16 they are apart */
static inline List *
swan_plan_permissions(PlannedStmt *stmt)
{
#if PG_VERSION_NUM >= 160000
	return stmt->permInfos;
#else
	return NIL;
#endif
}

/* refuses a statement that the current user has not the permissions for */
static inline void
swan_check_permissions(List *range_table, List *permissions)
{
#if PG_VERSION_NUM >= 160000
	(void) ExecCheckPermissions(range_table, permissions, true);
#else
	(void) ExecCheckRTPerms(range_table, true);
#endif
}

/* tells an EState which tables a plan is about */
static inline void
swan_init_range_table(EState *estate, List *range_table, List *permissions)
{
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(estate, range_table, permissions,
					   bms_add_range(NULL, 1, list_length(range_table)));
#elif PG_VERSION_NUM >= 160000
	ExecInitRangeTable(estate, range_table, permissions);
#else
	ExecInitRangeTable(estate, range_table);
#endif
}

/* returns whether a CHECK is enforced; from 18 it may be a mere remark */
static inline bool
swan_check_is_enforced(const ConstrCheck *check)
{
#if PG_VERSION_NUM >= 180000
	return check->ccenforced;
#else
	return true;
#endif
}

/* gives a table that is written to its CHECKs, which it would else prepare itself */
static inline void
swan_set_checks(ResultRelInfo *target, ExprState **checks)
{
#if PG_VERSION_NUM >= 180000
	target->ri_CheckConstraintExprs = checks;
#else
	target->ri_ConstraintExprs = checks;
#endif
}

/*
 * Fires the triggers before a row is replaced, which is locked: so there is no
 * other version to be judged.  Returns false if one suppresses it.
 */
static inline bool
swan_before_update(EState *estate, ResultRelInfo *target, ItemPointer tid,
				   TupleTableSlot *row)
{
	EPQState	epqstate;
	bool		result;

#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(&epqstate, estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(&epqstate, estate, NULL, NIL, -1);
#endif
#if PG_VERSION_NUM >= 180000
	result = ExecBRUpdateTriggers(estate, &epqstate, target, tid, NULL, row, NULL, NULL, false);
#elif PG_VERSION_NUM >= 160000
	result = ExecBRUpdateTriggers(estate, &epqstate, target, tid, NULL, row, NULL, NULL);
#else
	result = ExecBRUpdateTriggers(estate, &epqstate, target, tid, NULL, row, NULL);
#endif
	EvalPlanQualEnd(&epqstate);
	return result;
}

/* puts a row in the place of another, and says which indexes need an entry */
static inline TM_Result
swan_update_row(Relation table, ItemPointer tid, TupleTableSlot *row, CommandId cid,
				Snapshot snapshot, bool *update_indexes, bool *only_summarizing)
{
	TM_FailureData failure;
	LockTupleMode lockmode;
	TM_Result	result;
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes update;
#else
	bool		update;
#endif

#if PG_VERSION_NUM >= 190000
	result = table_tuple_update(table, tid, row, cid, 0, snapshot, InvalidSnapshot, true,
								&failure, &lockmode, &update);
#else
	result = table_tuple_update(table, tid, row, cid, snapshot, InvalidSnapshot, true,
								&failure, &lockmode, &update);
#endif
#if PG_VERSION_NUM >= 160000
	*update_indexes = result == TM_Ok && update != TU_None;
	*only_summarizing = update == TU_Summarizing;
#else
	*update_indexes = result == TM_Ok && update;
	*only_summarizing = false;
#endif
	return result;
}

/* adds a row to the indexes of its table; returns those to be looked at again */
static inline List *
swan_insert_index_entries(ResultRelInfo *target, TupleTableSlot *row, EState *estate,
						  bool is_update, bool only_summarizing)
{
#if PG_VERSION_NUM >= 190000
	return ExecInsertIndexTuples(target, estate,
								 (is_update ? EIIT_IS_UPDATE : 0) |
								 (only_summarizing ? EIIT_ONLY_SUMMARIZING : 0),
								 row, NIL, NULL);
#elif PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(target, row, estate, is_update, false, NULL, NIL,
								 only_summarizing);
#else
	return ExecInsertIndexTuples(target, row, estate, is_update, false, NULL, NIL);
#endif
}

#endif							/* SWAN_COMPAT_H */
