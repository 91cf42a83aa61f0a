/*-------------------------------------------------------------------------
 *
 * refund.c
 *	  What an amount of money that was refunded is worth in credits.
 *
 * A provider reports how much of a payment is refunded by now, all in all.  What
 * that is worth depends on nothing but the amount: never fewer credits of any
 * item for more money.  So reports may come twice, or in any order, and what was
 * taken in the end is what the largest is worth.
 *
 * Credits are taken evenly from the items, the k-th of n when it is the turn of
 * what is k/n of its item, for as long as the price of all of them is not more
 * than the amount.  The price of one is its item's amount by its credits; so sums
 * are made over the product of those numbers, and are exact.  Those of an item that
 * went to another client are still of that item: for whoever has them what is
 * refunded is worth the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/error.h"
#include "write/refund.h"

/* an item, or a lot of one, of which credits are taken in turn */
typedef struct Turn
{
	const char *item;
	int32		granted;
	int64		amount;			/* what was paid for it */
	int64		money;			/* and what of that is refunded */
	bool		counts;			/* is it one of those that take turns? */
	int32		credits;		/* that are taken */
} Turn;

/* Returns the amount that is refunded by now, or NO_ID. */
int64
refund_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NO_ID;
	if (PG_GETARG_INT64(n) < 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("refunded_minor must not be negative")));
	return PG_GETARG_INT64(n);
}

/*
 * Returns what was paid for the items of a payment.  Refuses those of which that
 * cannot be said, or not in one currency.
 */
static int64
total_amount(const Payment *payment)
{
	int64		total = 0;

	for (int i = 0; i < payment->nlots; i++)
	{
		const PaidLot *lot = &payment->lots[i];
		const char *currency = lot->currency ? lot->currency : "";
		const char *first = payment->lots[0].currency ? payment->lots[0].currency : "";

		if (lot->amount == NO_ID)
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("item \"%s\" of payment \"%s\" has no amount", lot->item, payment->ref),
					 errhint("Say how many credits are refunded, by n, or none for all of them.")));
		if (strcmp(currency, first) != 0)
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("the items of payment \"%s\" have amounts of several currencies",
							payment->ref),
					 errhint("Say which item is refunded.")));
		if (pg_add_s64_overflow(total, lot->amount, &total))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount out of range")));
	}
	return total;
}

/* Returns a number as what the functions of numeric take. */
static Datum
number(int64 n)
{
	return NumericGetDatum(int64_to_numeric(n));
}

/* Returns the part of n that x is of a total, rounded down. */
static int64
part_of(int64 n, int64 x, int64 total)
{
	Datum		product = DirectFunctionCall2(numeric_mul, number(n), number(x));

	return DatumGetInt64(DirectFunctionCall1(numeric_int8,
											 DirectFunctionCall2(numeric_div_trunc, product,
																 number(total))));
}

/* Returns whose turn it is to have a credit taken, or -1. */
static int
next_in_turn(const Turn *turns, int n)
{
	int			next = -1;

	for (int i = 0; i < n; i++)
	{
		if (turns[i].counts && turns[i].credits < turns[i].granted &&
			(next < 0 ||
			 (turns[i].credits + INT64CONST(1)) * turns[next].granted <
			 (turns[next].credits + INT64CONST(1)) * turns[i].granted))
			next = i;
	}
	return next;
}

/*
 * Returns the items of a payment, each with all of its lots: what went to another
 * client is still of the item, and worth what it was.
 */
static Turn *
list_items(const Payment *payment, int *n)
{
	Turn	   *items = palloc0(payment->nlots * sizeof(Turn));

	*n = 0;
	for (int i = 0; i < payment->nlots; i++)
	{
		const PaidLot *lot = &payment->lots[i];
		int			item = 0;

		while (item < *n && strcmp(items[item].item, lot->item) != 0)
			item++;
		if (item == *n)
			items[(*n)++].item = lot->item;
		items[item].granted += lot->granted;
		items[item].amount += lot->amount;
		items[item].money += lot->has.money;
		items[item].counts = items[item].amount > 0;
	}
	return items;
}

