/*-------------------------------------------------------------------------
 *
 * clients.c
 *	  The admin's list of clients.
 *
 * A page is chosen first, by an index on what it is ordered by, or on what is
 * searched for; only then are the figures of its clients counted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/actor.h"
#include "studio/hook.h"
#include "account/account.h"
#include "account/client.h"
#include "read/cursor.h"
#include "read/search.h"

PG_FUNCTION_INFO_V1(swan_client_0_2);
PG_FUNCTION_INFO_V1(swan_clients_0_2);
PG_FUNCTION_INFO_V1(swan_clients_count);

/* the keys of the user u, and the text in which he is searched */
#define NAME_OF_U	NAME_KEY("{u.first_name}", "{u.last_name}")
#define CREATED_OF_U	CREATED_KEY("{u.created_at}")
#define TEXT_OF_U	SEARCHED_TEXT("{u.first_name}", "{u.last_name}", "{u.email}")

/* columns of a swan_client_row */
#define CLIENT_NCOLUMNS	14

/* arguments of every list: pattern, key and id of the last row read, rows, now,
 * threshold, warning, trainer, are accents ignored */
#define LIST_ARGS(key_type) \
	9, {TEXTOID, key_type, INT8OID, INT4OID, TIMESTAMPTZOID, INT4OID, TEXTOID, \
	INT8OID, BOOLOID}, PLAN_CUSTOM

/* the warning that u has, worked out for the few who may have one */
#define HAS_WARNING \
	"(SELECT " WARNING_FOR("x.available", "$6") " FROM (SELECT" \
	" " CLIENT_AVAILABLE("$5") " AS available OFFSET 0) x)"

/* whom the arguments ask for; who has no role that we know is a client */
#define WANTED \
	" {live u} AND COALESCE({u.role}::pg_catalog.text, 'client') OPERATOR(pg_catalog.<>) ALL ('{trainer,staff,admin}')" \
	" AND ($1 IS NULL OR " SEARCH_MATCHES(TEXT_OF_U, "$1", "$9") ")" \
	" AND ($7 IS NULL OR CASE" \
	" WHEN COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.<=)" \
	" CASE WHEN $7 OPERATOR(pg_catalog.=) 'none' THEN 0 ELSE $6 END" \
	" OR {u.id} OPERATOR(pg_catalog.=) ANY (SELECT l.user_id FROM {lots} l" \
	" WHERE NOT l.swept AND l.expires_at OPERATOR(pg_catalog.<=) $5)" \
	" THEN " HAS_WARNING " OPERATOR(pg_catalog.=) $7 ELSE false END)"

/*
 * Whom the actor may see: all, or those who are his.  These are found first,
 * which OFFSET makes sure of: walking through everybody in the order of the list
 * until enough of them are met would take long.
 */
#define ALL_CLIENTS "{users} u"
#define OWN_CLIENTS \
	"(SELECT DISTINCT x.user_id AS id FROM {assignments} x" \
	" WHERE x.trainer_id OPERATOR(pg_catalog.=) $8 OFFSET 0) c" \
	" JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) c.id"

/* a page by a key of the client himself */
#define PAGE_BY(key, beyond, direction, clients) \
	"SELECT {u.id} AS id, " key " AS key FROM " clients " WHERE" WANTED \
	" AND ($3 IS NULL OR ROW(" key ", {u.id}) OPERATOR(pg_catalog." beyond ") ROW($2, $3))" \
	" ORDER BY " key direction ", {u.id}" direction " LIMIT $4"

/*
 * A page by what they can spend, fewest first.  Hardly anything is due and not
 * swept, so that is added up once for all.
 */
#define PAGE_BY_BALANCE(clients) \
	"SELECT c.id, c.key FROM (SELECT {u.id} AS id, (COALESCE({u.available_sessions}, 0)" \
	" OPERATOR(pg_catalog.-) COALESCE(d.due, 0))::pg_catalog.int8 AS key" \
	" FROM " clients " LEFT JOIN (SELECT l.user_id, pg_catalog.sum(l.remaining) AS due" \
	" FROM {lots} l WHERE NOT l.swept AND l.expires_at OPERATOR(pg_catalog.<=) $5 GROUP BY l.user_id) d" \
	" ON d.user_id OPERATOR(pg_catalog.=) {u.id} WHERE" WANTED ") c" \
	" WHERE $3 IS NULL OR ROW(c.key, c.id) OPERATOR(pg_catalog.>) ROW($2, $3)" \
	" ORDER BY c.key, c.id LIMIT $4"

/* whether the user u may have missed a session */
#define MAY_HAVE_MISSED \
	"COALESCE((SELECT CASE WHEN " G_HAS_TOTALS \
	" THEN " TOTAL_OF_G(TOTAL_MISSED) " OPERATOR(pg_catalog.>) 0 ELSE true END" \
	" FROM {ledger} g WHERE g.user_id OPERATOR(pg_catalog.=) {u.id} ORDER BY g.id DESC LIMIT 1), false)"

