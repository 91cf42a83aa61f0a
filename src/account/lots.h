/*-------------------------------------------------------------------------
 *
 * lots.h
 *	  Writing the lots of an account that is open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LOTS_H
#define SWAN_LOTS_H

#include "account/ledger.h"

/*
 * In SQL, of a lot l with ledger rows g: credits that went to another client, where they are a lot
 * of their own, and what was paid for so many.  The one who has the last of them has what
 * rounding left, so that of all parts together no amount is lost.
 */
#define HANDED_ON \
	"COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)" \
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) 'transfer'" \
	" AND g.delta OPERATOR(pg_catalog.<) 0), 0)"
#define AMOUNT_OF(credits) \
	"pg_catalog.trunc(l.amount_minor::pg_catalog.numeric OPERATOR(pg_catalog.*) " credits \
	" OPERATOR(pg_catalog./) l.granted)::pg_catalog.int8"
#define AMOUNT_KEPT \
	"l.amount_minor OPERATOR(pg_catalog.-) " AMOUNT_OF(HANDED_ON)

extern void account_interfered(Call *call, StudioTable table, int64 user_id);
extern bool lot_create(Call *call, Account *account, const Entry *entry, int64 id);
extern void lot_move(Call *call, Account *account, Lot *lot, int32 delta);
extern bool lot_begins(const Entry *entry);
extern Datum lot_begin(Call *call, Account *account, const Entry *entry);
extern void account_end_lot(Call *call, Account *account, Lot *lot,
							TimestampTz expires_at);

#endif							/* SWAN_LOTS_H */
