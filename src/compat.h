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
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "executor/executor.h"
#include "nodes/plannodes.h"
#include "utils/acl.h"

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

#endif							/* SWAN_COMPAT_H */
