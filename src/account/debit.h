/*-------------------------------------------------------------------------
 *
 * debit.h
 *	  What a session has taken of its client's lots, and nobody has returned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DEBIT_H
#define SWAN_DEBIT_H

#include "account/ledger.h"

/* the kinds of ledger rows that say what a session has taken */
#define SESSION_DEBIT_KINDS \
	"{booking,reschedule,cancellation,correction,charge,waiver,merge}"

/*
 * How many credits a session has of the lot of a ledger row from that row on, in
 * SQL, and how many of all lots that the row's call is about.
 */
#define ROW_HAS(row) \
	"CASE WHEN " row ".lot_id IS NULL THEN 0 ELSE COALESCE(" \
	"(" row ".details OPERATOR(pg_catalog.->>) 'credits')::pg_catalog.int4," \
	" CASE WHEN " row ".delta OPERATOR(pg_catalog.<) 0" \
	" THEN OPERATOR(pg_catalog.-) " row ".delta ELSE 1 END) END"
#define ROW_HAS_OF_ALL(row) \
	"COALESCE((" row ".details OPERATOR(pg_catalog.->>) 'of')::pg_catalog.int4, " ROW_HAS(row) ")"

/*
 * What a client's session owes, in SQL: what debit_find() reads of the last row that
 * speaks of what it has.
 */
#define OWED_BY(user, session) \
	"COALESCE((SELECT CASE WHEN d.kind OPERATOR(pg_catalog.<>) 'cancellation'" \
	" AND d.session_id OPERATOR(pg_catalog.=) " session \
	" THEN (d.details OPERATOR(pg_catalog.->>) 'owes')::pg_catalog.int4 END" \
	" FROM {ledger} d WHERE d.user_id OPERATOR(pg_catalog.=) " user \
	" AND (d.session_id OPERATOR(pg_catalog.=) " session \
	" OR d.from_session_id OPERATOR(pg_catalog.=) " session ")" \
	" AND d.kind OPERATOR(pg_catalog.=) ANY ('" SESSION_DEBIT_KINDS "')" \
	" AND (d.kind OPERATOR(pg_catalog.<>) 'cancellation' OR d.delta OPERATOR(pg_catalog.<>) 0" \
	" OR d.details OPERATOR(pg_catalog.?) 'owes')" \
	" ORDER BY d.id DESC LIMIT 1), 0)"

/* credits of one lot */
typedef struct DebitPart
{
	int64		lot_id;
	int32		credits;
} DebitPart;

typedef struct Debit
{
	int32		credits;		/* of all parts */
	int32		owed;			/* what it shall take yet */
	bool		gratis;			/* did it cost nothing, when it was booked? */
	int			nparts;
	DebitPart  *parts;
} Debit;

extern void debit_add_part(Debit *debit, int64 lot_id, int32 credits);
extern Debit debit_find(Call *call, int64 user_id, int64 session_id, QueryRun run);
extern Debit debit_of_key(Call *call, int64 user_id, const KeyedRow *row, const char *kind,
						  int32 *available);
extern int64 debit_change(Call *call, Account *account, Entry *entry, const Debit *had,
						  int32 credits, const Debit *before, const char *kind);
extern int64 debit_add(Call *call, Account *account, Entry *entry, const Debit *had,
					   int32 credits, const char *kind);
extern int64 debit_take(Call *call, Account *account, Entry *entry, int32 credits,
						const char *kind);
extern int32 debit_good(Call *call, Account *account, const Debit *debit, const char *kind,
						QueryRun run);
extern int64 debit_carry(Call *call, Account *account, Entry *entry, const Debit *debit);
extern Datum debit_price(Datum details, int32 price, int32 taken);
extern Datum debit_owes(Datum details, int32 owed);

#endif							/* SWAN_DEBIT_H */
