/*-------------------------------------------------------------------------
 *
 * allow.c
 *	  Saying what a database role is to a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "argument.h"
#include "error.h"
#include "ledger.h"

PG_FUNCTION_INFO_V1(swan_allow);
PG_FUNCTION_INFO_V1(swan_disallow);

/* Returns whether a role can be listed as that. */
static bool
is_listing(const char *as_what)
{
	return strcmp(as_what, "person") == 0 || strcmp(as_what, "backend") == 0 ||
		strcmp(as_what, "system") == 0 || strcmp(as_what, "reader") == 0;
}

/* Checks that a person is a user of the studio. */
static void
check_person(Studio *studio, int64 user_id)
{
	Call	   *call = call_begin(studio, CALL_READER);
	Account		account;

	if (!account_find(call, user_id, &account, statement_recheck))
		user_not_found(user_id);
	call_end(call);
}

/*
 * Refuses to list a role that somebody else's studio lists: its calls there
 * would not know which studio is meant any more.
 */
static void
check_other_studios(Studio *studio, const char *db_role, Oid role)
{
	ListCell   *cell;

	if (has_privs_of_role(GetUserId(), role))
		return;
	foreach(cell, studio_list())
	{
		Studio	   *other = lfirst(cell);

		if (strcmp(other->name, studio->name) != 0 &&
			studio_listing(other, db_role) &&
			!studio_is_owner(other, GetUserId()))
			ereport(ERROR,
					(swan_errcode(SWAN_UNAUTHORIZED_ACCESS),
					 errmsg("role \"%s\" is listed in a studio of another owner", db_role),
					 errhint("Whoever has the privileges of that role can list it.")));
	}
}

/* swan_allow(): lists a database role, or lists it anew. */
Datum
swan_allow(PG_FUNCTION_ARGS)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, TEXTOID, INT8OID};
	Studio	   *studio = studio_of_owner(argument_text(fcinfo, 3));
	char	   *db_role = argument_text(fcinfo, 0);
	char	   *as_what = argument_text(fcinfo, 1);
	int64		user_id = argument_id_or_null(fcinfo, 2);
	char	   *message;
	Call	   *call;

	PreventCommandIfReadOnly("swan_allow()");
	studio_check(studio);
	if (db_role == NULL)
		swan_missing_argument("db_role", NULL);
	if (as_what == NULL)
		swan_missing_argument("as_what", NULL);
	check_other_studios(studio, db_role, get_role_oid(db_role, false));
	if (!is_listing(as_what))
		ereport(ERROR,
				(swan_errcode(SWAN_INVALID_ARGUMENT),
				 errmsg("a role cannot be listed as \"%s\"", as_what),
				 errhint("Use person, backend, system or reader.")));
	if (strcmp(as_what, "person") == 0)
	{
		if (user_id == NO_ID)
			swan_missing_argument("user_id", NULL);
		check_person(studio, user_id);
		message = psprintf("role %s is user %lld of studio %s",
						   db_role, (long long) user_id, studio->name);
	}
	else
	{
		if (user_id != NO_ID)
			ereport(ERROR,
					(swan_errcode(SWAN_INVALID_ARGUMENT),
					 errmsg("only a person has a user_id")));
		message = psprintf("role %s is %s of studio %s",
						   db_role, as_what, studio->name);
	}

	{
		NullableDatum args[] = {
			arg_text(studio->name), arg_text(db_role), arg_text(as_what),
			arg_id(user_id)
		};

		call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
		statement_once(call,
					   "INSERT INTO swan.role (studio, db_role, as_what, user_id)"
					   " VALUES ($1, $2, $3, $4)"
					   " ON CONFLICT (studio, db_role) DO UPDATE"
					   " SET as_what = EXCLUDED.as_what, user_id = EXCLUDED.user_id",
					   4, argtypes, args);
		call_end(call);
	}
	PG_RETURN_TEXT_P(cstring_to_text(message));
}

/* swan_disallow(): takes a database role off the list. */
Datum
swan_disallow(PG_FUNCTION_ARGS)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	Studio	   *studio = studio_of_owner(argument_text(fcinfo, 1));
	char	   *db_role = argument_text(fcinfo, 0);
	NullableDatum args[] = {arg_text(studio->name), arg_text(db_role)};
	char	   *message;
	Rows		result;
	Call	   *call;

	PreventCommandIfReadOnly("swan_disallow()");
	if (db_role == NULL)
		swan_missing_argument("db_role", NULL);
	message = psprintf("role %s is no longer listed in studio %s",
					   db_role, studio->name);
	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	result = statement_once(call,
							"DELETE FROM swan.role"
							" WHERE studio OPERATOR(pg_catalog.=) $1"
							" AND db_role OPERATOR(pg_catalog.=) $2",
							2, argtypes, args);
	call_end(call);
	if (result.nrows == 0)
		ereport(ERROR,
				(swan_errcode(SWAN_INVALID_ARGUMENT),
				 errmsg("role \"%s\" is not listed", db_role)));
	PG_RETURN_TEXT_P(cstring_to_text(message));
}
