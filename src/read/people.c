/*-------------------------------------------------------------------------
 *
 * people.c
 *	  Who is in the studio: for choosing a trainer, or whom to write to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "studio/hook.h"
#include "account/client.h"
#include "read/cursor.h"
#include "read/search.h"

PG_FUNCTION_INFO_V1(swan_people);

#define NAME_OF_U	NAME_KEY("{u.first_name}", "{u.last_name}")

/* who has no role that we know is a client */
#define IS_CLIENT \
	"COALESCE({u.role}::pg_catalog.text, 'client') OPERATOR(pg_catalog.<>) ALL ('{trainer,staff,admin}')"
#define ROLE_OF_U \
	"CASE WHEN " IS_CLIENT " THEN 'client' ELSE {u.role}::pg_catalog.text END"

/*
 * A page of those whose name has $1 in it, beyond the row ($2, $3), $4 rows, of
 * role $5.  An e-mail address is no name: not everybody who sees the one may see
 * the other.  It is in the text that an index is of, so that is searched before.
 */
#define PEOPLE(seen) \
	"SELECT {u.id}::pg_catalog.int8, " PERSON_NAME("u") ", " ROLE_OF_U ", " NAME_OF_U \
	" FROM {users} u WHERE {live u} AND ($5 IS NULL OR " ROLE_OF_U " OPERATOR(pg_catalog.=) $5)" \
	" AND (NOT " IS_CLIENT " OR " seen ")" \
	" AND ($1 IS NULL OR (" \
	SEARCH_MATCHES(SEARCHED_TEXT("{u.first_name}", "{u.last_name}", "{u.email}"), "$1", "$8") \
	" AND " SEARCH_MATCHES(SEARCHED_NAME("{u.first_name}", "{u.last_name}"), "$1", "$8") "))" \
	" AND ($3 IS NULL OR ROW(" NAME_OF_U ", {u.id}) OPERATOR(pg_catalog.>) ROW($2, $3))" \
	" ORDER BY " NAME_OF_U ", {u.id} LIMIT $4", \
	8, {TEXTOID, TEXTOID, INT8OID, INT4OID, TEXTOID, BOOLOID, INT8OID, BOOLOID}, PLAN_CUSTOM

/* clients too, or not */
static const StudioQuery everybody = {PEOPLE("$6")};

/* clients of trainer $7 */
static const StudioQuery of_trainer = {
	PEOPLE("{u.id} OPERATOR(pg_catalog.=) ANY (SELECT x.user_id FROM {assignments} x"
		   " WHERE x.trainer_id OPERATOR(pg_catalog.=) $7)")
};

/* Returns the role that is asked for, or NULL for all. */
static char *
argument_role(FunctionCallInfo fcinfo, int n)
{
	static const char *const roles[] = {"client", "trainer", "staff", "admin"};
	char	   *role = argument_text(fcinfo, n);

	if (role == NULL)
		return NULL;
	for (int i = 0; i < lengthof(roles); i++)
	{
		if (strcmp(roles[i], role) == 0)
			return role;
	}
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("there is no role \"%s\"", role),
			 errhint("A person is client, trainer, staff or admin.")));
}

/*
 * swan_people(): whom there is.  A client sees trainers and the office only; a
 * trainer his clients, too.
 */
Datum
swan_people(PG_FUNCTION_ARGS)
{
	NullableDatum args[8];
	char	   *role;
	char	   *searched;
	Search		search;
	char	   *prefix;
	CursorKey	key;
	Rows		page;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 4, MAY_PERSONS);
	role = argument_role(fcinfo, 0);
	if (role && strcmp(role, "client") == 0 && actor_is(call, MAY_CLIENT))
		actor_refuse(call, NULL);
	searched = argument_reason(fcinfo, 1, NULL);
	search = search_for(searched);
	prefix = cursor_mark(psprintf("people %s %s", role ? role : "", searched ? searched : ""));
	cursor_read(argument_text(fcinfo, 2), prefix, false, &key);

	args[0] = search.pattern;
	args[1] = arg_text(key.text);
	args[2] = arg_id(key.id);
	args[3] = arg_int(argument_max_rows(fcinfo, 3, 100));
	args[4] = arg_text(role);
	args[5] = arg_bool(actor_is(call, MAY_OFFICE));
	args[6] = arg_id(call->actor->user_id);
	args[7] = search.plain;
	page = actor_is(call, MAY_TRAINER) ?
		hook_run(call, HOOK_ASSIGNMENTS, &of_trainer, args, query_read) :
		query_read(call, &everybody, args);
	cursor_put_page(fcinfo, page, prefix, false, 1);
	call_end(call);
	return (Datum) 0;
}
