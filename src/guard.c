/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  The triggers that watch everybody but the engine: users, and our own
 *	  tables.
 *
 * Rows are judged in AFTER ROW triggers, when no other trigger can change
 * them any more.  The engine's own statements are known by their token; what
 * is left is somebody's direct write, which is refused or written down.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "error.h"
#include "guard.h"
#include "slot.h"

PG_FUNCTION_INFO_V1(swan_guard_users);
PG_FUNCTION_INFO_V1(swan_guard_closed);
PG_FUNCTION_INFO_V1(swan_guard_truncate);

static const Statement live_bookings = {
	"SELECT 1 FROM {sessions} s WHERE {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL AND " SLOT_IS_LIVE("s") " LIMIT 1",
	1, {INT8OID}
};

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
static void
no_studio(TriggerData *trigdata, const char *what)
{
	ereport(ERROR,
			(swan_errcode(SWAN_STUDIO_NOT_FOUND),
			 errmsg("table \"%s\" does not hold the %s of a studio",
					RelationGetRelationName(trigdata->tg_relation), what),
			 errhint("If it belongs to a studio that was restored without the registry, its owner takes it up again with swan_attach(), whose dry run says how; if not, drop its swan_* triggers.")));
}

/* Returns the studio whose users or sessions the trigger's table is. */
Studio *
guard_studio(TriggerData *trigdata, StudioTable table)
{
	Studio	   *studio = studio_of_relation(RelationGetRelid(trigdata->tg_relation), table);

	if (studio == NULL)
		no_studio(trigdata, table == TABLE_USERS ? "users" : "sessions");
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
 * Returns the studio with our three tables locked, for a guard that writes there:
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
			LockRelationOid(locked[i], RowExclusiveLock);
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
			(swan_errcode(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("direct %s in table \"%s\" is refused", what,
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("%s", hint)));
}

/* Answers a row that a trigger of the application moved under our hands. */
void
guard_interfered(TriggerData *trigdata)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table \"%s\" changed what swanalloc writes",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Triggers of the application must not change or suppress it.")));
}

/* Returns one column of a row in a trigger. */
Datum
guard_datum(TriggerData *trigdata, HeapTuple tuple, const StudioColumn *column,
			bool *isnull)
{
	if (column->name == NULL)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return heap_getattr(tuple, column->attnum,
						RelationGetDescr(trigdata->tg_relation), isnull);
}

