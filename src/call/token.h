/*-------------------------------------------------------------------------
 *
 * token.h
 *	  How a guard trigger knows the engine's own statements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_TOKEN_H
#define SWAN_TOKEN_H

#include "swanalloc.h"

#include "nodes/nodes.h"

/* guarded columns of a row: of users the first, of sessions all */
typedef enum GuardedColumn
{
	GUARDED_BALANCE = 0,
	GUARDED_USER_ID = 0,
	GUARDED_TRAINER_ID,
	GUARDED_STATUS,
	GUARDED_DEDUCTED,
	GUARDED_DATE,
	GUARDED_DURATION,
	GUARDED_CLASS_ID,
	GUARDED_CREDITS
} GuardedColumn;
#define GUARDED_NCOLUMNS (GUARDED_CREDITS + 1)

/* what a row was or became, as far as it is guarded */
typedef struct RowImage
{
	int64		id;				/* NO_ID of a row to be inserted */
	int64		guarded[GUARDED_NCOLUMNS];
} RowImage;

typedef struct TokenEntry
{
	RowImage	before;			/* of UPDATE and DELETE */
	RowImage	after;			/* of INSERT and UPDATE */
	bool		used;
} TokenEntry;

typedef struct Token Token;

extern Token *token_push(Oid relid, CmdType command,
						 const TokenEntry *entries, int nentries);
extern void token_pop(Token *token);
extern bool token_covers_statement(Oid relid, CmdType command);
extern bool token_has_rows(void);
extern bool token_takes_row(Oid relid, CmdType command,
							const RowImage *before, const RowImage *after);
extern void token_abort(SubTransactionId subid);

#endif							/* SWAN_TOKEN_H */
