/*-------------------------------------------------------------------------
 *
 * attach_leftovers.c
 *	  What is left of a studio where one is about to be made.
 *
 * A studio that was detached goes on, and so does one whose schema was restored
 * without the registry: our tables are there, in the second case with all guards
 * on.  Whatever is there in part only, or has our names and is not ours,
 * is refused by its name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "studio/template.h"
#include "studio/triggers.h"
#include "owner/attach.h"
#include "owner/setup.h"

/*
 * Our tables, what belongs to them, and the columns that they have had since 0.1.
 * Studios of then lack the last one, which is made where they are attached again.
 */
static const struct
{
	StudioTable table;
	const char *relations[8];
	const char *columns[20];
}			our_tables[] = {

	{TABLE_LEDGER,
		{"swan_ledger_id_seq", "swan_ledger_pkey", "swan_ledger_user", "swan_ledger_key",
		"swan_ledger_purchase", "swan_ledger_feed", "swan_ledger_at"},
		{"id", "user_id", "delta", "balance_after", "kind", "session_id", "from_session_id",
			"lot_id", "reason", "actor_id", "db_role", "key", "payment_ref", "item", "call_id",
	"details", "at", "xid"}},
	{TABLE_LOTS,
		{"swan_lots_pkey", "swan_lots_user", "swan_lots_due", "swan_lots_payment",
		"swan_lots_purchase"},
		{"id", "user_id", "source", "granted", "remaining", "expires_at", "payment_ref", "item",
	"amount_minor", "currency", "swept"}},
	{TABLE_HOLDS,
		{"swan_holds_pkey", "swan_holds_user"},
	{"session_id", "user_id", "until"}},
	{TABLE_WAITS,
		{"swan_waits_pkey", "swan_waits_user", "swan_waits_offered"},
		{"session_id", "user_id", "id", "since", "auto", "offered_from", "offered_until", "told",
	"refused", "tried"}},
};
#define NEEDED_TABLES	(lengthof(our_tables) - 1)

/* Returns one of our tables beside the users, or InvalidOid. */
static Oid
our_table(Attachment *att, StudioTable table)
{
	return get_relname_relid(studio_own_table_names[table], get_rel_namespace(att->users));
}

/* Refuses names that our tables would bring along, and somebody has already. */
static void
check_names_free(Attachment *att)
{
	Oid			namespace = get_rel_namespace(att->users);

	for (int i = 0; i < lengthof(our_tables); i++)
	{
		const char *name = studio_own_table_names[our_tables[i].table];

		if (SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name), ObjectIdGetDatum(namespace)))
			attach_refuse(att, name, NULL, psprintf("there is a type \"%s\"", name),
						  "drop or rename it");
		for (int j = 0; our_tables[i].relations[j]; j++)
		{
			const char *relation = our_tables[i].relations[j];

			if (OidIsValid(get_relname_relid(relation, namespace)))
				attach_refuse(att, name, NULL, psprintf("\"%s\" is there already", relation),
							  "rename or drop it; what belongs to a table keeps its name when the table is renamed");
		}
	}
}

