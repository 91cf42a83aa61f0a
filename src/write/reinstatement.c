/*-------------------------------------------------------------------------
 *
 * reinstatement.c
 *	  Payments that are given back after they were taken back.
 *
 * Each reversal has a claim on each lot that it was about: what it took, what of
 * it had expired unspent, and what it is still owed.  The claims are not stored; the ledger says what they
 * are, read from the beginning:
 *
 *	 reversal with a shortfall of 0 or more: a new claim;
 *	 reversal with a shortfall below 0: a credit that came back to the lot was
 *		taken at once, for the oldest claim that is owed any;
 *	 reinstatement that names a reversal (by its call_id): of that claim;
 *	 reinstatement that names none: all claims of the lot are done with;
 *	 transfer with a shortfall below 0: as much is owed of another client's
 *		lot from then on, in place of the oldest claims;
 *	 transfer with a shortfall above 0: a new claim, which comes from there.
 *
 * What is given back in part is what was owed first, then what had expired: so the
 * client ends with what he would have, had only the rest been reversed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/actor.h"
#include "account/open.h"
#include "account/returning.h"
#include "write/payment.h"

PG_FUNCTION_INFO_V1(swan_reinstate_0_2);

#define CLAIM_COLUMNS(first, next) \
	first(CLAIM_LOT_ID, "g.lot_id") \
	next(CLAIM_IS_REVERSAL, "g.kind OPERATOR(pg_catalog.=) 'reversal'") \
	next(CLAIM_IS_TRANSFER, "g.kind OPERATOR(pg_catalog.=) 'transfer'") \
	next(CLAIM_DELTA, "g.delta") \
	next(CLAIM_CALL_ID, "g.call_id") \
	next(CLAIM_SHORTFALL, \
		 "(g.details OPERATOR(pg_catalog.->>) 'shortfall')::pg_catalog.int4") \
	next(CLAIM_EXPIRED, \
		 "(g.details OPERATOR(pg_catalog.->>) 'expired')::pg_catalog.int4") \
	next(CLAIM_MONEY, \
		 "COALESCE((g.details OPERATOR(pg_catalog.->>) 'money')::pg_catalog.int8, 0)") \
	next(CLAIM_OF_REVERSAL, \
		 "(g.details OPERATOR(pg_catalog.->>) 'reversal')::pg_catalog.int8")

RESULT_COLUMNS(CLAIM_COLUMNS);

static const StudioQuery claim_rows = {
	"SELECT" SELECT_LIST(CLAIM_COLUMNS)
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) ANY ($1)"
	" AND g.lot_id OPERATOR(pg_catalog.=) ANY ($2)"
	" AND (g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement}')"
	" OR (g.kind OPERATOR(pg_catalog.=) 'transfer'"
	" AND g.details OPERATOR(pg_catalog.?) 'shortfall'))"
	" ORDER BY g.id",
	2, {INT8ARRAYOID, INT8ARRAYOID}
};

typedef struct Claim
{
	PaidLot    *lot;
	int64		reversal;		/* call_id of whose it is */
	Share		has;
	Share		back;			/* what this call gives back of it */
} Claim;

typedef struct Claims
{
	int			n;
	Claim	   *list;			/* the oldest first */
} Claims;

/* Settles what is owed of a lot, or lets it go, the oldest claim first. */
static void
settle_oldest(Claims *claims, const PaidLot *lot, int32 n, bool taken)
{
	for (int i = 0; i < claims->n && n > 0; i++)
	{
		Claim	   *claim = &claims->list[i];
		int32		settled = claim->lot == lot ? Min(n, claim->has.owed) : 0;

		claim->has.owed -= settled;
		claim->has.taken += taken ? settled : 0;
		n -= settled;
	}
}

/* Adds a share to another one, or takes it off. */
static void
add_share(Share *share, const Share *other, int sign)
{
	share->taken += sign * other->taken;
	share->expired += sign * other->expired;
	share->owed += sign * other->owed;
	share->money += sign * other->money;
}

