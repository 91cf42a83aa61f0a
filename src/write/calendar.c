/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  What changes in the calendar of trainers without being anybody's booking.
 *
 * Whoever shows a calendar follows the feed, and the feed has what is in the
 * ledger.  An open slot or blocked time has no client whose ledger would tell of
 * it; so its trainer's does, in one row for each call, which names the slots.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "account/open.h"
#include "write/calendar.h"

/* Appends the member that says which slots a row of kind "slots" is about. */
void
calendar_append_ids(StringInfo json, const int64 *ids, int n)
{
	appendStringInfoString(json, "\"sessions\": [");
	for (int i = 0; i < n; i++)
		appendStringInfo(json, "%s" INT64_FORMAT, i > 0 ? ", " : "", ids[i]);
	appendStringInfoChar(json, ']');
}

/* Adds a slot to a list that has room for it. */
void
calendar_add(CalendarSlot *slots, int *n, int64 trainer_id, int64 session_id)
{
	slots[*n].trainer_id = trainer_id;
	slots[*n].session_id = session_id;
	(*n)++;
}

/* Returns whether the trainer of a slot is that of an earlier one. */
static bool
repeats_trainer(const CalendarSlot *slots, int i)
{
	for (int j = 0; j < i; j++)
	{
		if (slots[j].trainer_id == slots[i].trainer_id)
			return true;
	}
	return false;
}

/*
 * Writes into the ledgers of trainers what became of slots that nobody has.  Who is
 * no user has no ledger, and who is was locked with everybody else.  An account is
 * read anew, since the call may have moved its credits for him as a client.
 */
void
calendar_note(Call *call, const Locks *locks, const char *change, const char *reason,
			  const CalendarSlot *slots, int n)
{
	int64	   *ids = palloc(n * sizeof(int64));

	for (int i = 0; i < n; i++)
	{
		int64		trainer_id = slots[i].trainer_id;
		Entry		entry = NEW_ENTRY;
		StringInfoData json;
		Account		trainer;
		int			nids = 0;

		if (trainer_id == NO_ID || repeats_trainer(slots, i) ||
			!user_is_locked(locks, trainer_id) || !account_lock(call, trainer_id, &trainer))
			continue;
		for (int j = i; j < n; j++)
		{
			if (slots[j].trainer_id == trainer_id)
				ids[nids++] = slots[j].session_id;
		}
		initStringInfo(&json);
		appendStringInfo(&json, "{\"change\": \"%s\", ", change);
		calendar_append_ids(&json, ids, nids);
		appendStringInfoChar(&json, '}');
		entry.kind = "slots";
		entry.reason = reason;
		entry.details = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
		account_begin(call, &trainer);
		account_write(call, &trainer, &entry);
		account_close(call, &trainer, "Available");
	}
}
