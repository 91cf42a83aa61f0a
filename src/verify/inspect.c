/*-------------------------------------------------------------------------
 *
 * inspect.c
 *	  Whether the studios are there and guarded, from the catalog alone.
 *
 * No table is opened or locked: a monitoring call must neither wait for an
 * ALTER TABLE nor make one wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "base/zone.h"
#include "studio/listing.h"
#include "studio/triggers.h"
#include "verify/inspect.h"
#include "verify/lacking.h"

PG_FUNCTION_INFO_V1(swan_health);

/* one of our own tables, in the schema of the users */
#define OWN_TABLE(name) \
	" ((SELECT c.oid FROM pg_catalog.pg_class c" \
	" WHERE c.relname OPERATOR(pg_catalog.=) '" name "'" \
	" AND c.relnamespace OPERATOR(pg_catalog.=) u.relnamespace)," \
	" '" name "')"

/*
 * (studio, how bad, problem), of one studio or of all; p has the partitions of
 * a ledger too, which are guarded like itself.  swan_ledger_ids belongs to
 * docs/partition_ledger.sql: where it stays, writes end.
 */
static const char inspection_start[] =
"WITH RECURSIVE t AS (SELECT s.name, s.own, s.backfilled, s.columns, x.relid, x.label,"
" u.oid IS NOT NULL OR x.label OPERATOR(pg_catalog.=) ANY ('{users,sessions}') AS expected"
" FROM swan.studio s"
" LEFT JOIN pg_catalog.pg_class u ON u.oid OPERATOR(pg_catalog.=) s.users"
" CROSS JOIN LATERAL (VALUES"
" (s.users::pg_catalog.oid, 'users'), (s.sessions::pg_catalog.oid, 'sessions'),"
OWN_TABLE("swan_ledger") "," OWN_TABLE("swan_lots") "," OWN_TABLE("swan_holds") ","
OWN_TABLE("swan_waits")
") x (relid, label)"
" WHERE $1 IS NULL OR s.name OPERATOR(pg_catalog.=) $1),"
" p AS (SELECT t.name, t.relid, t.label FROM t"
" UNION ALL SELECT p.name, i.inhrelid, p.label FROM p JOIN pg_catalog.pg_inherits i"
" ON i.inhparent OPERATOR(pg_catalog.=) p.relid"
" WHERE p.label OPERATOR(pg_catalog.<>) ALL ('{users,sessions}'))"
" SELECT t.name, 2, pg_catalog.format('table \"%s\" is gone', t.label)"
" FROM t LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" WHERE c.oid IS NULL AND t.expected AND t.label OPERATOR(pg_catalog.<>) 'swan_waits'"
" UNION ALL"
" SELECT t.name, 2, pg_catalog.format('column \"%s\" of table \"%s\" is gone or of another type', k.name, c.relname)"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" JOIN (VALUES ";

