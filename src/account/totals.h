/*-------------------------------------------------------------------------
 *
 * totals.h
 *	  What a client's ledger and sessions come to, kept in his ledger rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_TOTALS_H
#define SWAN_TOTALS_H

#include "slot/slot.h"

/*
 * The places of the totals in the array, from 1 on.  A new one is added at the
 * end: rows that have fewer are not counted yet.
 */
#define TOTAL_PURCHASED		1	/* sum of delta of PURCHASED_KINDS */
#define TOTAL_DEBITS		2	/* sum of -delta of DEBIT_KINDS */
#define TOTAL_SCHEDULED		3	/* dated sessions of that status, and so on */
#define TOTAL_CONFIRMED		4
#define TOTAL_COMPLETED		5
#define TOTAL_CANCELLED		6
#define TOTAL_MISSED		7	/* no-shows that the ledger tells of */
#define NTOTALS				7

/* kinds of ledger rows, as the text of an array */
#define PURCHASED_KINDS \
	"{opening,grant,purchase,reinstatement,reversal,revocation,transfer,external}"
#define DEBIT_KINDS		"{booking,cancellation,reschedule,correction,charge,waiver,usage,merge}"

/* one of the totals of the ledger row g, in SQL, and whether all are known there */
#define TOTAL_OF_G(place)	"{g.totals}[" CppAsString2(place) "]"
#define G_HAS_TOTALS \
	TOTAL_OF_G(NTOTALS) " IS NOT NULL AND g.id OPERATOR(pg_catalog.>) {counted_from}"

/* what the ledger rows g of some kinds come to, in SQL */
#define SUM_OF_G(sign, kinds) \
	"COALESCE(" sign "pg_catalog.sum(g.delta)" \
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('" kinds "')), 0)"

/* how many of the sessions s have a status, in SQL */
#define COUNT_OF_S(status) \
	"pg_catalog.count(*) FILTER (WHERE {s.status:" status "})"

/* the last id that the ledger has given to a row, or 0 */
#define TOTALS_LAST_ID \
	"SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END" \
	" FROM {schema}.swan_ledger_id_seq q"

typedef struct Totals
{
	bool		known;
	bool		looked;			/* nothing more can be known in this call */
	bool		unwritten;		/* not in a ledger row yet */
	int32		n[NTOTALS + 1]; /* by place; the first is not used */
} Totals;

extern void totals_of_row(Studio *studio, Rows result, uint64 row,
						  int id_column, int totals_column, Totals *totals);
extern void totals_unknown(Totals *totals);
extern void totals_count(Call *call, int64 user_id, bool has_ledger, Totals *totals);
extern void totals_move(Totals *totals, const char *kind, int32 delta);
extern void totals_missed(Totals *totals, int32 n);
extern void totals_session(Totals *totals, int64 user_id,
						   const Slot *old, const Slot *new);
extern NullableDatum totals_arg(const Totals *totals);

#endif							/* SWAN_TOTALS_H */
