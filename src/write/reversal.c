/*-------------------------------------------------------------------------
 *
 * reversal.c
 *	  Payments that are taken back.
 *
 * A reversal takes what is left of the lots of its payment.  What expired
 * unspent or was revoked is gone already; what was spent is owed: the shortfall, kept in the
 * ledger's details.  A credit that comes back to such a lot later settles it, see
 * returning.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"

#include "base/error.h"
#include "studio/actor.h"
#include "write/refund.h"

PG_FUNCTION_INFO_V1(swan_reverse_0_2);

/*
 * Divides a reversal of n credits among the lots, no more of each than its limit:
 * first what can be taken, then what is gone unspent, and what was spent has to be
 * owed.  Returns what nobody can be asked for.
 */
static int32
divide_reversal(Call *call, Payment *payment, const int32 *limits, int32 n)
{
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *paid = &payment->lots[i];
		Lot		   *lot = account_lot(call, &paid->payer->account, paid->id);

		paid->more.taken = Min(n, Min(limits[i], lot->remaining));
		n -= paid->more.taken;
	}
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *paid = &payment->lots[i];
		int32		lapsed = Max(0, paid->lapsed - paid->has.expired);

		paid->more.expired = Min(n, Min(limits[i] - paid->more.taken, lapsed));
		n -= paid->more.expired;
	}
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *paid = &payment->lots[i];

		paid->more.owed = Min(n, limits[i] - share_credits(&paid->more));
		n -= paid->more.owed;
	}
	return n;
}

/* Divides a reversal of so many credits, or of all. */
static void
reverse_credits(Call *call, Payment *payment, int32 *limits)
{
	int32		n = payment->n < 0 ? PG_INT32_MAX : payment->n;
	int32		left;

	for (int i = 0; i < payment->nlots; i++)
		limits[i] = payment->lots[i].granted - share_credits(&payment->lots[i].has);
	left = divide_reversal(call, payment, limits, n);
	if (payment->n >= 0 && left > 0)
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_SESSION_COUNT,
								   psprintf("Only %d sessions of this purchase are left to reverse.",
											payment->n - left)),
				 errmsg("payment \"%s\" has only %d credits left to reverse",
						payment->ref, payment->n - left)));
}

/* swan_reverse(): a payment is refunded, in part or in whole. */
Datum
swan_reverse_0_2(PG_FUNCTION_ARGS)
{
	Payment		payment = {.kind = "reversal"};
	int32	   *limits;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	payment_arguments(fcinfo, &payment, 1, 2, 3);
	payment.refunded = refund_argument(fcinfo, 4);
	if (payment.n >= 0 && payment.refunded != NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("n and refunded_minor exclude each other")));
	payment_find(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	payment_lock(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	payment_open(call, &payment);

	limits = palloc(payment.nlots * sizeof(int32));
	if (payment.refunded != NO_ID)
	{
		int32		n = refund_divide(&payment, limits);

		divide_reversal(call, &payment, limits, n);
	}
	else
		reverse_credits(call, &payment, limits);
	for (int i = 0; i < payment.nlots; i++)
	{
		PaidLot    *lot = &payment.lots[i];

		if (!share_is_nothing(&lot->more))
			payment_write(call, &payment, lot, &lot->more, NO_ID);
		lot->payer->answer.moved += lot->more.taken;
		lot->payer->answer.expired += lot->more.expired;
		lot->payer->answer.shortfall += lot->more.owed;
	}
	payment_write_nothing(call, &payment);
	payment_close(call, &payment, "Available");
	return payment_answer(call, fcinfo, &payment);
}