/* the columns come in between, see append_columns() */
static const char inspection_middle[] =
") r (label, col, required, attached, later, types, labels, zoned) ON r.label OPERATOR(pg_catalog.=) t.label"
" CROSS JOIN LATERAL (SELECT CASE WHEN t.own AND r.attached THEN NULL WHEN t.own AND NOT r.later THEN r.col ELSE"
" COALESCE(t.columns OPERATOR(pg_catalog.->) 'names'"
" OPERATOR(pg_catalog.->>) pg_catalog.concat(r.label, '.', r.col), CASE WHEN r.required THEN r.col END) END,"
" t.columns OPERATOR(pg_catalog.->) 'time_zones'"
" OPERATOR(pg_catalog.->>) pg_catalog.concat(r.label, '.', r.col)) k (name, zone)"
" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid"
" AND a.attname OPERATOR(pg_catalog.=) k.name AND NOT a.attisdropped"
" LEFT JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) a.atttypid"
" WHERE k.name IS NOT NULL AND NOT COALESCE("
"a.atttypid OPERATOR(pg_catalog.=) ANY (r.types::pg_catalog.oid[])"
" AND (a.atttypid OPERATOR(pg_catalog.<>) " CppAsString2(TIMESTAMPOID) " OR k.zone IS NOT NULL OR NOT r.zoned)"
" OR r.labels AND y.typtype OPERATOR(pg_catalog.=) 'e',"
" t.own AND NOT r.required)"
" UNION ALL"
" SELECT t.name, 2, pg_catalog.format(CASE WHEN c.relowner OPERATOR(pg_catalog.<>) u.relowner"
" THEN 'table \"%s\" has another owner than the users'"
" WHEN c.relkind OPERATOR(pg_catalog.=) 'r' THEN 'table \"%s\" has child tables'"
" ELSE '\"%s\" is not a table' END, c.relname)"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" LEFT JOIN t o ON o.name OPERATOR(pg_catalog.=) t.name AND o.label OPERATOR(pg_catalog.=) 'users'"
" LEFT JOIN pg_catalog.pg_class u ON u.oid OPERATOR(pg_catalog.=) o.relid"
" WHERE c.relowner OPERATOR(pg_catalog.<>) u.relowner"
" OR (c.relkind OPERATOR(pg_catalog.<>) 'r' OR c.relhassubclass AND EXISTS (SELECT 1"
" FROM pg_catalog.pg_inherits i WHERE i.inhparent OPERATOR(pg_catalog.=) c.oid))"
" AND (t.label OPERATOR(pg_catalog.<>) 'swan_ledger' OR c.relkind OPERATOR(pg_catalog.<>) 'p')"
" UNION ALL"
" SELECT t.name, 2, 'sequence \"swan_ledger_id_seq\" is gone'"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" WHERE t.label OPERATOR(pg_catalog.=) 'swan_ledger' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class q"
" WHERE q.relname OPERATOR(pg_catalog.=) 'swan_ledger_id_seq'"
" AND q.relnamespace OPERATOR(pg_catalog.=) c.relnamespace)"
" UNION ALL"
" SELECT t.name, CASE WHEN g.tgname IS NULL OR p.proname IS NULL"
" AND e.telling THEN 2 ELSE 1 END,"
" pg_catalog.format('trigger \"%s\" on table \"%s\" is %s', e.guard,"
" c.relname, CASE WHEN g.tgname IS NULL THEN 'missing'"
" WHEN p.proname IS NULL OR g.tgtype OPERATOR(pg_catalog.<>) e.tgtype"
" OR g.tgqual IS NOT NULL OR g.tgnargs OPERATOR(pg_catalog.<>) 0"
" OR pg_catalog.array_length(g.tgattr::pg_catalog.int2[], 1) OPERATOR(pg_catalog.>) 0 THEN 'not ours'"
" ELSE 'disabled' END)"
" FROM p t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" JOIN (VALUES ";

/* the triggers come in between, see append_triggers() */
static const char inspection_end[] =
") e (label, guard, function, tgtype, telling) ON e.label OPERATOR(pg_catalog.=) t.label"
" LEFT JOIN pg_catalog.pg_trigger g ON g.tgrelid OPERATOR(pg_catalog.=) c.oid"
" AND g.tgname OPERATOR(pg_catalog.=) e.guard"
" LEFT JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.tgfoid"
" AND p.proname OPERATOR(pg_catalog.=) e.function AND p.probin IS NOT NULL"
" WHERE g.tgname IS NULL OR p.proname IS NULL OR g.tgenabled OPERATOR(pg_catalog.=) ANY ('{D,R}')"
" OR g.tgtype OPERATOR(pg_catalog.<>) e.tgtype OR g.tgqual IS NOT NULL"
" OR pg_catalog.array_length(g.tgattr::pg_catalog.int2[], 1) OPERATOR(pg_catalog.>) 0"
" UNION ALL"
" SELECT t.name, 1, pg_catalog.format('constraint \"swan_balance_check\" is %s',"
" CASE WHEN k.oid IS NULL THEN 'missing' ELSE 'not validated' END)"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid OPERATOR(pg_catalog.=) c.oid"
" AND k.conname OPERATOR(pg_catalog.=) 'swan_balance_check'"
" WHERE t.label OPERATOR(pg_catalog.=) 'users'"
" AND (k.oid IS NULL OR (t.backfilled AND NOT k.convalidated))"
" UNION ALL"
" SELECT p.name, 1, pg_catalog.format('constraint \"swan_ledger_ids\" on table \"%s\" is left behind', c.relname)"
" FROM p JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.relid"
" JOIN pg_catalog.pg_constraint k ON k.conrelid OPERATOR(pg_catalog.=) c.oid"
" AND k.conname OPERATOR(pg_catalog.=) 'swan_ledger_ids'"
" UNION ALL"
" SELECT t.name, 0, 'the tables are owned by a superuser'"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner"
" WHERE t.label OPERATOR(pg_catalog.=) 'users' AND r.rolsuper"
" UNION ALL"
" SELECT t.name, 0, pg_catalog.format('role \"%s\" is listed and has rights that the owner of the tables lacks', a.rolname)"
" FROM t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid"
" JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) c.relowner"
" JOIN swan.role r ON r.studio OPERATOR(pg_catalog.=) t.name AND r.accepted"
" JOIN pg_catalog.pg_roles a ON a.rolname OPERATOR(pg_catalog.=) r.db_role"
" AND (a.oid OPERATOR(pg_catalog.=) r.role_oid) IS NOT FALSE"
" WHERE t.label OPERATOR(pg_catalog.=) 'users' AND NOT o.rolsuper AND (a.rolsuper"
" OR (a.rolcreaterole AND NOT o.rolcreaterole) OR (a.rolcreatedb AND NOT o.rolcreatedb)"
" OR (a.rolreplication AND NOT o.rolreplication) OR (a.rolbypassrls AND NOT o.rolbypassrls))"
" ORDER BY 1, 2 DESC, 3";

/* Appends every column that a studio may have, with the types that hold it. */
static void
append_columns(StringInfo query)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		const StudioColumnDef *def = &studio_column_defs[i];
		const Oid  *types = studio_column_types[def->kind];

		appendStringInfo(query, "%s('%s', '%s', %s, %s, %s, '{%u,%u}', %s, %s)",
						 i == 0 ? "" : ", ", studio_table_label(def->table),
						 def->name, def->absent ? "false" : "true",
						 def->attached_only ? "true" : "false",
						 def->later ? "true" : "false", types[0], types[1],
						 def->kind == COLUMN_LABEL ? "true" : "false",
						 def->kind == COLUMN_TIME ? "true" : "false");
	}
}

