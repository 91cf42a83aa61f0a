/*-------------------------------------------------------------------------
 *
 * halves.h
 *	  What a transaction has written directly to both tables of a studio.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_HALVES_H
#define SWAN_HALVES_H

#include "account/account.h"
#include "account/debit.h"

/* a session that asks for credits, or gives some back */
typedef struct Claim
{
	int64		session_id;
	SlotStatus	status;
	const char *kind;			/* of the session, or NULL */
	bool		keeps_receipt;	/* does its row say still that it took some? */
	int32		credits;
	Debit		debit;			/* where they go back to */
} Claim;

/* What a client's transaction did to both tables, oldest first. */
typedef struct Halves
{
	uint64		nrows;			/* in "rows", newest first */
	Rows		rows;
	int			nclaims;
	Claim	   *claims;
} Halves;

/* claims that stand next to each other, or none */
typedef struct Run
{
	int			first;
	int			n;
} Run;

extern Halves halves_read(Call *call, Account *account, int32 credit);
extern Run	halves_run(const Halves *halves, int64 credits);
extern int64 halves_movement(Call *call, Account *account, const Halves *halves,
							 int32 credit, Run *run);
extern Debit halves_lots(const Halves *halves, int64 call_id);

#endif							/* SWAN_HALVES_H */