/* whether the user u was at a completed session, as LAST_SESSION_OF_U has it */
#define WAS_ATTENDED(alias) \
	"(NOT " MAY_HAVE_MISSED " OR COALESCE(" ATTENDED_BY("{u.id}", "{" alias ".id}") ", true))"

#define HAD_SESSION(also) \
	"EXISTS (SELECT 1 FROM {sessions} o" \
	" WHERE {live o} AND {o.user_id} OPERATOR(pg_catalog.=) {u.id}" \
	" AND {o.status:completed}" also " AND " WAS_ATTENDED("o") ")"

/* a page by last session, latest first: of those who had one */
#define PAGE_BY_LAST_SESSION(clients) \
	"SELECT {u.id} AS id, {s.session_date} AS key FROM " clients \
	" JOIN {sessions} s ON {live s} AND {s.user_id} OPERATOR(pg_catalog.=) {u.id}" \
	" WHERE" WANTED " AND {s.status:completed}" \
	" AND {s.session_date} IS NOT NULL AND " WAS_ATTENDED("s") \
	" AND ($3 IS NULL OR ROW({s.session_date}, {u.id}) OPERATOR(pg_catalog.<) ROW($2, $3))" \
	" AND NOT " HAD_SESSION(" AND ROW({o.session_date}, {o.id})" \
							" OPERATOR(pg_catalog.>) ROW({s.session_date}, {s.id})") \
	" ORDER BY {s.session_date} DESC, {u.id} DESC LIMIT $4"

/* and then of those who had none */
#define PAGE_WITHOUT_SESSION(clients) \
	"SELECT {u.id} AS id, NULL::pg_catalog.timestamptz AS key FROM " clients \
	" WHERE" WANTED \
	" AND ($3 IS NULL OR $2 IS NOT NULL OR {u.id} OPERATOR(pg_catalog.<) $3)" \
	" AND NOT " HAD_SESSION(" AND {o.session_date} IS NOT NULL") \
	" ORDER BY {u.id} DESC LIMIT $4"

/* the columns of swan_client_row before the cursor, and after it */
#define CLIENT_ROW(threshold) \
	"SELECT {u.id}::pg_catalog.int8, {u.first_name}::pg_catalog.text," \
	" {u.last_name}::pg_catalog.text, {u.email}::pg_catalog.text," \
	" f.available, f.purchased, f.used, f.last_session, " \
	WARNING_FOR("f.available", threshold) ", {u.created_at}"
#define CLIENT_MORE(threshold) \
	"f.suspended_since, f.suspended_until, " \
	SENTENCE_FOR("(" WARNING_FOR("f.available", threshold) ")")

#define LIST(page, direction) \
	CLIENT_ROW("$6") ", " CLIENT_MORE("$6") ", p.key FROM (" page ") p" \
	" JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) p.id" \
	" CROSS JOIN LATERAL " CLIENT_FIGURES("$5") " f" \
	" ORDER BY p.key" direction ", p.id" direction

/* One order of the list, for those who see all clients and for a trainer. */
typedef struct Ordering
{
	const char *name;
	bool		by_time;		/* or by a number, which is read likewise */
	bool		has_tail;		/* are there clients without a key? */
	StudioQuery all;
	StudioQuery of_trainer;
	StudioQuery tail_of_all;
	StudioQuery tail_of_trainer;
} Ordering;

