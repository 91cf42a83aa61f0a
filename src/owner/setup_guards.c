/*-------------------------------------------------------------------------
 *
 * setup_guards.c
 *	  Putting guards on the tables of a studio, and taking them off.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "utils/lsyscache.h"

#include "studio/template.h"
#include "studio/triggers.h"
#include "owner/setup.h"

/* Makes the triggers of a studio's table on it, or on a partition of it. */
static void
make_triggers(Call *call, Studio *studio, StudioTable table, const char *relation)
{
	for (const StudioTrigger *trigger = studio_triggers; trigger->name; trigger++)
	{
		if (studio_trigger_is_on(trigger, table))
			sql_utility(call, studio_trigger_command(trigger, relation, studio->extschema));
	}
}

/*
 * Puts the guards on all tables, and on the partitions of a ledger that
 * was there already: a statement aimed at one of them fires its triggers only.
 * What needs the strongest lock comes first.
 */
void
setup_guards(Call *call, Studio *studio)
{
	Oid			ledger = get_relname_relid(studio_own_table_names[TABLE_LEDGER],
										   get_namespace_oid(studio->schema, false));
	ListCell   *cell;

	sql_utility(call, expand_template(studio, "ALTER TABLE {users} ADD CONSTRAINT swan_balance_check"
									  " CHECK ({users.available_sessions} OPERATOR(pg_catalog.>=) 0) NOT VALID"));
	for (int table = 0; table < STUDIO_NTABLES; table++)
		make_triggers(call, studio, table, studio->table_names[table]);
	foreach(cell, find_all_inheritors(ledger, AccessShareLock, NULL))
	{
		/* the ledger itself has it by now, and maybe a new partition */
		if (!OidIsValid(get_trigger_oid(lfirst_oid(cell), "swan_guard_closed", true)))
			make_triggers(call, studio, TABLE_LEDGER, studio_table_name(lfirst_oid(cell)));
	}
}

/* Puts them on the table of those who wait, where the others have them. */
void
setup_guard_waits(Call *call, Studio *studio)
{
	make_triggers(call, studio, TABLE_WAITS, studio->table_names[TABLE_WAITS]);
}

/* Takes our triggers and check off one table, as far as it has them. */
void
setup_unguard(Call *call, Oid relid)
{
	char	   *table;

	if (get_rel_name(relid) == NULL)
		return;
	table = studio_table_name(relid);
	for (const StudioTrigger *trigger = studio_triggers; trigger->name; trigger++)
	{
		if (OidIsValid(get_trigger_oid(relid, trigger->name, true)))
			sql_utility(call, psprintf("DROP TRIGGER %s ON %s", trigger->name, table));
	}
	if (OidIsValid(get_relation_constraint_oid(relid, "swan_balance_check", true)))
		sql_utility(call, psprintf("ALTER TABLE %s DROP CONSTRAINT swan_balance_check",
								   table));
}
