/*-------------------------------------------------------------------------
 *
 * attach.c
 *	  Taking an application's own tables for a studio.
 *
 * First everything is looked at, with no lock that readers or writers would
 * notice, and reported: a row for each column and each thing that stands in the
 * way.  Only then, and only if nothing does, come the strong lock, a second look
 * for what was not committed yet at the first, triggers and check.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "owner/attach.h"
#include "owner/setup.h"

PG_FUNCTION_INFO_V1(swan_attach);

/* Adds a row to the report. */
void
attach_report(Attachment *att, const char *item, const char *column,
			  const char *state, const char *action)
{
	Datum		values[4];
	bool		nulls[4] = {false};

	values[0] = CStringGetTextDatum(item);
	nulls[1] = column == NULL;
	values[1] = column ? CStringGetTextDatum(column) : (Datum) 0;
	values[2] = CStringGetTextDatum(state);
	nulls[3] = action == NULL;
	values[3] = action ? CStringGetTextDatum(action) : (Datum) 0;
	tuplestore_putvalues(att->rsinfo->setResult, att->rsinfo->setDesc, values, nulls);
}

/* Adds something that stands in the way; the first is what an attempt fails with. */
void
attach_refuse(Attachment *att, const char *item, const char *column,
			  const char *problem, const char *action)
{
	attach_report(att, item, column, "refused",
				  action ? psprintf("%s: %s", problem, action) : problem);
	if (att->problem == NULL)
	{
		att->problem = MemoryContextStrdup(att->context, psprintf("%s: %s", item, problem));
		att->hint = action ? MemoryContextStrdup(att->context, action) : NULL;
	}
}

/* Returns whether a unique index makes a column a key. */
static bool
is_unique_key(Oid relid, AttrNumber attnum)
{
	Relation	rel = table_open(relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	bool		found = false;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisunique && index->rd_index->indisvalid &&
			index->rd_index->indnkeyatts == 1 &&
			index->rd_index->indkey.values[0] == attnum &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
			found = true;
		index_close(index, AccessShareLock);
	}
	table_close(rel, AccessShareLock);
	return found;
}

/* Looks at a table as a whole. */
void
attach_check_table(Attachment *att, Oid relid, const char *item, StudioColumnId key)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	char	   *rls = attach_option(att, NULL, "rls", NULL);

	if (rel->rd_rel->relkind != RELKIND_RELATION &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
	{
		attach_refuse(att, item, NULL, "not a table", "pass the table that has the rows");
		relation_close(rel, AccessShareLock);
		return;
	}
	if (rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || rel->rd_rel->relispartition)
		attach_refuse(att, item, NULL, "partitioned tables cannot be attached",
					  "move the rows to a table that is not partitioned");
	else if (find_inheritance_children(relid, NoLock) != NIL || has_superclass(relid))
		attach_refuse(att, item, NULL, "tables that inherit cannot be attached",
					  "ALTER TABLE ... NO INHERIT, so that each row is in one table");
	else if (rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		attach_refuse(att, item, NULL, "the table is temporary or unlogged",
					  "a ledger needs a permanent one");
	if (rel->rd_rel->relrowsecurity && (rls == NULL || strcmp(rls, "bypass") != 0))
		attach_refuse(att, item, NULL, "the table has row security",
					  "pass {\"rls\": \"bypass\"}: policies do not filter swan_* calls");
	if (att->names[key] && get_attnum(relid, att->names[key]) != InvalidAttrNumber &&
		!is_unique_key(relid, get_attnum(relid, att->names[key])))
		attach_refuse(att, studio_column_label(key), att->names[key],
					  "no unique index makes it a key", "add a primary key");
	relation_close(rel, AccessShareLock);
}

/* Looks for a studio that has one of the tables, or their schema, already. */
void
attach_check_other_studios(Attachment *att)
{
	Oid			namespace = get_rel_namespace(att->users);
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);
		bool		same_schema = get_rel_namespace(studio->tables[TABLE_USERS]) == namespace;

		att->known = att->known || same_schema ||
			studio->tables[TABLE_USERS] == att->users ||
			studio->tables[TABLE_SESSIONS] == att->sessions;
		if (strcmp(studio->name, att->studio) == 0)
			attach_refuse(att, "studio", NULL,
						  psprintf("studio \"%s\" exists", studio->name),
						  "choose another name with the argument studio, or detach that one");
		else if (studio->tables[TABLE_USERS] == att->users ||
				 studio->tables[TABLE_SESSIONS] == att->sessions)
			attach_refuse(att, "studio", NULL,
						  psprintf("the tables belong to studio \"%s\"", studio->name),
						  "detach that one first");
		else if (same_schema)
			attach_refuse(att, "studio", NULL,
						  psprintf("studio \"%s\" lies in the same schema", studio->name),
						  "there is one studio for each schema");
	}
}

