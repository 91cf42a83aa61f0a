/*-------------------------------------------------------------------------
 *
 * setup_comments.c
 *	  What \d+ says of the columns of a studio's tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "owner/setup.h"

typedef struct ColumnComment
{
	StudioTable table;
	const char *column;
	const char *comment;
} ColumnComment;

static const ColumnComment own_comments[] = {
	{TABLE_USERS, "id", "a person"},
	{TABLE_USERS, "first_name", "his first name"},
	{TABLE_USERS, "last_name", "his last name"},
	{TABLE_USERS, "email", "his e-mail address, unique however it is written"},
	{TABLE_USERS, "role", "client, trainer, staff or admin"},
	{TABLE_USERS, "available_sessions", "the balance, written by swanalloc"},
	{TABLE_USERS, "created_at", "when the account was made"},

	{TABLE_SESSIONS, "id", "a slot, or the booking of one"},
	{TABLE_SESSIONS, "user_id", "the client; NULL while the slot is open"},
	{TABLE_SESSIONS, "trainer_id", "the trainer"},
	{TABLE_SESSIONS, "status", "available, scheduled, confirmed, completed or cancelled"},
	{TABLE_SESSIONS, "session_date", "the start; a row without one is not a slot"},
	{TABLE_SESSIONS, "duration", "minutes"},
	{TABLE_SESSIONS, "notes", "the application's"},
	{TABLE_SESSIONS, "booked_at", "when it was booked"},
	{TABLE_SESSIONS, "session_deducted", "a credit was taken and not returned"},
	{TABLE_SESSIONS, "confirmed", "for backends that read it; see status"},
	{TABLE_SESSIONS, "class_id", "the class it is a place of: the id of that one's first row; NULL: of none"},
	{TABLE_SESSIONS, "cost", "credits that booking it takes"},
	{TABLE_SESSIONS, "credits", "credits that were taken and not returned; NULL, of a booking that an earlier version made: session_deducted says so"},
	{TABLE_SESSIONS, "kind", "what sort of session it is, for credits that are not good for all; NULL: no sort of its own"},
};

static const ColumnComment our_comments[] = {
	{TABLE_LEDGER, "id", "ascending in time for each client"},
	{TABLE_LEDGER, "user_id", "the client"},
	{TABLE_LEDGER, "delta", "change of the balance"},
	{TABLE_LEDGER, "balance_after", "that of the client's previous row, and delta"},
	{TABLE_LEDGER, "kind", "what happened"},
	{TABLE_LEDGER, "session_id", "the session it is about"},
	{TABLE_LEDGER, "from_session_id", "the session a booking was moved from"},
	{TABLE_LEDGER, "lot_id", "the lot that credits went into or came from"},
	{TABLE_LEDGER, "reason", "why, as the caller said"},
	{TABLE_LEDGER, "actor_id", "the acting person; NULL for system and direct writes"},
	{TABLE_LEDGER, "db_role", "the calling database role"},
	{TABLE_LEDGER, "key", "the idempotency key"},
	{TABLE_LEDGER, "payment_ref", "the payment"},
	{TABLE_LEDGER, "item", "the item paid for"},
	{TABLE_LEDGER, "call_id", "the id of the call's first row"},
	{TABLE_LEDGER, "details", "what else is known"},
	{TABLE_LEDGER, "at", "when it was written, under the client's lock"},
	{TABLE_LEDGER, "xid", "the transaction that wrote it"},
	{TABLE_LEDGER, "totals", "up to this row: purchased, taken, sessions scheduled, confirmed, completed, cancelled, and no-shows; NULL: not counted"},
	{TABLE_LEDGER, "suspended", "from this row on: the time in which the client books nothing; NULL: none"},

	{TABLE_LOTS, "id", "the id of the ledger row that made it"},
	{TABLE_LOTS, "user_id", "the client"},
	{TABLE_LOTS, "source", "the kind of that row"},
	{TABLE_LOTS, "granted", "credits it began with"},
	{TABLE_LOTS, "remaining", "credits left"},
	{TABLE_LOTS, "expires_at", "when they expire; NULL: never"},
	{TABLE_LOTS, "payment_ref", "the payment"},
	{TABLE_LOTS, "item", "the item paid for"},
	{TABLE_LOTS, "amount_minor", "what was paid, in the currency's smallest unit"},
	{TABLE_LOTS, "currency", "the currency of amount_minor"},
	{TABLE_LOTS, "swept", "it has expired, and the balance knows"},
	{TABLE_LOTS, "valid_for", "for how long its credits can be spent, from its first booking on; NULL: it has begun, or expires_at is all"},
	{TABLE_LOTS, "good_for", "the kinds of session that its credits are good for; NULL: all"},

	{TABLE_HOLDS, "session_id", "the slot"},
	{TABLE_HOLDS, "user_id", "for whom it is kept"},
	{TABLE_HOLDS, "until", "how long"},
	{TABLE_HOLDS, "since", "when he first held it, of the holds that follow each other"},
};

static const ColumnComment waits_comments[] = {
	{TABLE_WAITS, "session_id", "the slot, or the class"},
	{TABLE_WAITS, "user_id", "the client"},
	{TABLE_WAITS, "id", "the id of the ledger row that says so; the order in the line"},
	{TABLE_WAITS, "since", "when he came"},
	{TABLE_WAITS, "auto", "shall swan_promote() book for him?"},
	{TABLE_WAITS, "offered_from", "when his turn begins; NULL: nothing is open"},
	{TABLE_WAITS, "offered_until", "when it ends"},
	{TABLE_WAITS, "told", "the ledger says that it is his turn"},
	{TABLE_WAITS, "refused", "why he could not be booked for; NULL: nobody tried"},
	{TABLE_WAITS, "tried", "when that was"},
};

/* Returns how a column is called: one of sessions that came later may have another name. */
static const char *
column_name(Studio *studio, const ColumnComment *comment)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		if (studio_column_defs[i].later && studio_column_defs[i].table == comment->table &&
			strcmp(studio_column_defs[i].name, comment->column) == 0)
			return studio->columns[i].name;
	}
	return comment->column;
}

/*
 * Writes a list of comments on the columns of a studio's tables.  What somebody
 * has said of one before stays, and so does what the owner has taken away.
 */
static void
comment_columns(Call *call, Studio *studio, const ColumnComment *comments, int n)
{
	for (int i = 0; i < n; i++)
	{
		Oid			relid = studio->tables[comments[i].table];
		const char *name = column_name(studio, &comments[i]);
		AttrNumber	attnum;

		if (OidIsValid(relid))	/* not one in the making */
		{
			attnum = name ? get_attnum(relid, name) : InvalidAttrNumber;
			if (attnum == InvalidAttrNumber || GetComment(relid, RelationRelationId, attnum) != NULL)
				continue;
		}
		sql_utility(call,
					psprintf("COMMENT ON COLUMN %s.%s IS %s",
							 studio->table_names[comments[i].table],
							 quote_identifier(name),
							 quote_literal_cstr(comments[i].comment)));
	}
}

/* Says what the columns of the two tables are that an application would bring. */
void
setup_comment_own(Call *call, Studio *studio)
{
	comment_columns(call, studio, own_comments, lengthof(own_comments));
}

/* Says what the columns of our tables are. */
void
setup_comment_ours(Call *call, Studio *studio)
{
	comment_columns(call, studio, our_comments, lengthof(our_comments));
}

/* Likewise of the table of those who wait. */
void
setup_comment_waits(Call *call, Studio *studio)
{
	comment_columns(call, studio, waits_comments, lengthof(waits_comments));
}
