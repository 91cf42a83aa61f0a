/*-------------------------------------------------------------------------
 *
 * reversal.c
 *	  Payments that are taken back.
 *
 * A reversal takes what is left of the lots of its payment and owes the rest:
 * the shortfall, kept in the ledger's details.  A credit that comes back to
 * such a lot later settles it, see cancel.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"

#include "base/error.h"
#include "studio/actor.h"
#include "write/payment.h"

PG_FUNCTION_INFO_V1(swan_reverse);

/*
 * Divides a reversal of n credits among the lots: first what can be taken,
 * then what has to be owed.  Returns what nobody can be asked for.
 */
static int32
divide_reversal(Call *call, Payment *payment, int32 n)
{
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *paid = &payment->lots[i];
		Lot		   *lot = account_lot(call, &paid->payer->account, paid->id);
		int32		open = paid->granted - paid->taken - paid->owed;

		paid->take = Min(n, Min(open, lot->remaining));
		n -= paid->take;
	}
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *paid = &payment->lots[i];
		int32		open = paid->granted - paid->taken - paid->owed - paid->take;

		paid->owe = Min(n, open);
		n -= paid->owe;
	}
	return n;
}

/* swan_reverse(): a payment is refunded, in part or in whole. */
Datum
swan_reverse(PG_FUNCTION_ARGS)
{
	Payment		payment = {.kind = "reversal"};
	int32		left;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 4, MAY_ADMINS);
	payment_arguments(fcinfo, &payment, 1, 2, 3);
	payment_find(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	payment_lock(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	payment_open(call, &payment);

	left = divide_reversal(call, &payment, payment.n < 0 ? PG_INT32_MAX : payment.n);
	if (payment.n >= 0 && left > 0)
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_SESSION_COUNT,
								   psprintf("Only %d sessions of this purchase are left to reverse.",
											payment.n - left)),
				 errmsg("payment \"%s\" has only %d credits left to reverse",
						payment.ref, payment.n - left)));
	for (int i = 0; i < payment.nlots; i++)
	{
		PaidLot    *lot = &payment.lots[i];

		if (lot->take > 0 || lot->owe > 0)
			payment_write(call, &payment, lot, -lot->take, lot->owe, NO_ID);
		lot->payer->answer.moved += lot->take;
		lot->payer->answer.shortfall += lot->owe;
	}
	payment_write_nothing(call, &payment);
	payment_close(call, &payment, "Available");
	return payment_answer(call, fcinfo, &payment);
}