/* Changes what a reversal has of a lot, or ends all claims on it. */
static void
change_claims(Claims *claims, const PaidLot *lot, int64 reversal, const Share *more)
{
	for (int i = 0; i < claims->n; i++)
	{
		Claim	   *claim = &claims->list[i];

		if (claim->lot != lot)
			continue;
		if (reversal == NO_ID)
			memset(&claim->has, 0, sizeof(Share));
		else if (claim->reversal == reversal)
			add_share(&claim->has, more, 1);
	}
}

/* Reads what the reversals of a payment have of its lots by now. */
static Claims
read_claims(Call *call, const Payment *payment)
{
	int64	   *users = palloc(payment->npayers * sizeof(int64));
	int64	   *lots = palloc((payment->nlots + 1) * sizeof(int64));
	NullableDatum args[2];
	Claims		claims = {0};
	Rows		rows;

	for (int i = 0; i < payment->npayers; i++)
		users[i] = payment->payers[i].user_id;
	for (int i = 0; i < payment->nlots; i++)
		lots[i] = payment->lots[i].id;
	args[0] = arg_ids(users, payment->npayers);
	args[1] = arg_ids(lots, payment->nlots);
	rows = query_recheck(call, &claim_rows, args);

	claims.list = palloc0((rows.nrows + 1) * sizeof(Claim));
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		bool		is_reversal = row_bool(rows, i, CLAIM_IS_REVERSAL);
		bool		is_transfer = row_bool(rows, i, CLAIM_IS_TRANSFER);
		PaidLot    *lot = payment->lots;
		Share		more;

		while (lot->id != row_id(rows, i, CLAIM_LOT_ID))
			lot++;
		more.taken = is_transfer ? 0 : -row_int(rows, i, CLAIM_DELTA);
		more.expired = row_int(rows, i, CLAIM_EXPIRED);
		more.owed = row_int(rows, i, CLAIM_SHORTFALL);
		more.money = row_id(rows, i, CLAIM_MONEY);
		if (is_transfer && more.owed < 0)
			settle_oldest(&claims, lot, -more.owed, false);
		else if (!is_reversal && !is_transfer)
			change_claims(&claims, lot, row_id(rows, i, CLAIM_OF_REVERSAL), &more);
		else if (more.owed < 0)
			settle_oldest(&claims, lot, -more.owed, true);
		else
		{
			Claim	   *claim = &claims.list[claims.n++];

			claim->lot = lot;
			claim->reversal = row_id(rows, i, CLAIM_CALL_ID);
			claim->has = more;
		}
	}
	return claims;
}

/* Returns whether a call is about this claim. */
static bool
is_meant(const Payment *payment, const Claim *claim)
{
	return payment->reversal == NULL || claim->reversal == claim->lot->payer->reversal;
}

/* the parts of a share, in the order in which they are given back */
typedef enum SharePart
{
	SHARE_OWED,
	SHARE_EXPIRED,
	SHARE_TAKEN
} SharePart;

/* Returns one part of a share. */
static int32 *
part_of_share(Share *share, SharePart part)
{
	if (part == SHARE_OWED)
		return &share->owed;
	return part == SHARE_EXPIRED ? &share->expired : &share->taken;
}

/* Returns how much of a claim's money goes with what is given back of its credits. */
static int64
money_back(const Claim *claim)
{
	int32		credits = share_credits(&claim->has);
	int32		back = share_credits(&claim->back);

	if (back == credits)
		return claim->has.money;
	return claim->has.money / credits * back + claim->has.money % credits * back / credits;
}

/*
 * Says of which claims n credits are given back, the newest first: what is owed
 * of any of them, then what had expired, then what was taken.  Returns for how
 * many there is no claim.
 */
static int32
choose_claims(const Payment *payment, Claims *claims, int32 n)
{
	for (SharePart part = SHARE_OWED; part <= SHARE_TAKEN; part++)
	{
		for (int i = claims->n - 1; i >= 0; i--)
		{
			Claim	   *claim = &claims->list[i];
			int32	   *back = part_of_share(&claim->back, part);

			if (is_meant(payment, claim))
				*back = Min(n, *part_of_share(&claim->has, part));
			n -= *back;
		}
	}
	for (int i = 0; i < claims->n; i++)
	{
		Claim	   *claim = &claims->list[i];

		if (is_meant(payment, claim) &&
			(payment->n < 0 || share_credits(&claim->back) > 0))
			claim->back.money = money_back(claim);
	}
	return n;
}