/* Appends every trigger that a table of a studio carries. */
static void
append_triggers(StringInfo query)
{
	const char *separator = "";

	for (const StudioTrigger *trigger = studio_triggers; trigger->name; trigger++)
	{
		for (int table = 0; table < STUDIO_NTABLES; table++)
		{
			if (!studio_trigger_is_on(trigger, table))
				continue;
			appendStringInfo(query, "%s('%s', '%s', '%s', %d, %s)", separator,
							 studio_table_label(table), trigger->name, trigger->function,
							 trigger->type, trigger->telling ? "true" : "false");
			separator = ", ";
		}
	}
}

/* Returns (studio, how bad, problem) of one studio, or of all. */
Rows
inspect_studios(Call *call, const char *studio)
{
	static const Oid argtypes[] = {TEXTOID};
	NullableDatum args[] = {arg_text(studio)};
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, inspection_start);
	append_columns(&query);
	appendStringInfoString(&query, inspection_middle);
	append_triggers(&query);
	appendStringInfoString(&query, inspection_end);
	return sql_once(call, query.data, 1, argtypes, args);
}

/*
 * Returns for how many seconds transactions of this cluster hold up the feeds:
 * the age of the oldest that has an id, prepared ones included.
 */
static int64
feed_lag(Call *call)
{
	Rows		result = sql_once(call,
								  "SELECT COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp()"
								  " OPERATOR(pg_catalog.-) pg_catalog.min(x.since)), 0)::pg_catalog.int8"
								  " FROM (SELECT a.xact_start FROM pg_catalog.pg_stat_activity a"
								  " WHERE a.backend_xid IS NOT NULL"
								  " UNION ALL SELECT p.prepared FROM pg_catalog.pg_prepared_xacts p) x (since)",
								  0, NULL, NULL);

	return row_int(result, 0, 1);
}

/* Returns whether the current role may know a studio by name. */
static bool
may_know(const char *name)
{
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		if (strcmp(studio->name, name) == 0)
			return listing_find(name, GetUserId()) != NULL ||
				studio_is_owner(studio, GetUserId());
	}
	return false;
}