/* Returns a whole number of a row in a trigger. */
int64
guard_number(TriggerData *trigdata, HeapTuple tuple, const StudioColumn *column,
			 int64 if_null)
{
	bool		isnull;
	Datum		value = guard_datum(trigdata, tuple, column, &isnull);

	if (isnull)
		return if_null;
	return column->type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/* Returns what is guarded of a row of users. */
static RowImage
user_image(TriggerData *trigdata, Studio *studio, HeapTuple tuple)
{
	RowImage	image = {0};

	image.id = guard_number(trigdata, tuple, &studio->columns[USERS_ID], NO_ID);
	image.guarded[GUARDED_BALANCE] =
		guard_number(trigdata, tuple, &studio->columns[USERS_BALANCE], 0);
	return image;
}

/* Refuses that a balance is written directly: of a new client, or changed. */
static void
refuse_balance(TriggerData *trigdata, CmdType command)
{
	if (command == CMD_INSERT)
		guard_refuse(trigdata, "insert of a client with a balance",
					 "Insert the client without credits, and give him some with swan_grant().");
	guard_refuse(trigdata, "change of the balance",
				 "Use swan_grant() to give credits, and swan_revoke() to take them back.");
}

/* Words the error for a balance below zero; the CHECK is what forbids it. */
static void
word_negative_balance(TriggerData *trigdata, Studio *studio, CmdType command,
					  const RowImage *image, int32 before)
{
	if (image->guarded[GUARDED_BALANCE] >= 0)
		return;
	if (studio->settings.guard_balance == GUARD_REFUSE)
		refuse_balance(trigdata, command);
	ereport(ERROR,
			(swan_errcode_counting(SWAN_INSUFFICIENT_SESSIONS, NULL,
								   "availableSessions", before),
			 errmsg("the balance of user %lld would be negative",
					(long long) image->id)));
}

/* Refuses to lose a client who has something coming to him. */
static void
judge_client_delete(TriggerData *trigdata, Studio *studio, const RowImage *old)
{
	NullableDatum args[] = {arg_id(old->id)};
	Call	   *call;
	bool		busy;

	if (old->guarded[GUARDED_BALANCE] != 0)
		guard_refuse(trigdata, "delete of a client with a balance",
					 "Take the credits back with swan_revoke() first.");
	call = call_begin(studio, CALL_GUARD);
	busy = statement_recheck(call, &live_bookings, args).nrows > 0;
	call_end(call);
	if (busy)
		guard_refuse(trigdata, "delete of a client with live bookings",
					 "Cancel them with swan_cancel() first.");
}

/* Refuses to change what ledger and bookings know a client by. */
static void
refuse_new_id(TriggerData *trigdata, const RowImage *old, const RowImage *new)
{
	if (old && new && old->id != new->id)
		guard_refuse(trigdata, "change of an id", "Ledger and bookings refer to it.");
}

/*
 * Writes down what somebody did to a balance: not from one image of the row to
 * the next, which reach us out of order when triggers update it again, but
 * from what the ledger says to what the row is by now.
 */
static void
record_balance(Studio *studio, int64 user_id)
{
	Call	   *call = call_begin(studio, CALL_GUARD);
	Account		account;
	int32		delta;

	(void) account_lock(call, user_id, &account);	/* the deleted have 0 */
	call_set_now(call);
	account_open(call, &account);
	account.call_id = NO_ID;	/* how he came is another story */
	delta = account.balance - account.ledger_balance;
	if (delta != 0 &&
		(studio->settings.guard_sessions != GUARD_RECORD ||
		 !direct_balance(call, &account, delta)))
		account_external(call, &account, delta, NULL);
	call_end(call);
}

/* Judges a change of a row of users that the engine did not announce. */
static void
judge_user(TriggerData *trigdata, Studio *studio,
		   const RowImage *old, const RowImage *new)
{
	int32		before = old ? old->guarded[GUARDED_BALANCE] : 0;
	int32		after = new ? new->guarded[GUARDED_BALANCE] : 0;

	studio = guard_working_studio(trigdata, studio, TABLE_USERS);
	refuse_new_id(trigdata, old, new);
	if (studio->settings.guard_balance == GUARD_REFUSE)
	{
		if (new == NULL)
			judge_client_delete(trigdata, studio, old);
		else if (before != after)
			refuse_balance(trigdata, old ? CMD_UPDATE : CMD_INSERT);
	}
	else if (before != after)
		record_balance(guard_writing_studio(trigdata, TABLE_USERS),
					   new ? new->id : old->id);
}

/*
 * Words the errors that constraints would otherwise raise before AFTER ROW
 * triggers have their say.
 */
static void
word_errors(TriggerData *trigdata, Studio *studio, CmdType command, HeapTuple row)
{
	RowImage	old = user_image(trigdata, studio, trigdata->tg_trigtuple);
	RowImage	new = user_image(trigdata, studio, row);

	if (command == CMD_UPDATE)
		refuse_new_id(trigdata, &old, &new);
	if (command != CMD_DELETE)
		word_negative_balance(trigdata, studio, command, &new,
							  command == CMD_UPDATE ? old.guarded[GUARDED_BALANCE] : 0);
	if (command == CMD_DELETE && studio->settings.guard_balance == GUARD_REFUSE)
		judge_client_delete(trigdata,
							guard_working_studio(trigdata, studio, TABLE_USERS), &old);
}

/*
 * swan_guard_users(): on users, BEFORE ROW to word errors, AFTER ROW to judge.
 */
Datum
swan_guard_users(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = guard_trigger_data(fcinfo, "swan_guard_users", true);
	Oid			relid = RelationGetRelid(trigdata->tg_relation);
	CmdType		command = guard_command(trigdata);
	HeapTuple	row = command == CMD_UPDATE ?
	trigdata->tg_newtuple : trigdata->tg_trigtuple;
	Studio	   *studio = guard_studio(trigdata, TABLE_USERS);
	RowImage	old;
	RowImage	new;
	RowImage   *before = NULL;
	RowImage   *after = NULL;

	if (TRIGGER_FIRED_BEFORE(trigdata->tg_event))
	{
		word_errors(trigdata, studio, command, row);
		return PointerGetDatum(row);
	}

	if (command != CMD_INSERT)
	{
		old = user_image(trigdata, studio, trigdata->tg_trigtuple);
		before = &old;
	}
	if (command != CMD_DELETE)
	{
		new = user_image(trigdata, studio, row);
		after = &new;
	}
	if (before && after && memcmp(before, after, sizeof(RowImage)) == 0)
		return PointerGetDatum(NULL);
	if (token_takes_row(relid, command, before, after))
		return PointerGetDatum(NULL);
	if (token_covers_statement(relid, command))
		guard_interfered(trigdata);
	judge_user(trigdata, studio, before, after);
	return PointerGetDatum(NULL);
}

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
 * swan_guard_closed(): on the ledger with its partitions, lots and holds,
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
				(swan_errcode(SWAN_LEDGER_IMMUTABLE),
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

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		known = known || studio->tables[TABLE_USERS] == relid ||
			studio->tables[TABLE_SESSIONS] == relid;
	}
	if (!known)
		no_studio(trigdata, "users or sessions");
	ereport(ERROR,
			(swan_errcode(SWAN_DIRECT_WRITE_REFUSED),
			 errmsg("table \"%s\" of a studio must not be truncated",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Detach the studio with swan_detach() first.")));
	return PointerGetDatum(NULL);	/* keep compiler quiet */
}