/* Refuses one of our tables that is not as we made it. */
static void
check_our_table(Attachment *att, Oid relid, int n)
{
	const char *name = get_rel_name(relid);
	Oid			owner = studio_table_owner(att->users);
	char		relkind = get_rel_relkind(relid);
	StringInfoData missing;

	if (relkind != RELKIND_RELATION &&
		!(relkind == RELKIND_PARTITIONED_TABLE && our_tables[n].table == TABLE_LEDGER))
		attach_refuse(att, name, NULL, "it is not a table", "rename it");
	else if (studio_table_owner(relid) != owner)
		attach_refuse(att, name, NULL, "it has another owner than the users",
					  psprintf("ALTER TABLE %s OWNER TO %s", studio_table_name(relid),
							   quote_identifier(GetUserNameFromId(owner, false))));
	initStringInfo(&missing);
	for (int i = 0; our_tables[n].columns[i]; i++)
	{
		if (get_attnum(relid, our_tables[n].columns[i]) == InvalidAttrNumber)
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "",
							 our_tables[n].columns[i]);
	}
	if (missing.len > 0)
	{
		attach_refuse(att, name, NULL, psprintf("columns that it lacks: %s", missing.data),
					  "put all tables back as they were, or rename them with all that belongs to them");
		return;
	}
	for (int i = 0; our_tables[n].relations[i]; i++)
	{
		const char *relation = our_tables[n].relations[i];
		char	   *command;

		if (OidIsValid(get_relname_relid(relation, get_rel_namespace(relid))))
			continue;
		command = setup_index_command(attach_names(att), relation);
		if (command && relkind == RELKIND_PARTITIONED_TABLE &&
			strncmp(command, "CREATE UNIQUE", strlen("CREATE UNIQUE")) == 0)
			continue;			/* each partition has its own */
		if (command)
			attach_report(att, name, NULL, "absent",
						  psprintf("index \"%s\" is not there, as calls need it: %s",
								   relation, command));
		else if (strcmp(relation, "swan_ledger_id_seq") == 0)
			attach_refuse(att, name, NULL, psprintf("\"%s\" is gone", relation),
						  "give the sequence of its ids that name again");
		else
			attach_refuse(att, name, NULL, psprintf("\"%s\" is gone", relation),
						  psprintf("ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY (%s)",
								   studio_table_name(relid), relation, our_tables[n].columns[0]));
	}
}

/* Says with what a studio begins whose registry row is not there. */
static void
report_new_settings(Attachment *att)
{
	static const char *const rows[][3] = {
		{"guard_balance", "record",
		"as in every studio that is attached; if it was refuse before, say so again with swan_configure() when swan_backfill() is through"},
		{"guard_sessions", "record",
		"as in every studio that is attached; if it was refuse before, say so again with swan_configure() when swan_verify() finds nothing"},
		{"trainer_overlap", "allow",
		"as in every studio that is attached; if it was refuse before, say so again with swan_configure()"},
		{"settings", "default", "all others have their defaults; roles are to be listed anew with swan_allow(); what swan_export_studio() said before is taken by swan_adopt_studio()"},
		{"feed", "reset", "swan_rebase_feed() before consumers go on"},
	};

	for (int i = 0; i < lengthof(rows); i++)
		attach_report(att, rows[i][0], NULL, rows[i][1], rows[i][2]);
}

/* Looks for what is left of our tables; a studio that has them goes on. */
void
attach_check_our_tables(Attachment *att)
{
	StringInfoData there;
	int			found = 0;
	int			needed = 0;

	initStringInfo(&there);
	for (int i = 0; i < lengthof(our_tables); i++)
	{
		if (!OidIsValid(our_table(att, our_tables[i].table)))
			continue;
		appendStringInfo(&there, "%s%s", there.len > 0 ? ", " : "",
						 studio_own_table_names[our_tables[i].table]);
		found++;
		needed += i < NEEDED_TABLES;
	}
	att->continues = needed == NEEDED_TABLES;
	if (found == 0)
	{
		check_names_free(att);
		attach_report(att, "swan_ledger", NULL, "absent",
					  "swan_ledger, swan_lots, swan_holds and swan_waits will be made");
		return;
	}
	if (!att->continues)
	{
		attach_refuse(att, "swan_ledger", NULL,
					  psprintf("some tables with our names are there already: %s", there.data),
					  "put all tables of a studio back, or rename these with all that belongs to them");
		return;
	}
	attach_report(att, "swan_ledger", "swan_ledger", "found",
				  att->adopts ? "the ledger goes on" : "the ledger of a detached studio goes on");
	for (int i = 0; i < found; i++)
		check_our_table(att, our_table(att, our_tables[i].table), i);
	if (!att->adopts)
		report_new_settings(att);
}

/* Returns whether a studio that goes on has the table of those who wait. */
bool
attach_has_waits(Attachment *att)
{
	return OidIsValid(our_table(att, TABLE_WAITS));
}

