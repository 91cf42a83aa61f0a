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

#include "base/argument.h"
#include "base/error.h"
#include "call/columns.h"
#include "studio/enter.h"
#include "studio/listing.h"
#include "account/account.h"

PG_FUNCTION_INFO_V1(swan_allow);
PG_FUNCTION_INFO_V1(swan_accept);
PG_FUNCTION_INFO_V1(swan_disallow);

/* Checks that a person is a user of the studio. */
static void
check_person(Studio *studio, int64 user_id)
{
	Call	   *call = call_begin(studio, CALL_READER);
	Account		account;

	if (!account_find(call, user_id, &account, query_recheck))
		user_not_found(user_id);
	call_end(call);
}

/*
 * Lists a role, or lists it anew, and returns whether that counts at once: if
 * the caller has the role's privileges, or the role had agreed to this already.
 * Whoever else it be, his listing is his studio's alone, and changes nothing for
 * the role elsewhere.  The row's lock is all that is needed, and nobody but the
 * studio's owner and that role can take it: a lock that another studio's owner
 * could take would let him keep this one from disallowing a role.
 */
static bool
list_role(const char *studio, const char *db_role, Oid role,
		  const char *as_what, int64 user_id)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, TEXTOID, INT8OID, BOOLOID};
	NullableDatum args[] = {
		arg_text(studio), arg_text(db_role), arg_text(as_what), arg_id(user_id),
		arg_bool(has_privs_of_role(GetUserId(), role))
	};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	Rows		result;
	bool		accepted;

	result = sql_once(call,
					  "INSERT INTO swan.role AS r (studio, db_role, as_what, user_id, accepted)"
					  " VALUES ($1, $2, $3, $4, $5)"
					  " ON CONFLICT (studio, db_role) DO UPDATE"
					  " SET db_role = EXCLUDED.db_role, as_what = EXCLUDED.as_what,"
					  " user_id = EXCLUDED.user_id,"
					  " accepted = EXCLUDED.accepted OR (r.accepted"
					  " AND r.as_what OPERATOR(pg_catalog.=) EXCLUDED.as_what"
					  " AND (r.user_id OPERATOR(pg_catalog.=) EXCLUDED.user_id) IS NOT FALSE"
					  " AND (r.role_oid OPERATOR(pg_catalog.=) EXCLUDED.role_oid) IS NOT FALSE)"
					  " RETURNING r.accepted",
					  5, argtypes, args);
	accepted = row_bool(result, 0, 1);
	call_end(call);
	return accepted;
}

/* swan_allow(): lists a database role, or lists it anew. */
Datum
swan_allow(PG_FUNCTION_ARGS)
{
	Studio	   *studio = studio_of_owner(argument_text(fcinfo, 3));
	char	   *name = pstrdup(studio->name);
	char	   *db_role = argument_text(fcinfo, 0);
	char	   *as_what = argument_text(fcinfo, 1);
	int64		user_id = argument_id_or_null(fcinfo, 2);
	char	   *message;
	Oid			role;

	PreventCommandIfReadOnly("swan_allow()");
	studio_check(studio);
	if (db_role == NULL)
		swan_missing_argument("db_role", NULL);
	if (as_what == NULL)
		swan_missing_argument("as_what", NULL);
	role = get_role_oid(db_role, false);
	if (!listing_is_kind(as_what))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("a role cannot be listed as \"%s\"", as_what),
				 errhint("Use person, backend, system or reader.")));
	if (strcmp(as_what, "person") == 0)
	{
		if (user_id == NO_ID)
			swan_missing_argument("user_id", NULL);
		check_person(studio, user_id);
	}
	else if (user_id != NO_ID)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("only a person has a user_id")));

	message = listing_describe(db_role, as_what, user_id, name);
	if (!list_role(name, db_role, role, as_what, user_id))
		message = psprintf("%s once it has agreed: SELECT swan_accept(%s)",
						   message, quote_literal_cstr(name));
	PG_RETURN_TEXT_P(cstring_to_text(message));
}

#define AGREED_COLUMNS(first, next) \
	first(AGREED_AS_WHAT, "as_what") \
	next(AGREED_USER_ID, "user_id")

RESULT_COLUMNS(AGREED_COLUMNS);

/* swan_accept(): the current role agrees to how a studio lists it. */
Datum
swan_accept(PG_FUNCTION_ARGS)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, OIDOID};
	char	   *name = argument_text(fcinfo, 0);
	char	   *db_role = GetUserNameFromId(GetUserId(), false);
	NullableDatum args[] = {
		arg_text(name), arg_text(db_role),
		{.value = ObjectIdGetDatum(GetUserId()),.isnull = false}
	};
	MemoryContext mine = CurrentMemoryContext;
	MemoryContext old;
	char	   *message;
	Rows		result;
	Call	   *call;

	PreventCommandIfReadOnly("swan_accept()");
	if (name == NULL)
		swan_missing_argument("studio", NULL);
	studio_require(name);

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	result = sql_once(call,
					  "UPDATE swan.role SET db_role = $2, accepted = true"
					  " WHERE studio OPERATOR(pg_catalog.=) $1"
					  " AND db_role OPERATOR(pg_catalog.=) $2"
					  " AND (role_oid OPERATOR(pg_catalog.=) $3) IS NOT FALSE"
					  " AND NOT accepted RETURNING" SELECT_LIST(AGREED_COLUMNS),
					  3, argtypes, args);
	if (result.nrows == 0)		/* perhaps it has agreed already */
		result = sql_once(call,
						  "SELECT" SELECT_LIST(AGREED_COLUMNS) " FROM swan.role"
						  " WHERE studio OPERATOR(pg_catalog.=) $1"
						  " AND db_role OPERATOR(pg_catalog.=) $2"
						  " AND (role_oid OPERATOR(pg_catalog.=) $3) IS NOT FALSE"
						  " AND accepted",
						  3, argtypes, args);
	if (result.nrows == 0)
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("role \"%s\" is not listed in studio \"%s\"", db_role, name),
				 errhint("The studio's owner can list it with swan_allow().")));
	old = MemoryContextSwitchTo(mine);
	message = listing_describe(db_role, row_text(result, 0, AGREED_AS_WHAT),
							   row_id(result, 0, AGREED_USER_ID), name);
	MemoryContextSwitchTo(old);
	call_end(call);
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
	result = sql_once(call,
					  "DELETE FROM swan.role"
					  " WHERE studio OPERATOR(pg_catalog.=) $1"
					  " AND db_role OPERATOR(pg_catalog.=) $2",
					  2, argtypes, args);
	call_end(call);
	if (result.nrows == 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("role \"%s\" is not listed", db_role)));
	PG_RETURN_TEXT_P(cstring_to_text(message));
}
