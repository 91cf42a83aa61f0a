/*-------------------------------------------------------------------------
 *
 * returning.c
 *	  Credits that come back to the lot that they were taken from.
 *
 * A lot may have ended meanwhile.  What a client gives up expires with it; what
 * the studio returns can be spent for as long as it could when it was taken.
 * Where a lot ended at that time is known from the ledger: whatever gave it another
 * end since has written down what it was before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/details.h"
#include "account/lots.h"
#include "account/returning.h"

#define TAKING_COLUMNS(first, next) \
	first(TAKING_ID, "g.id") \
	next(TAKING_AT, "g.at") \
	next(TAKING_CALL_ID, "g.call_id") \
	next(TAKING_FROM_SESSION, "g.from_session_id")

RESULT_COLUMNS(TAKING_COLUMNS);

/* what made a session a client's, before the ledger row $3 */
static const StudioQuery find_taking = {
	"SELECT" SELECT_LIST(TAKING_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.id OPERATOR(pg_catalog.<) $3"
	" AND (g.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule}')"
	" OR (g.kind OPERATOR(pg_catalog.=) ANY ('{correction,merge}') AND g.delta OPERATOR(pg_catalog.<) 0))"
	" ORDER BY g.id DESC LIMIT 1",
	3, {INT8OID, INT8OID, INT8OID}, PLAN_SIMPLE
};

/*
 * what took the credits of lot $4 that it has only then: an exchange for what costs
 * more, or a charge
 */
static const StudioQuery find_anew = {
	"SELECT" SELECT_LIST(TAKING_COLUMNS) " FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.session_id OPERATOR(pg_catalog.=) $2"
	" AND g.id OPERATOR(pg_catalog.<) $3"
	" AND g.lot_id OPERATOR(pg_catalog.=) $4 AND g.delta OPERATOR(pg_catalog.<) 0"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{reschedule,charge}')"
	" AND (" ROW_HAS("g") ") OPERATOR(pg_catalog.=) OPERATOR(pg_catalog.-) g.delta"
	" ORDER BY g.id DESC LIMIT 1",
	4, {INT8OID, INT8OID, INT8OID, INT8OID}, PLAN_SIMPLE
};

#define END_COLUMNS(first, next) \
	first(END_CHANGED_AT, "g.at") \
	next(END_BEFORE, \
		 "(g.details OPERATOR(pg_catalog.->>) 'extended_from')::pg_catalog.timestamptz")

RESULT_COLUMNS(END_COLUMNS);

/* when a lot was given another end after the ledger row $3, and what it was then */
static const StudioQuery later_ends = {
	"SELECT" SELECT_LIST(END_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.lot_id OPERATOR(pg_catalog.=) $2"
	" AND g.id OPERATOR(pg_catalog.>) $3"
	" AND g.details OPERATOR(pg_catalog.?) 'extended_from' ORDER BY g.id",
	3, {INT8OID, INT8OID, INT8OID}
};

/*
 * Credits of a lot that expired unspent, less those that reversals have: of what was
 * gone unspent they have first what was revoked.
 */
static const StudioQuery lapsed_credits = {
	"SELECT x.lapsed OPERATOR(pg_catalog.-) GREATEST(x.claimed OPERATOR(pg_catalog.-) x.revoked, 0)"
	" FROM (SELECT COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)"
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{expiry,extension}')), 0) AS lapsed,"
	" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)"
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) 'revocation'), 0) AS revoked,"
	" COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) 'expired')::pg_catalog.int4)"
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement}')), 0) AS claimed"
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) $1"
	" AND g.lot_id OPERATOR(pg_catalog.=) $2"
	" AND g.kind OPERATOR(pg_catalog.=) ANY ('{expiry,extension,revocation,reversal,reinstatement}')) x",
	2, {INT8OID, INT8OID}
};

/*
 * Finds the ledger row by which a booking took its credits of a lot, before it was
 * exchanged however often; false if there is none.
 */
static bool
find_taken(Call *call, int64 user_id, int64 session_id, int64 lot_id, QueryRun run,
		   int64 *id, TimestampTz *at)
{
	*id = PG_INT64_MAX;
	*at = NO_TIME;
	while (session_id != NO_ID)
	{
		NullableDatum args[] = {arg_id(user_id), arg_id(session_id), arg_id(*id), arg_id(lot_id)};
		Rows		result = run(call, &find_taking, args);
		Rows		anew;
		bool		is_anew;

		if (result.nrows == 0)
			return false;
		anew = run(call, &find_anew, args);
		is_anew = anew.nrows > 0 &&
			(row_id(anew, 0, TAKING_ID) > row_id(result, 0, TAKING_ID) ||
			 row_id(anew, 0, TAKING_CALL_ID) == row_id(result, 0, TAKING_CALL_ID));
		if (is_anew)
			result = anew;
		*id = row_id(result, 0, TAKING_ID);
		*at = row_time(result, 0, TAKING_AT);
		session_id = is_anew ? NO_ID : row_id(result, 0, TAKING_FROM_SESSION);
	}
	return true;
}

/*
 * Returns whether a lot has ended since a session took a credit of it, and
 * until when the credit can be spent if the time that it had left begins now.
 */