/* Returns the function that a trigger calls. */
static Oid
function_of_trigger(Oid trigger)
{
	Relation	rel = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = get_catalog_object_by_oid(rel, Anum_pg_trigger_oid, trigger);
	Oid			function = HeapTupleIsValid(tuple) ?
	((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid : InvalidOid;

	table_close(rel, AccessShareLock);
	return function;
}

/*
 * Looks at the triggers of a table that have names of ours.  Those that call our
 * functions are guards without a studio: they are made anew.
 */
static void
check_triggers(Attachment *att, Oid relid, const char *item)
{
	bool		ours = false;

	for (const StudioTrigger *known = studio_triggers; known->name; known++)
	{
		Oid			trigger = get_trigger_oid(relid, known->name, true);
		Oid			function;
		char	   *function_name;

		if (!OidIsValid(trigger))
			continue;
		function = function_of_trigger(trigger);
		function_name = get_func_name(function);
		if (function_name && strcmp(function_name, known->function) == 0 &&
			get_func_namespace(function) == att->extension_namespace)
			ours = true;
		else
			attach_refuse(att, item, NULL, psprintf("it has a trigger \"%s\"", known->name),
						  "drop or rename it");
	}
	att->has_guards = att->has_guards || ours;
	if (ours && !att->known)
		attach_report(att, item, studio_table_name(relid), "found",
					  "guards of a studio that the registry does not know: they will be made anew");
}

/* Looks for triggers that have our names, and whether they are ours. */
void
attach_check_triggers(Attachment *att)
{
	Oid			ledger = our_table(att, TABLE_LEDGER);
	ListCell   *cell;

	check_triggers(att, att->users, "users");
	check_triggers(att, att->sessions, "sessions");
	if (!att->continues)
		return;
	foreach(cell, find_all_inheritors(ledger, AccessShareLock, NULL))
		check_triggers(att, lfirst_oid(cell), "swan_ledger");
	check_triggers(att, our_table(att, TABLE_LOTS), "swan_lots");
	check_triggers(att, our_table(att, TABLE_HOLDS), "swan_holds");
	if (attach_has_waits(att))
		check_triggers(att, our_table(att, TABLE_WAITS), "swan_waits");
}

/* Looks whether the ids of a ledger that goes on will be new ones. */
void
attach_look_at_ids(Attachment *att, Call *call)
{
	Rows		result;
	char	   *sequence;

	if (!att->continues)
		return;
	result = attach_query(att, call,
						  "SELECT l.last, l.last OPERATOR(pg_catalog.>) s.last_value"
						  " OR l.last OPERATOR(pg_catalog.=) s.last_value AND NOT s.is_called"
						  " FROM {schema}.swan_ledger_id_seq s,"
						  " (SELECT pg_catalog.max(g.id) FROM {ledger} g) l (last)");
	if (!row_bool(result, 0, 2))
		return;
	sequence = expand_template(attach_names(att), "{schema}.swan_ledger_id_seq");
	attach_refuse(att, "swan_ledger", "id", "its sequence is behind its last row",
				  psprintf("SELECT pg_catalog.setval(%s, %lld)", quote_literal_cstr(sequence),
						   (long long) row_id(result, 0, 1)));
}

/*
 * Locks the tables that will have guards, ours too if they are there, all at once: where
 * guards are taken off first, against everybody.
 */
void
attach_lock_tables(Attachment *att)
{
	LOCKMODE	lockmode = att->adopts || att->has_guards ? AccessExclusiveLock : ShareRowExclusiveLock;
	Oid			tables[STUDIO_NTABLES] = {att->sessions, att->users};
	LOCKMODE	lockmodes[STUDIO_NTABLES] = {lockmode, AccessExclusiveLock};	/* users get a check */
	int			n = 2;

	for (int i = 0; i < lengthof(our_tables) && att->continues; i++)
	{
		Oid			relid = our_table(att, our_tables[i].table);

		if (!OidIsValid(relid))
			continue;
		lockmodes[n] = lockmode;
		tables[n++] = relid;
	}
	studio_lock_at_once(tables, lockmodes, n);
}

/* Takes off the guards that are to be made anew. */
void
attach_drop_leftovers(Attachment *att, Call *call)
{
	ListCell   *cell;

	setup_unguard(call, att->users);
	setup_unguard(call, att->sessions);
	if (!att->continues)
		return;
	foreach(cell, find_all_inheritors(our_table(att, TABLE_LEDGER), AccessShareLock, NULL))
		setup_unguard(call, lfirst_oid(cell));
	setup_unguard(call, our_table(att, TABLE_LOTS));
	setup_unguard(call, our_table(att, TABLE_HOLDS));
	setup_unguard(call, our_table(att, TABLE_WAITS));
}