/* Writes what is given back: a row for each lot, or claim if not all of them end. */
static void
write_reinstatement(Call *call, Payment *payment, Claims *claims)
{
	bool		all = payment->reversal == NULL && payment->n < 0;

	for (int i = 0; i < claims->n; i++)
	{
		Claim	   *claim = &claims->list[i];
		Share		less = {0};

		claim->lot->payer->answer.moved += claim->back.taken;
		add_share(&claim->lot->more, &claim->back, -1);
		add_share(&less, &claim->back, -1);
		if (!all && !share_is_nothing(&less))
			payment_write(call, payment, claim->lot, &less, claim->reversal);
	}
	for (int i = 0; i < payment->nlots && all; i++)
	{
		PaidLot    *lot = &payment->lots[i];

		if (!share_is_nothing(&lot->more))
			payment_write(call, payment, lot, &lot->more, NO_ID);
	}
	payment_write_nothing(call, payment);
}

/*
 * Lets what came back to a lot settle what other reversals are owed of it, as a
 * credit does that a cancellation returns.
 */
static void
settle_others(Call *call, Payment *payment)
{
	for (int i = 0; i < payment->nlots; i++)
	{
		PaidLot    *lot = &payment->lots[i];
		int32		n = Min(-lot->more.taken, lot->has.owed + lot->more.owed);

		return_take_owed(call, &lot->payer->account, lot->id, n);
	}
}

/* Leaves only those clients of whom the reversal took that is to be undone. */
static void
keep_reversed(Payment *payment)
{
	int			n = 0;

	for (int i = 0; i < payment->npayers; i++)
	{
		if (payment->payers[i].reversal != NO_ID)
			payment->payers[n++] = payment->payers[i];
	}
	if (n == 0)
		ereport(ERROR,
				(swan_error(SWAN_PURCHASE_NOT_FOUND),
				 payment->item ?
				 errmsg("item \"%s\" of payment \"%s\" has no reversal with key \"%s\"",
						payment->item, payment->ref, payment->reversal) :
				 errmsg("payment \"%s\" has no reversal with key \"%s\"",
						payment->ref, payment->reversal),
				 errhint("The reversal may still come; try again later.")));
	payment->npayers = n;
}

/* swan_reinstate(): a refund was taken back. */
Datum
swan_reinstate_0_2(PG_FUNCTION_ARGS)
{
	Payment		payment = {.kind = "reinstatement"};
	Claims		claims;
	int32		left;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_WRITER, 5, MAY_ADMINS);
	payment_arguments(fcinfo, &payment, 2, 3, 1);
	if (payment.key == NULL)
		swan_missing_argument("key", NULL);
	payment.reversal = argument_label(fcinfo, 4, "reversal");
	payment_find(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	if (payment.reversal)
		keep_reversed(&payment);
	payment_lock(call, &payment);
	if (payment_replay(call, &payment))
		return payment_answer(call, fcinfo, &payment);
	payment_open(call, &payment);

	claims = read_claims(call, &payment);
	left = choose_claims(&payment, &claims, payment.n < 0 ? PG_INT32_MAX : payment.n);
	if (payment.n >= 0 && left > 0)
		ereport(ERROR,
				(swan_error_saying(SWAN_INVALID_SESSION_COUNT,
								   psprintf("Only %d sessions of this purchase are left to give back.",
											payment.n - left)),
				 errmsg("payment \"%s\" has only %d credits left to give back",
						payment.ref, payment.n - left)));
	write_reinstatement(call, &payment, &claims);
	settle_others(call, &payment);
	for (int i = 0; i < payment.npayers; i++)	/* what came back to an
												 * expired lot */
		account_sweep(call, &payment.payers[i].account);
	payment_close(call, &payment, "Reinstated");
	return payment_answer(call, fcinfo, &payment);
}
