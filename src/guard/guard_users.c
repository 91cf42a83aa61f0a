/*-------------------------------------------------------------------------
 *
 * guard_users.c
 *	  The trigger that watches the users of a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/error.h"
#include "studio/enter.h"
#include "slot/slot.h"
#include "account/open.h"
#include "guard/guard.h"

PG_FUNCTION_INFO_V1(swan_guard_users);

static const StudioQuery live_bookings = {
	"SELECT 1 FROM {sessions} s WHERE {live s} AND {s.user_id} OPERATOR(pg_catalog.=) $1"
	" AND {s.session_date} IS NOT NULL AND " SLOT_IS_LIVE("s") " LIMIT 1",
	1, {INT8OID}
};

/* Returns what is guarded of a row of users. */
static RowImage
user_image(Studio *studio, TupleTableSlot *row)
{
	RowImage	image = {0};

	image.id = guard_number(row, &studio->columns[USERS_ID], NO_ID);
	image.guarded[GUARDED_BALANCE] =
		guard_number(row, &studio->columns[USERS_BALANCE], 0);
	return image;
}

/* Refuses that a balance is written directly: of a new client, or changed. */
static void
refuse_balance_write(TriggerData *trigdata, CmdType command)
{
	if (command == CMD_INSERT)
		guard_refuse(trigdata, "insert of a client with a balance",
					 "Insert the client without credits, and give him some with swan_grant().");
	guard_refuse(trigdata, "change of the balance",
				 "Use swan_grant() to give credits, and swan_revoke() to take them back.");
}

/* Answers a balance below zero; the CHECK is what forbids it. */
static void
refuse_negative_balance(TriggerData *trigdata, Studio *studio, CmdType command,
						const RowImage *image, int32 before)
{
	if (image->guarded[GUARDED_BALANCE] >= 0)
		return;
	if (studio->settings.guard_balance == GUARD_REFUSE)
		refuse_balance_write(trigdata, command);
	ereport(ERROR,
			(swan_error_counting(SWAN_INSUFFICIENT_SESSIONS, NULL,
								 "availableSessions", before),
			 errmsg("the balance of user %lld would be negative",
					(long long) image->id)));
}

/* Refuses to lose a client who has something coming to him. */
static void
refuse_client_delete(TriggerData *trigdata, Studio *studio, const RowImage *old)
{
	NullableDatum args[] = {arg_id(old->id)};
	Call	   *call;
	bool		busy;

	if (old->guarded[GUARDED_BALANCE] != 0)
		guard_refuse(trigdata, "delete of a client with a balance",
					 "Take the credits back with swan_revoke() first.");
	call = call_begin(studio, CALL_GUARD);
	busy = query_recheck(call, &live_bookings, args).nrows > 0;
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

	Assert(old || new);
	studio = guard_working_studio(trigdata, studio, TABLE_USERS);
	refuse_new_id(trigdata, old, new);
	if (studio->settings.guard_balance == GUARD_REFUSE)
	{
		if (new == NULL)
			refuse_client_delete(trigdata, studio, old);
		else if (before != after)
			refuse_balance_write(trigdata, old ? CMD_UPDATE : CMD_INSERT);
	}
	else if (before != after)
		record_balance(guard_writing_studio(trigdata, TABLE_USERS),
					   new ? new->id : old->id);
}

/*
 * Answers what constraints would otherwise answer before AFTER ROW triggers have
 * their say: the CHECK of the balance, and foreign keys to the users.
 */
static void
judge_before_constraints(TriggerData *trigdata, Studio *studio, CmdType command)
{
	RowImage	old = user_image(studio, trigdata->tg_trigslot);
	RowImage	new = user_image(studio, guard_row(trigdata));

	if (command == CMD_DELETE)
	{
		if (studio->settings.guard_balance == GUARD_REFUSE &&
			guard_is_there(trigdata->tg_trigslot, &studio->columns[USERS_DELETED_AT]))
			refuse_client_delete(trigdata,
								 guard_working_studio(trigdata, studio, TABLE_USERS), &old);
		return;
	}
	if (command == CMD_UPDATE)
		refuse_new_id(trigdata, &old, &new);
	refuse_negative_balance(trigdata, studio, command, &new,
							command == CMD_UPDATE ? old.guarded[GUARDED_BALANCE] : 0);
}

/* swan_guard_users(): on users, BEFORE ROW ahead of constraints, AFTER ROW to judge. */
Datum
swan_guard_users(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = guard_trigger_data(fcinfo, "swan_guard_users", true);
	CmdType		command = guard_command(trigdata);
	Studio	   *studio = guard_studio(trigdata, TABLE_USERS);
	RowImage	old;
	RowImage	new;
	RowImage   *before = NULL;
	RowImage   *after = NULL;

	if (TRIGGER_FIRED_BEFORE(trigdata->tg_event))
	{
		judge_before_constraints(trigdata, studio, command);
		return PointerGetDatum(command == CMD_UPDATE ? trigdata->tg_newtuple :
							   trigdata->tg_trigtuple);
	}

	if (command != CMD_INSERT &&
		guard_is_there(trigdata->tg_trigslot, &studio->columns[USERS_DELETED_AT]))
	{
		old = user_image(studio, trigdata->tg_trigslot);
		before = &old;
	}
	if (command != CMD_DELETE &&
		guard_is_there(guard_row(trigdata), &studio->columns[USERS_DELETED_AT]))
	{
		new = user_image(studio, guard_row(trigdata));
		after = &new;
	}
	if (guard_is_direct(trigdata, command, before, after))
		judge_user(trigdata, studio, before, after);
	return PointerGetDatum(NULL);
}
