/*-------------------------------------------------------------------------
 *
 * kinds.c
 *	  Which kinds of session the credits of a lot are good for.
 *
 * A lot that names no kinds is good for all sessions.  One that does is good for
 * sessions of one of them, and not for those of no kind: nobody could say that
 * they are what was sold.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/argument.h"
#include "base/error.h"
#include "account/kinds.h"

/* kinds that a lot may be good for */
#define KINDS_MAX	100

/* Refuses to bind credits to kinds where nothing could tell lots, or sessions, by them. */
static void
require_kinds(Call *call)
{
	const StudioColumn *columns = call->studio->columns;

	if (columns[LOTS_GOOD_FOR].name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("credits of studio \"%s\" cannot be good for some kinds of session only",
						call->studio->name),
				 studio_hint_upgrade(call->studio)));
	if (columns[SESSIONS_KIND].name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("credits of studio \"%s\" cannot be good for some kinds of session only",
						call->studio->name),
				 errdetail("Its sessions have no kind."),
				 call->studio->own ? studio_hint_upgrade(call->studio) :
				 errhint("A column of table %s that says it is attached as \"kind\".",
						 call->studio->table_names[TABLE_SESSIONS])));
}

/* Refuses what no session can have as its kind. */
static void
check_kind(Call *call, const char *kind)
{
	Oid			type = call->studio->columns[SESSIONS_KIND].type;

	check_label(kind, "a kind of good_for");
	if (get_typtype(type) == TYPTYPE_ENUM &&
		!SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(kind)))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("there is no kind of session \"%s\"", kind),
				 errhint("The labels of the type of column %s of table %s are the kinds.",
						 quote_identifier(call->studio->columns[SESSIONS_KIND].name),
						 call->studio->table_names[TABLE_SESSIONS])));
}

/* Refuses a list of kinds that says nothing, or one twice; returns it as it is kept. */
const ArrayType *
kinds_check(Call *call, const ArrayType *kinds)
{
	Datum	   *values;
	bool	   *nulls;
	char	  **names;
	int			n;

	if (kinds == NULL)
		return NULL;
	require_kinds(call);
	deconstruct_array(unconstify(ArrayType *, kinds), TEXTOID, -1, false, TYPALIGN_INT,
					  &values, &nulls, &n);
	if (ARR_NDIM(kinds) > 1 || n < 1 || n > KINDS_MAX)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("good_for must name between 1 and %d kinds of session", KINDS_MAX),
				 errhint("NULL is all kinds.")));
	names = palloc(n * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			swan_missing_argument(psprintf("element %d of good_for", i + 1), NULL);
		names[i] = TextDatumGetCString(values[i]);
		check_kind(call, names[i]);
		for (int j = 0; j < i; j++)
		{
			if (strcmp(names[i], names[j]) == 0)
				ereport(ERROR,
						(swan_error(SWAN_INVALID_ARGUMENT),
						 errmsg("good_for names \"%s\" twice", names[i])));
		}
	}
	return construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Reads which kinds of session credits are good for; NULL is all. */
const ArrayType *
kinds_argument(Call *call, FunctionCallInfo fcinfo, int n)
{
	return kinds_check(call, PG_ARGISNULL(n) ? NULL : PG_GETARG_ARRAYTYPE_P(n));
}

/* Returns whether the credits of a lot are good for a session of a kind, or of none. */
bool
lot_is_good(const Lot *lot, const char *kind)
{
	Datum	   *values;
	int			n;

	if (lot->good_for == NULL)
		return true;
	if (kind == NULL)
		return false;
	deconstruct_array(unconstify(ArrayType *, lot->good_for), TEXTOID, -1, false, TYPALIGN_INT,
					  &values, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(TextDatumGetCString(values[i]), kind) == 0)
			return true;
	}
	return false;
}

/*
 * Returns what a client can spend on a session of a kind, or of none.  Without a
 * lock balance and lots may be of two moments: he is refused what he could not
 * have had at one of them.
 */
int32
account_spendable(Call *call, const Account *account, const char *kind)
{
	int32		good = 0;

	if (!account->bound)
		return account_available(account);
	for (int i = 0; i < account->nlots; i++)
	{
		const Lot  *lot = &account->lots[i];

		if (!lot_is_due(call, lot) && lot_is_good(lot, kind))
			good += lot->remaining;
	}
	return Min(good, account_available(account));
}

/* Returns whether some of what a client can spend is not for sessions of a kind. */
bool
account_is_short(Call *call, const Account *account, const char *kind)
{
	return account_spendable(call, account, kind) < account_available(account);
}

/* Returns how sessions of a kind, or of none, are spoken of in messages. */
char *
kinds_of_session(const char *kind)
{
	return kind ? psprintf("sessions of kind \"%s\"", kind) : pstrdup("sessions of no kind");
}
