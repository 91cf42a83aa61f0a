/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  What the guard triggers have in common: how they are called, whose table
 *	  it is, which writes are the engine's own, and how others are refused.
 *
 * Rows are judged in AFTER ROW triggers, when no other trigger can change
 * them any more.  The engine's own statements are known by their token; what
 * is left is somebody's direct write, which is refused or written down.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "base/error.h"
#include "guard/guard.h"

/* Returns the trigger's data, or refuses another use of the function. */
TriggerData *
guard_trigger_data(FunctionCallInfo fcinfo, const char *name, bool for_row)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", name)));
	if ((TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) != 0) != for_row ||
		TRIGGER_FIRED_INSTEAD(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired for each %s", name,
						for_row ? "row" : "statement")));
	return trigdata;
}

/* Returns the command that fired the trigger. */
CmdType
guard_command(TriggerData *trigdata)
{
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return CMD_INSERT;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return CMD_UPDATE;
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		return CMD_DELETE;
	return CMD_UTILITY;			/* TRUNCATE */
}

/* Answers a guard on a table that the registry does not know. */
void
guard_no_studio(TriggerData *trigdata, const char *what)
{
	ereport(ERROR,
			(swan_error(SWAN_STUDIO_NOT_FOUND),
			 errmsg("table \"%s\" does not hold the %s of a studio",
					RelationGetRelationName(trigdata->tg_relation), what),
			 errhint("If it belongs to a studio that was restored without the registry, its owner takes it up again: with swan_adopt_studio() and what swan_export_studio() returned, or with swan_attach(), whose dry run says how; if not, drop its swan_* triggers.")));
}

/*
 * Returns the studio whose users or sessions the trigger's table is, or refuses the
 * write if it is closed.
 */
Studio *
guard_studio(TriggerData *trigdata, StudioTable table)
{
	Studio	   *studio = studio_of_relation(RelationGetRelid(trigdata->tg_relation), table);

	if (studio == NULL)
		guard_no_studio(trigdata, studio_table_label(table));
	studio_check_open(studio);
	if (studio->columns[USERS_BALANCE].name == NULL ||
		studio->columns[SESSIONS_STATUS].name == NULL)
		studio_check(studio);
	return studio;
}

/* Returns the studio in a state to judge by, or refuses; it may be mended. */
Studio *
guard_working_studio(TriggerData *trigdata, Studio *studio, StudioTable table)
{
	if (studio->broken == NULL)
		return studio;
	studios_forget();
	studio = guard_studio(trigdata, table);
	studio_check(studio);
	return studio;
}

/*
 * Returns the studio with our tables locked, for a guard that writes there:
 * what is known of them would be old by the time that a statement gets its
 * locks.  If the registry turns out to name others by then, we start over.  No
 * other table is locked, since whoever changes settings or tables has an order of
 * his own.
 */
Studio *
guard_writing_studio(TriggerData *trigdata, StudioTable table)
{
	Studio	   *studio = guard_studio(trigdata, table);
	Oid			locked[STUDIO_NTABLES];

	do
	{
		studio_check(studio);
		memcpy(locked, studio->tables, sizeof(locked));
		for (int i = TABLE_LEDGER; i < STUDIO_NTABLES; i++)
		{
			if (OidIsValid(locked[i]))
				LockRelationOid(locked[i], RowExclusiveLock);
		}
		if (studios_stale())
			studio = guard_studio(trigdata, table);
	} while (memcmp(locked, studio->tables, sizeof(locked)) != 0);
	studio_check(studio);
	return studio;
}

/* Answers a direct write to a guarded table. */
void
guard_refuse(TriggerData *trigdata, const char *what, const char *hint)
{
	ereport(ERROR,
			(swan_error(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("direct %s in table \"%s\" is refused", what,
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("%s", hint)));
}

/* Answers a row that a trigger of the application moved under our hands. */
static void
interfered(TriggerData *trigdata)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table \"%s\" changed what swanalloc writes",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Triggers of the application must not change or suppress it.")));
}

/* Returns one column of a row in a trigger. */
Datum
guard_datum(TupleTableSlot *row, const StudioColumn *column, bool *isnull)
{
	if (column->name == NULL)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return slot_getattr(row, column->attnum, isnull);
}

/* Returns whether a row in a trigger is there: not if the application has deleted it softly. */
bool
guard_is_there(TupleTableSlot *row, const StudioColumn *deleted_at)
{
	bool		isnull;

	(void) guard_datum(row, deleted_at, &isnull);
	return isnull;
}

/* Returns a whole number of a row in a trigger. */
int64
guard_number(TupleTableSlot *row, const StudioColumn *column, int64 if_null)
{
	bool		isnull;
	Datum		value = guard_datum(row, column, &isnull);

	if (isnull)
		return if_null;
	return column->type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/*
 * Returns whether a row event, from one image to another (NULL where there is no
 * row), is somebody's direct write: it changed what is guarded, and no token of
 * the engine's is for it.  The engine changes nothing that is guarded of a row that is
 * deleted softly, nor makes it one.
 */
bool
guard_is_direct(TriggerData *trigdata, CmdType command,
				const RowImage *before, const RowImage *after)
{
	Oid			relid = RelationGetRelid(trigdata->tg_relation);
	bool		there = (before || command == CMD_INSERT) && (after || command == CMD_DELETE);

	if (before && after && memcmp(before, after, sizeof(RowImage)) == 0)
		return false;
	if (there && token_takes_row(relid, command, before, after))
		return false;
	if (token_covers_statement(relid, command) && (before || after || token_has_rows()))
		interfered(trigdata);
	return before || after;
}
