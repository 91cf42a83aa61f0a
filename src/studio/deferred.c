/*-------------------------------------------------------------------------
 *
 * deferred.c
 *	  Deferred triggers that a call leaves behind.
 *
 * Up to PostgreSQL 17 a deferred trigger runs as whoever commits.  The code of
 * a studio's owner must not get the rights of those who merely call swan_*
 * functions, so what a call has queued for later is run before its frame ends,
 * as the owner: on the studio's own tables all of it, also what the caller's
 * direct writes have queued there; on other tables, to which triggers of the
 * application may have written, where nothing was queued when the call began.
 * Who has written to such a table himself runs its triggers anyway.  For a guard
 * users and sessions are such tables too: he who writes there directly has it run.
 *
 * Foreign keys are left alone: their triggers are the server's, and run as the
 * owners of the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "call/rights.h"
#include "studio/deferred.h"

/* A constraint that may be checked by code of its table's owner at COMMIT. */
typedef struct Deferrable
{
	Oid			id;
	Oid			relid;
	Oid			namespace;
	NameData	name;
	bool		initially;		/* is it deferred unless somebody says
								 * otherwise? */
	bool		alone;			/* see has_other_namesake() */
} Deferrable;

/* those of the database, as of the change of a constraint that "found" counts */
static Deferrable *deferrables = NULL;
static int	ndeferrables = 0;
static uint64 changes = 1;
static uint64 found = 0;

/*
 * Returns whether a constraint that is not deferred by itself, or cannot be, has
 * the same name: then SET CONSTRAINTS can make it immediate, but should not, or
 * cannot, defer it again.
 */
static bool
has_other_namesake(Relation rel, const Deferrable *deferrable)
{
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		has = false;

	ScanKeyInit(&key[0], Anum_pg_constraint_conname, BTEqualStrategyNumber,
				F_NAMEEQ, NameGetDatum(&deferrable->name));
	ScanKeyInit(&key[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(deferrable->namespace));
	scan = systable_beginscan(rel, ConstraintNameNspIndexId, true, NULL, 2, key);
	while (!has && HeapTupleIsValid(tuple = systable_getnext(scan)))
		has = !((Form_pg_constraint) GETSTRUCT(tuple))->condeferred;
	systable_endscan(scan);
	return has;
}

/*
 * Finds the constraints whose checks are code of somebody's: triggers, and
 * exclusions, which may be of expressions.  Most databases have none.
 */
static void
find_deferrables(void)
{
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	uint64		started = changes;

	if (found == changes)
		return;
	ndeferrables = 0;
	rel = table_open(ConstraintRelationId, AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		Deferrable *deferrable;

		if (!form->condeferrable || (form->contype != CONSTRAINT_TRIGGER &&
									 form->contype != CONSTRAINT_EXCLUSION))
			continue;
		deferrables = deferrables == NULL ?
			MemoryContextAlloc(TopMemoryContext, sizeof(Deferrable)) :
			repalloc(deferrables, (ndeferrables + 1) * sizeof(Deferrable));
		deferrable = &deferrables[ndeferrables++];
		deferrable->id = form->oid;
		deferrable->relid = form->conrelid;
		deferrable->namespace = form->connamespace;
		deferrable->name = form->conname;
		deferrable->initially = form->condeferred;
	}
	systable_endscan(scan);
	for (int i = 0; i < ndeferrables; i++)
		deferrables[i].alone = !has_other_namesake(rel, &deferrables[i]);
	table_close(rel, AccessShareLock);
	found = started;
}

/* Returns whether a table is one of the studio's. */
static bool
is_of_studio(Studio *studio, Oid relid)
{
	for (int i = 0; i < STUDIO_NTABLES; i++)
	{
		if (OidIsValid(relid) && studio->tables[i] == relid)
			return true;
	}
	return false;
}

/*
 * Returns whether a call has to run what is queued for a constraint.  That is
 * known by table only, so it may turn out to be nothing.
 */
static bool
is_due(Call *call, const Deferrable *deferrable)
{
	return !list_member_oid(call->queued_before, deferrable->relid) &&
		AfterTriggerPendingOnRel(deferrable->relid);
}

/*
 * Refuses to run a constraint that shares its name, which is all that SET
 * CONSTRAINTS knows, with one of another owner: that one's code would run as ours.
 */
static void
check_namesakes(Call *call, const Deferrable *due)
{
	for (int i = 0; i < ndeferrables; i++)
	{
		const Deferrable *other = &deferrables[i];

		if (other->relid != due->relid && other->namespace == due->namespace &&
			strcmp(NameStr(other->name), NameStr(due->name)) == 0 &&
			!is_due(call, other) && AfterTriggerPendingOnRel(other->relid) &&
			studio_table_owner(other->relid) != studio_table_owner(due->relid))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("deferred trigger \"%s\" of table \"%s\" cannot run apart from that of table \"%s\"",
							NameStr(due->name), get_rel_name(due->relid),
							get_rel_name(other->relid)),
					 errhint("Rename one of them, or do this in another transaction than the writes to the other table.")));
	}
}

