/*-------------------------------------------------------------------------
 *
 * setup_comments.c
 *	  What \d+ says of the columns of a studio's tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "owner/setup.h"

typedef struct ColumnComment
{
	const char *table;
	const char *column;
	const char *comment;
} ColumnComment;

static const ColumnComment own_comments[] = {
	{"users", "id", "a person"},
	{"users", "first_name", "his first name"},
	{"users", "last_name", "his last name"},
	{"users", "email", "his e-mail address, unique however it is written"},
	{"users", "role", "client, trainer, staff or admin"},
	{"users", "available_sessions", "the balance, written by swanalloc"},
	{"users", "created_at", "when the account was made"},

	{"sessions", "id", "a slot, or the booking of one"},
	{"sessions", "user_id", "the client; NULL while the slot is open"},
	{"sessions", "trainer_id", "the trainer"},
	{"sessions", "status", "available, scheduled, confirmed, completed or cancelled"},
	{"sessions", "session_date", "the start; a row without one is not a slot"},
	{"sessions", "duration", "minutes"},
	{"sessions", "notes", "the application's"},
	{"sessions", "booked_at", "when it was booked"},
	{"sessions", "session_deducted", "a credit was taken and not returned"},
	{"sessions", "confirmed", "for backends that read it; see status"},
};

static const ColumnComment our_comments[] = {
	{"swan_ledger", "id", "ascending in time for each client"},
	{"swan_ledger", "user_id", "the client"},
	{"swan_ledger", "delta", "change of the balance"},
	{"swan_ledger", "balance_after", "that of the client's previous row, and delta"},
	{"swan_ledger", "kind", "what happened"},
	{"swan_ledger", "session_id", "the session it is about"},
	{"swan_ledger", "from_session_id", "the session a booking was moved from"},
	{"swan_ledger", "lot_id", "the lot that credits went into or came from"},
	{"swan_ledger", "reason", "why, as the caller said"},
	{"swan_ledger", "actor_id", "the acting person; NULL for system and direct writes"},
	{"swan_ledger", "db_role", "the calling database role"},
	{"swan_ledger", "key", "the idempotency key"},
	{"swan_ledger", "payment_ref", "the payment"},
	{"swan_ledger", "item", "the item paid for"},
	{"swan_ledger", "call_id", "the id of the call's first row"},
	{"swan_ledger", "details", "what else is known"},
	{"swan_ledger", "at", "when it was written, under the client's lock"},
	{"swan_ledger", "xid", "the transaction that wrote it"},

	{"swan_lots", "id", "the id of the ledger row that made it"},
	{"swan_lots", "user_id", "the client"},
	{"swan_lots", "source", "the kind of that row"},
	{"swan_lots", "granted", "credits it began with"},
	{"swan_lots", "remaining", "credits left"},
	{"swan_lots", "expires_at", "when they expire; NULL: never"},
	{"swan_lots", "payment_ref", "the payment"},
	{"swan_lots", "item", "the item paid for"},
	{"swan_lots", "amount_minor", "what was paid, in the currency's smallest unit"},
	{"swan_lots", "currency", "the currency of amount_minor"},
	{"swan_lots", "swept", "it has expired, and the balance knows"},

	{"swan_holds", "session_id", "the slot"},
	{"swan_holds", "user_id", "for whom it is kept"},
	{"swan_holds", "until", "how long"},
};

/* Writes a list of comments on the columns of tables in one schema. */
static void
comment_columns(Call *call, const char *schema, const ColumnComment *comments, int n)
{
	for (int i = 0; i < n; i++)
		sql_utility(call,
					psprintf("COMMENT ON COLUMN %s.%s.%s IS %s",
							 quote_identifier(schema), comments[i].table,
							 quote_identifier(comments[i].column),
							 quote_literal_cstr(comments[i].comment)));
}

/* Says what the columns of the two tables are that an application would bring. */
void
setup_comment_own(Call *call, const char *schema)
{
	comment_columns(call, schema, own_comments, lengthof(own_comments));
}

/* Says what the columns of our three tables are. */
void
setup_comment_ours(Call *call, const char *schema)
{
	comment_columns(call, schema, our_comments, lengthof(our_comments));
}