/* Appends one criterion of swan_health() to its JSON. */
static void
append_criterion(StringInfo json, const char *name, bool ok)
{
	appendStringInfo(json, "%s\"%s\": %s",
					 json->data[json->len - 1] == '{' ? "" : ", ",
					 name, ok ? "true" : "false");
}

/* what swan_health() has found */
typedef struct Health
{
	MemoryContext context;		/* holds the two lists */
	List	   *names;			/* of studios */
	List	   *problems;		/* of each of them */
	bool		usable;
	bool		guarded;
	int			closed;			/* how many are, as their owners want it */
} Health;

/* Notes a problem of a studio, beyond the frame it was found in. */
static void
note_problem(Health *health, const char *studio, const char *problem)
{
	MemoryContext old = MemoryContextSwitchTo(health->context);

	health->names = lappend(health->names, pstrdup(studio));
	health->problems = lappend(health->problems, pstrdup(problem));
	MemoryContextSwitchTo(old);
}

/* Notes what an inspection has found. */
static void
note_problems(Health *health, Rows found)
{
	for (uint64 i = 0; i < found.nrows; i++)
	{
		int			severity = row_int(found, i, INSPECTED_SEVERITY);

		note_problem(health, row_text(found, i, INSPECTED_STUDIO),
					 row_text(found, i, INSPECTED_PROBLEM));
		health->usable = health->usable && severity != INSPECT_BROKEN;
		health->guarded = health->guarded && severity != INSPECT_UNGUARDED;
	}
}

/* Notes which studios wait for an upgrade; they work without it. */
static void
note_outdated(Health *health, Rows lacking)
{
	const char *last = "";

	for (uint64 i = 0; i < lacking.nrows; i++)
	{
		char	   *name = row_text(lacking, i, LACKING_STUDIO);

		if (strcmp(name, last) == 0)
			continue;
		last = name;
		note_problem(health, name,
					 psprintf("an earlier version made it; what it lacks is added by"
							  " SELECT swan_upgrade_studio(%s)", quote_literal_cstr(name)));
	}
}

/* Notes which studios are closed. */
static void
note_closed(Health *health)
{
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		if (studio->closed_reason == NULL)
			continue;
		note_problem(health, studio->name,
					 psprintf("it is closed since %s: %s", zone_json_time(studio->closed_at),
							  studio->closed_reason));
		health->closed++;
	}
}

/*
 * swan_health(): whether the service works.  It counts all studios, and names
 * one only to those who may use it.
 */
Datum
swan_health(PG_FUNCTION_ARGS)
{
	int			studios = list_length(studio_list());
	Health		health = {.context = CurrentMemoryContext,
	.usable = studios > 0,.guarded = true};
	StringInfoData warnings;
	StringInfoData json;
	ListCell   *name;
	ListCell   *problem;
	int64		lag;
	Call	   *call;

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	lag = feed_lag(call);
	note_problems(&health, inspect_studios(call, NULL));
	note_problems(&health, inspect_listings(call));
	note_outdated(&health, lacking_find(call, NULL));
	call_end(call);
	note_closed(&health);

	initStringInfo(&warnings);
	forboth(name, health.names, problem, health.problems)
	{
		if (!may_know(lfirst(name)))
			continue;
		appendStringInfoString(&warnings, warnings.len > 0 ? ", " : "");
		escape_json(&warnings, psprintf("studio %s: %s", (char *) lfirst(name),
										(char *) lfirst(problem)));
	}

	initStringInfo(&json);
	appendStringInfo(&json,
					 "{\"service\": \"SessionAllocationService\", \"version\": \"%s\","
					 " \"status\": \"%s\", \"studios\": %d, \"closed\": %d, \"feed_lag_seconds\": %lld,"
					 " \"warnings\": [%s], \"criteria\": {",
					 CppAsString2(SWANALLOC_VERSION),
					 health.usable && health.guarded ? "healthy" : "degraded",
					 studios, health.closed, (long long) lag, warnings.data);
	append_criterion(&json, "studio_exists", studios > 0);
	append_criterion(&json, "studios_usable", health.usable);
	append_criterion(&json, "guards_enabled", health.guarded);
	appendStringInfoString(&json, "}}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}