static const Ordering orderings[] = {
	{"name", false, false,
		{LIST(PAGE_BY(NAME_OF_U, ">", "", ALL_CLIENTS), ""), LIST_ARGS(TEXTOID)},
		{LIST(PAGE_BY(NAME_OF_U, ">", "", OWN_CLIENTS), ""), LIST_ARGS(TEXTOID)}
	},
	{"created_at", true, false,
		{LIST(PAGE_BY(CREATED_OF_U, "<", " DESC", ALL_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)},
		{LIST(PAGE_BY(CREATED_OF_U, "<", " DESC", OWN_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)}
	},
	{"last_session", true, true,
		{LIST(PAGE_BY_LAST_SESSION(ALL_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)},
		{LIST(PAGE_BY_LAST_SESSION(OWN_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)},
		{LIST(PAGE_WITHOUT_SESSION(ALL_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)},
		{LIST(PAGE_WITHOUT_SESSION(OWN_CLIENTS), " DESC"), LIST_ARGS(TIMESTAMPTZOID)}
	},
	{"balance", true, false,
		{LIST(PAGE_BY_BALANCE(ALL_CLIENTS), ""), LIST_ARGS(INT8OID)},
		{LIST(PAGE_BY_BALANCE(OWN_CLIENTS), ""), LIST_ARGS(INT8OID)}
	}
};

static const StudioQuery count_all = {
	"SELECT pg_catalog.count(*) FROM " ALL_CLIENTS " WHERE" WANTED, LIST_ARGS(TEXTOID)
};
static const StudioQuery count_of_trainer = {
	"SELECT pg_catalog.count(*) FROM " OWN_CLIENTS " WHERE" WANTED, LIST_ARGS(TEXTOID)
};

static const StudioQuery read_client = {
	CLIENT_ROW("$3") ", NULL::pg_catalog.text, " CLIENT_MORE("$3") " FROM {users} u"
	" CROSS JOIN LATERAL " CLIENT_FIGURES("$2") " f"
	" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1",
	3, {INT8OID, TIMESTAMPTZOID, INT4OID}
};

/* swan_client(): one row of the list; alone, it has no cursor. */
Datum
swan_client_0_2(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, 1, MAY_PERSONS);
	int64		user_id = argument_id(fcinfo, 0, "user_id");
	NullableDatum args[] = {
		arg_id(user_id), arg_time(call->now),
		arg_int(call->studio->settings.low_threshold)
	};
	Rows		result;

	actor_require_client(call, user_id);
	result = query_read(call, &read_client, args);
	if (result.nrows != 1)
		user_not_found(user_id);
	return call_return_result(call, fcinfo, result, CLIENT_NCOLUMNS);
}

/* Returns the ordering of that name; NULL is the first. */
static const Ordering *
argument_ordering(FunctionCallInfo fcinfo, int n)
{
	char	   *name = argument_text(fcinfo, n);

	if (name == NULL)
		return &orderings[0];
	for (int i = 0; i < lengthof(orderings); i++)
	{
		if (strcmp(orderings[i].name, name) == 0)
			return &orderings[i];
	}
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("clients cannot be ordered by \"%s\"", name),
			 errhint("Order them by name, created_at, last_session or balance.")));
}

/* Returns the warning that is asked for, or NULL for all clients. */
static char *
argument_warning(FunctionCallInfo fcinfo, int n)
{
	char	   *warning = argument_text(fcinfo, n);

	if (warning && strcmp(warning, "none") != 0 && strcmp(warning, "low") != 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("there is no warning \"%s\"", warning),
				 errhint("Warnings are none and low.")));
	return warning;
}

/* Reads a page; whose clients a trainer's are the application may say. */
static Rows
read_page(Call *call, const StudioQuery *query, const NullableDatum *args, bool all)
{
	return all ? query_read(call, query, args) :
		hook_run(call, HOOK_ASSIGNMENTS, query, args, query_read);
}

/* swan_clients(): a page of the list. */
Datum
swan_clients_0_2(PG_FUNCTION_ARGS)
{
	const Ordering *ordering;
	NullableDatum args[9];
	char	   *searched;
	Search		search;
	char	   *warning;
	char	   *prefix;
	CursorKey	key;
	Rows		page;
	bool		all;
	int32		max_rows;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 5, MAY_TRAINER | MAY_OFFICE);
	searched = argument_reason(fcinfo, 0, NULL);
	search = search_for(searched);
	ordering = argument_ordering(fcinfo, 3);
	warning = argument_warning(fcinfo, 4);
	prefix = cursor_mark(psprintf("clients %s %s %s", ordering->name,
								  warning ? warning : "", searched ? searched : ""));
	cursor_read(argument_text(fcinfo, 1), prefix, ordering->by_time, &key);

	max_rows = argument_max_rows(fcinfo, 2, 50);
	all = actor_is(call, MAY_OFFICE);

	args[0] = search.pattern;
	args[1] = ordering->by_time ? arg_time(key.time) : arg_text(key.text);
	args[2] = arg_id(key.id);
	args[3] = arg_int(max_rows);
	args[4] = arg_time(call->now);
	args[5] = arg_int(call->studio->settings.low_threshold);
	args[6] = arg_text(warning);
	args[7] = arg_id(call->actor->user_id);
	args[8] = search.plain;
	page = read_page(call, all ? &ordering->all : &ordering->of_trainer, args, all);
	cursor_put_page(fcinfo, page, prefix, ordering->by_time, 1);
	if (ordering->has_tail && page.nrows < max_rows)
	{
		args[3] = arg_int(max_rows - page.nrows);
		page = read_page(call, all ? &ordering->tail_of_all :
						 &ordering->tail_of_trainer, args, all);
		cursor_put_page(fcinfo, page, prefix, true, 1);
	}
	call_end(call);
	return (Datum) 0;
}

/* swan_clients_count(): how many the list has. */
Datum
swan_clients_count(PG_FUNCTION_ARGS)
{
	Call	   *call = actor_enter(fcinfo, CALL_READER, 2, MAY_TRAINER | MAY_OFFICE);
	Search		search = search_for(argument_reason(fcinfo, 0, NULL));
	bool		all = actor_is(call, MAY_OFFICE);
	NullableDatum args[] = {
		search.pattern, arg_null(), arg_null(), arg_null(),
		arg_time(call->now), arg_int(call->studio->settings.low_threshold),
		arg_text(argument_warning(fcinfo, 1)), arg_id(call->actor->user_id), search.plain
	};
	int64		count = row_id(read_page(call, all ? &count_all : &count_of_trainer, args, all), 0, 1);

	call_end(call);
	PG_RETURN_INT64(count);
}
