/*-------------------------------------------------------------------------
 *
 * guard_closed.c
 *	  The triggers that close tables: ours to all writes but the engine's, users
 *	  and sessions to TRUNCATE.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/error.h"
#include "guard/guard.h"

PG_FUNCTION_INFO_V1(swan_guard_closed);
PG_FUNCTION_INFO_V1(swan_guard_truncate);

/* Returns whether a table is a ledger, or a partition of one. */
static bool
is_ledger(Relation rel)
{
	List	   *tables = list_make1_oid(RelationGetRelid(rel));
	ListCell   *cell;

	if (rel->rd_rel->relispartition)
		tables = list_concat(tables, get_partition_ancestors(RelationGetRelid(rel)));
	foreach(cell, tables)
	{
		char	   *name = get_rel_name(lfirst_oid(cell));

		if (name && strcmp(name, studio_own_table_names[TABLE_LEDGER]) == 0)
			return true;
	}
	return false;
}

/*
 * swan_guard_closed(): on the ledger with its partitions, lots, holds and
 * waits,
 * BEFORE STATEMENT for all; nobody but the engine writes there, and it writes
 * to no partition by its name.
 */
Datum
swan_guard_closed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = guard_trigger_data(fcinfo, "swan_guard_closed", false);
	CmdType		command = guard_command(trigdata);

	if (token_covers_statement(RelationGetRelid(trigdata->tg_relation), command))
		return PointerGetDatum(NULL);
	if (command != CMD_INSERT && is_ledger(trigdata->tg_relation))
		ereport(ERROR,
				(swan_error(SWAN_LEDGER_IMMUTABLE),
				 errmsg("table \"%s\" is append-only",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Correct a mistake with another grant or revocation.")));
	guard_refuse(trigdata, "write",
				 "Only the swan_* functions write to this table.");
	return PointerGetDatum(NULL);	/* keep compiler quiet */
}

/* swan_guard_truncate(): on users and sessions, whose rows the ledger is of. */
Datum
swan_guard_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = guard_trigger_data(fcinfo, "swan_guard_truncate", false);
	Oid			relid = RelationGetRelid(trigdata->tg_relation);
	bool		known = false;
	ListCell   *cell;

	foreach(cell, studio_list_for_guards())
	{
		Studio	   *studio = lfirst(cell);

		known = known || studio->tables[TABLE_USERS] == relid ||
			studio->tables[TABLE_SESSIONS] == relid;
	}
	if (!known)
		guard_no_studio(trigdata, "users or sessions");
	ereport(ERROR,
			(swan_error(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("table \"%s\" of a studio must not be truncated",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Detach the studio with swan_detach() first.")));
	return PointerGetDatum(NULL);	/* keep compiler quiet */
}