/* Says how many credits of each item the amount refunded is worth, if it is not all. */
static void
count_credits(const Payment *payment, int64 total, Turn *items, int n)
{
	Datum	   *prices = palloc(n * sizeof(Datum));
	Datum		product = number(1);
	Datum		left;
	int			i;

	for (i = 0; i < n; i++)
		product = DirectFunctionCall2(numeric_mul, product, number(items[i].granted));
	for (i = 0; i < n; i++)
		prices[i] = DirectFunctionCall2(numeric_mul, number(items[i].amount),
										DirectFunctionCall2(numeric_div_trunc, product,
															number(items[i].granted)));
	left = DirectFunctionCall2(numeric_mul, number(payment->refunded), product);
	while ((i = next_in_turn(items, n)) >= 0 &&
		   DatumGetBool(DirectFunctionCall2(numeric_le, prices[i], left)))
	{
		CHECK_FOR_INTERRUPTS();
		left = DirectFunctionCall2(numeric_sub, left, prices[i]);
		items[i].credits++;
	}

	/* what cost nothing goes in proportion */
	for (i = 0; i < n; i++)
	{
		if (items[i].amount == 0)
			items[i].credits = part_of(items[i].granted, payment->refunded, total);
	}
}

/* Takes the credits of an item evenly from its lots. */
static void
divide_item(const Payment *payment, const Turn *item, int32 *credits)
{
	Turn	   *lots = palloc0(payment->nlots * sizeof(Turn));

	for (int i = 0; i < payment->nlots; i++)
	{
		lots[i].granted = payment->lots[i].granted;
		lots[i].counts = strcmp(payment->lots[i].item, item->item) == 0;
	}
	for (int32 n = 0; n < item->credits; n++)
		lots[next_in_turn(lots, payment->nlots)].credits++;
	for (int i = 0; i < payment->nlots; i++)
		credits[i] += lots[i].credits;
}

/*
 * Notes that so much more of an item is refunded, for each lot in proportion; where one has more
 * than that already, since it was not divided yet, for those that can have it.
 */
static void
divide_money_of_item(Payment *payment, const Turn *item, int64 more)
{
	int64		refunded = item->money + more;

	for (int pass = 0; pass < 2; pass++)
	{
		int64		before = 0;

		for (int i = 0; i < payment->nlots && more > 0; i++)
		{
			PaidLot    *lot = &payment->lots[i];
			int64		share = lot->amount;
			int64		part;

			if (strcmp(lot->item, item->item) != 0)
				continue;
			if (pass == 0)
				share = part_of(before + lot->amount, refunded, item->amount) -
					part_of(before, refunded, item->amount);
			before += lot->amount;
			part = Min(more, Max(0, share - lot->has.money - lot->more.money));
			lot->more.money += part;
			more -= part;
		}
	}
}

/* Notes which part of the amount refunded is new, and for which items it was paid. */
static void
divide_money(Payment *payment, int64 total, const Turn *items, int n)
{
	int64		refunded = Min(payment->refunded, total);
	int64		before = 0;		/* what the items up to this one cost */
	int64		left = refunded;

	for (int i = 0; i < n; i++)
		left -= items[i].money;
	for (int i = 0; i < n && left > 0; i++)
	{
		int64		share = part_of(before + items[i].amount, refunded, total) -
		part_of(before, refunded, total);
		int64		more = Min(left, Max(0, share - items[i].money));

		before += items[i].amount;
		divide_money_of_item(payment, &items[i], more);
		left -= more;
	}
}

/*
 * Says how many credits more are to be taken of each item, now that so much of
 * the payment is refunded, and returns how many in all.
 */
int32
refund_divide(Payment *payment, int32 *credits)
{
	int64		total = total_amount(payment);
	int64		left = 0;
	int64		n = 0;
	Turn	   *items;
	int			nitems;

	memset(credits, 0, payment->nlots * sizeof(int32));
	if (payment->refunded == 0)
		return 0;
	items = list_items(payment, &nitems);
	if (payment->refunded < total)
	{
		count_credits(payment, total, items, nitems);
		for (int i = 0; i < nitems; i++)
			divide_item(payment, &items[i], credits);
	}
	else
	{
		for (int i = 0; i < payment->nlots; i++)
			credits[i] = payment->lots[i].granted;
	}
	if (total > 0)
		divide_money(payment, total, items, nitems);

	for (int i = 0; i < payment->nlots; i++)
		left += credits[i] - share_credits(&payment->lots[i].has);
	for (int i = 0; i < payment->nlots; i++)
	{
		credits[i] = Max(0, credits[i] - share_credits(&payment->lots[i].has));
		credits[i] = Max(0, Min(left, credits[i]));
		left -= credits[i];
		n += credits[i];
	}
	return n;
}