/* Appends a constraint to a list for SET CONSTRAINTS. */
static void
append_constraint(StringInfo list, const Deferrable *deferrable)
{
	const char *name = quote_qualified_identifier(get_namespace_name(deferrable->namespace),
												  NameStr(deferrable->name));

	appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", name);
}

/*
 * Runs what the call has left for later.  The operation is done, so a trigger
 * may call swan_* functions, as at COMMIT; what they queue is run too.  In the
 * end constraints are deferred, or not, as they are declared.
 *
 * A trigger, or a call in it, may defer a constraint again and queue more.  So we
 * go on until nothing is queued, or until nothing was written: then what is still
 * queued is a foreign key's.
 */
static void
deferred_end(Call *call)
{
	StringInfoData again;
	List	   *noted = NIL;
	CommandId	before;

	call->kind = CALL_REGISTRY;
	initStringInfo(&again);
	do
	{
		StringInfoData now;

		find_deferrables();
		initStringInfo(&now);
		for (int i = 0; i < ndeferrables; i++)
		{
			if (!is_due(call, &deferrables[i]))
				continue;
			check_namesakes(call, &deferrables[i]);
			append_constraint(&now, &deferrables[i]);
			if (!deferrables[i].initially || !deferrables[i].alone ||
				list_member_oid(noted, deferrables[i].id))
				continue;
			noted = lappend_oid(noted, deferrables[i].id);
			append_constraint(&again, &deferrables[i]);
		}
		if (now.len == 0)
			break;
		CommandCounterIncrement();
		before = GetCurrentCommandId(false);
		sql_utility(call, psprintf("SET CONSTRAINTS %s IMMEDIATE", now.data));
		CommandCounterIncrement();
	} while (GetCurrentCommandId(false) != before);
	if (again.len > 0)
		sql_utility(call, psprintf("SET CONSTRAINTS %s DEFERRED", again.data));
}

/* Looks, when a frame that writes begins, what is queued already. */
void
deferred_begin(Call *call)
{
	if (swan_deferred_keep_role() || !call_works_for_others(call))
		return;
	call->before_end = deferred_end;
	find_deferrables();
	for (int i = 0; i < ndeferrables; i++)
	{
		Oid			relid = deferrables[i].relid;

		if (call->kind == CALL_WRITER && is_of_studio(call->studio, relid))
			continue;
		if (AfterTriggerPendingOnRel(relid))
			call->queued_before = list_append_unique_oid(call->queued_before, relid);
	}
}

/* Notes that a constraint was made, changed or dropped. */
static void
constraint_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/* Called once when the library is loaded. */
void
deferred_init(void)
{
	if (!swan_deferred_keep_role())
		CacheRegisterSyscacheCallback(CONSTROID, constraint_callback, (Datum) 0);
}