/* Returns the default of the argument "columns". */
static Jsonb *
no_options(void)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
}

/* Reads the arguments and refuses who may not. */
static void
start_attachment(Attachment *att, FunctionCallInfo fcinfo)
{
	const char *problem;
	const char *hint;
	char	   *zone;

	(void) studio_list();		/* refuses under SQL of another version */
	memset(att, 0, sizeof(Attachment));
	att->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	att->context = CurrentMemoryContext;
	for (int i = 0; i < 2; i++)
	{
		Oid			relid;

		if (PG_ARGISNULL(i))
			swan_missing_argument(i == 0 ? "users" : "sessions", NULL);
		relid = PG_GETARG_OID(i);
		if (get_rel_name(relid) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", relid)));
		if (!swan_owns_relation(relid, GetUserId()))
			ereport(ERROR,
					(swan_error(SWAN_UNAUTHORIZED_ACCESS),
					 errmsg("must be owner of table \"%s\"", get_rel_name(relid)),
					 errhint("The owner of the tables attaches them.")));
	}
	att->users = PG_GETARG_OID(0);
	att->sessions = PG_GETARG_OID(1);
	if (att->users == att->sessions)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("users and sessions are the same table")));
	att->options = PG_ARGISNULL(2) ? no_options() : PG_GETARG_JSONB_P(2);
	if (!JB_ROOT_IS_OBJECT(att->options))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("columns must be a JSON object")));
	att->studio = argument_label(fcinfo, 3, "studio");
	if (att->studio == NULL)
		att->studio = get_namespace_name(get_rel_namespace(att->users));
	truncate_identifier(att->studio, strlen(att->studio), true);
	att->dry_run = argument_bool(fcinfo, 4, false);
	if (!att->dry_run)
		PreventCommandIfReadOnly("swan_attach()");
	att->old_bookings = attach_option(att, NULL, "old_bookings", NULL);
	att->ignores_missing = attach_option(att, NULL, "missing_users", NULL) != NULL;
	zone = attach_option(att, NULL, "time_zone", NULL);
	problem = zone ? zone_problem(zone, &hint) : NULL;
	if (problem)
		attach_refuse(att, "time_zone", NULL, problem, hint);
}

/*
 * Keeps both tables as they are while they are looked at.  One who is not only
 * looking keeps others from attaching the same tables.
 */
void
attach_hold_tables(Attachment *att)
{
	LockRelationOid(att->sessions, AccessShareLock);
	LockRelationOid(att->users, att->dry_run ? AccessShareLock : ShareUpdateExclusiveLock);
}

/* Refuses to go on if something stands in the way. */
void
attach_refuse_problem(Attachment *att)
{
	if (att->problem)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("cannot %s: %s", att->adopts ? "adopt" : "attach", att->problem),
				 att->hint ? errhint("Remedy: %s.", att->hint) : att->adopts ? 0 :
				 errhint("A dry run of swan_attach() lists everything it finds.")));
}

/* swan_attach(): says what it finds, and unless it is a dry run does it. */
Datum
swan_attach(PG_FUNCTION_ARGS)
{
	Attachment	att;

	InitMaterializedSRF(fcinfo, 0);
	start_attachment(&att, fcinfo);
	att.extension_namespace = get_func_namespace(fcinfo->flinfo->fn_oid);
	attach_check_options(&att);
	if (studio_table_owner(att.users) != studio_table_owner(att.sessions))
		attach_refuse(&att, "sessions", NULL, "the tables have different owners",
					  "give both to one role with ALTER TABLE ... OWNER TO");
	attach_hold_tables(&att);
	attach_check_other_studios(&att);
	attach_find_columns(&att);
	attach_check_doubles(&att);
	attach_check_people(&att);
	attach_check_table(&att, att.users, "users", USERS_ID);
	attach_check_table(&att, att.sessions, "sessions", SESSIONS_ID);
	attach_check_generated(&att);
	attach_check_required(&att);
	attach_check_our_tables(&att);
	attach_check_schema(&att);
	attach_check_triggers(&att);
	attach_check_class(&att);
	attach_check_indexes(&att);
	attach_propose_indexes(&att);
	attach_look_at_rows(&att);

	if (att.dry_run)
		return (Datum) 0;
	attach_refuse_problem(&att);
	attach_lock_tables(&att);
	attach_look_again(&att);
	attach_refuse_problem(&att);
	attach_make(&att);
	return (Datum) 0;
}