static bool
ended_since(Call *call, const Account *account, const Lot *lot, int64 session_id,
			QueryRun run, TimestampTz *until)
{
	NullableDatum args[3];
	TimestampTz taken_at;
	TimestampTz end = lot->expires_at;
	bool		ended = lot_is_due(call, lot);
	int64		taken;
	Rows		result;

	if (lot->expires_at == NO_TIME ||
		!find_taken(call, account->user_id, session_id, lot->id, run, &taken, &taken_at))
		return false;
	args[0] = arg_id(account->user_id);
	args[1] = arg_id(lot->id);
	args[2] = arg_id(taken);
	result = run(call, &later_ends, args);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		TimestampTz before = row_time(result, i, END_BEFORE);

		if (i == 0)
			end = before;
		if (before != NO_TIME && before <= row_time(result, i, END_CHANGED_AT))
			ended = true;		/* it was opened again since */
	}
	if (!ended || (end != NO_TIME && end <= taken_at))
		return false;
	*until = end == NO_TIME ? NO_TIME : call->now + (end - taken_at);
	return true;
}

/* Finds out what becomes of credits that a session took of one lot. */
static void
judge_part(Call *call, Account *account, int64 session_id, bool by_studio,
		   QueryRun run, ReturnPart *part)
{
	const Lot  *lot = account_look_for_lot(call, account, part->lot_id, run);
	TimestampTz until;

	part->settle = Min(ledger_shortfall(call, account->user_id, lot->id, run), part->credits);
	if (part->settle == part->credits)
		return;
	part->expire = lot_is_due(call, lot);
	if (by_studio && ended_since(call, account, lot, session_id, run, &until) &&
		(until == NO_TIME || until > lot->expires_at))
	{
		part->expire = false;
		part->reopen = true;
		part->ended = lot->expires_at;
		part->ends = until;
	}
}

/* Finds out what becomes of what a session took, if it comes back. */
void
return_judge(Call *call, Account *account, int64 session_id, const Debit *debit,
			 bool by_studio, QueryRun run, Return *back)
{
	back->nparts = debit->nparts;
	back->parts = palloc0((debit->nparts + 1) * sizeof(ReturnPart));
	for (int i = 0; i < debit->nparts; i++)
	{
		ReturnPart *part = &back->parts[i];

		part->lot_id = debit->parts[i].lot_id;
		part->credits = debit->parts[i].credits;
		judge_part(call, account, session_id, by_studio, run, part);
		if (!part->expire)
			back->spendable += part->credits - part->settle;
	}
}

/* Returns how many credits of a lot expired unspent, and were not refunded. */
int32
return_lapsed(Call *call, const Account *account, const Lot *lot)
{
	NullableDatum args[] = {arg_id(account->user_id), arg_id(lot->id)};

	return Max(0, (int32) row_int(query_recheck(call, &lapsed_credits, args), 0, 1));
}

/* Writes what takes returned credits away again. */
static void
take_again(Call *call, Account *account, const char *kind, int64 lot_id, int32 credits)
{
	Entry		entry = NEW_ENTRY;

	if (credits <= 0)
		return;
	entry.kind = kind;
	entry.delta = -credits;
	entry.lot = account_lot(call, account, lot_id);
	entry.by_nobody = true;
	if (strcmp(kind, "reversal") == 0)
		entry.details = details_of(1, "shortfall", (int64) -credits);
	account_write(call, account, &entry);
}

/* Takes credits that came back to a lot for what refunds are owed of it. */
void
return_take_owed(Call *call, Account *account, int64 lot_id, int32 credits)
{
	take_again(call, account, "reversal", lot_id, credits);
}

/* Takes away again what came back to a lot that is owed them, or has ended. */
static void
settle(Call *call, Account *account, int64 lot_id, int32 credits, int32 owed, bool expire)
{
	take_again(call, account, "reversal", lot_id, owed);
	if (expire)
		take_again(call, account, "expiry", lot_id, credits - owed);
}

/* Likewise of credits that came back otherwise than by return_write(). */
void
return_settle(Call *call, Account *account, int64 lot_id, int32 credits)
{
	int32		owed = ledger_shortfall(call, account->user_id, lot_id, query_recheck);

	settle(call, account, lot_id, credits, Min(owed, credits),
		   lot_is_due(call, account_lot(call, account, lot_id)));
}

/*
 * Returns the details of a row by which credits come back to a lot, or none do:
 * what was taken, what of it can be spent again, and the lot's end if it changes.
 */
Datum
return_details(const Return *back, const ReturnPart *part)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"charged\": %d, \"returned\": %d",
					 back->charged, back->spendable);
	if (part && part->reopen)
	{
		appendStringInfoString(&json, ", ");
		details_append_extension(&json, part->ended, part->ends);
	}
	else
		appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * Writes down that credits come back to one lot, which may end later for them,
 * and what is taken away of them again.  Returns the row's id.
 */
int64
return_write(Call *call, Account *account, Entry *entry, const ReturnPart *part)
{
	int64		id;

	entry->lot = account_lot(call, account, part->lot_id);
	entry->delta = part->credits;
	if (part->reopen)
		account_end_lot(call, account, entry->lot, part->ends);
	id = account_write(call, account, entry);
	settle(call, account, part->lot_id, part->credits, part->settle, part->expire);
	return id;
}
