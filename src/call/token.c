/*-------------------------------------------------------------------------
 *
 * token.c
 *	  How a guard trigger knows the engine's own statements.
 *
 * A flag that says "the engine is at work" would bless whatever the
 * application's triggers do meanwhile, and would have to survive errors.
 * Instead the engine puts down a token for one statement: which relation,
 * which command, at which trigger depth, in which subtransaction, and what
 * exactly happens to which rows.  Every row event takes one entry away; what
 * is left when the statement ends, or when its subtransaction aborts, is
 * dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "call/token.h"

struct Token
{
	Oid			relid;
	CmdType		command;
	SubTransactionId subid;
	int			depth;			/* of triggers, when it was put down */
	int			nentries;
	int			first_unused;
	TokenEntry *entries;		/* in the order of their ids */
	Token	   *below;
};

static Token *top_token = NULL;

/* Returns how many triggers this backend is inside of. */
static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* Compares two entries by the id of their row, for qsort(). */
static int
compare_entries(const void *a, const void *b)
{
	int64		x = ((const TokenEntry *) a)->before.id;
	int64		y = ((const TokenEntry *) b)->before.id;

	return x < y ? -1 : x > y;
}

/* Puts down a token for the statement that is about to run. */
Token *
token_push(Oid relid, CmdType command, const TokenEntry *entries, int nentries)
{
	MemoryContext old = MemoryContextSwitchTo(CurTransactionContext);
	Token	   *token = palloc0(sizeof(Token));

	token->relid = relid;
	token->command = command;
	token->subid = GetCurrentSubTransactionId();
	token->depth = trigger_depth();
	token->nentries = nentries;
	if (nentries > 0)
	{
		token->entries = palloc(nentries * sizeof(TokenEntry));
		memcpy(token->entries, entries, nentries * sizeof(TokenEntry));
		if (command != CMD_INSERT)
			qsort(token->entries, nentries, sizeof(TokenEntry), compare_entries);
	}
	token->below = top_token;
	top_token = token;

	MemoryContextSwitchTo(old);
	return token;
}

/* Takes the token up again once its statement is over. */
void
token_pop(Token *token)
{
	Assert(token == top_token);
	top_token = token->below;
	if (token->entries)
		pfree(token->entries);
	pfree(token);
}

/*
 * Returns whether the trigger that asks was fired by the very statement that
 * the topmost token is for.  A statement of another trigger, even on the same
 * table, is deeper.
 */
bool
token_covers_statement(Oid relid, CmdType command)
{
	return top_token != NULL &&
		top_token->relid == relid &&
		top_token->command == command &&
		top_token->subid == GetCurrentSubTransactionId() &&
		top_token->depth + 1 == trigger_depth();
}

/* Returns whether the topmost token announces rows, or only that others are written. */
bool
token_has_rows(void)
{
	return top_token->nentries > 0;
}

/* Returns whether two images agree in everything that is guarded. */
static bool
same_guarded(const RowImage *a, const RowImage *b)
{
	return memcmp(a->guarded, b->guarded, sizeof(a->guarded)) == 0;
}

/* Returns the first entry that may be about a row, or the end. */
static int
first_candidate(const RowImage *before)
{
	int			low = top_token->first_unused;
	int			high = top_token->nentries;

	while (before && low < high)
	{
		int			middle = low + (high - low) / 2;

		if (top_token->entries[middle].before.id < before->id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns whether the engine announced this row event, and uses that up. */
bool
token_takes_row(Oid relid, CmdType command,
				const RowImage *before, const RowImage *after)
{
	if (!token_covers_statement(relid, command))
		return false;

	for (int i = first_candidate(before); i < top_token->nentries; i++)
	{
		TokenEntry *entry = &top_token->entries[i];

		if (before && entry->before.id != before->id)
			return false;
		if (entry->used ||
			(before && !same_guarded(&entry->before, before)) ||
			(before && after && entry->after.id != after->id) ||
			(after && !same_guarded(&entry->after, after)))
			continue;
		entry->used = true;
		while (top_token->first_unused < top_token->nentries &&
			   top_token->entries[top_token->first_unused].used)
			top_token->first_unused++;
		return true;
	}
	return false;
}

/*
 * Drops the tokens of an aborted subtransaction, or of the whole transaction.
 * Their memory is the subtransaction's, and goes with it.
 */
void
token_abort(SubTransactionId subid)
{
	while (top_token != NULL && top_token->subid >= subid)
		top_token = top_token->below;
}
