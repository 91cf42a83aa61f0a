/*-------------------------------------------------------------------------
 *
 * export.c
 *	  What the registry has of a studio, to take along with its tables.
 *
 * A dump of the studio's schema does not have it.  It is written down without OIDs,
 * by names that can be found elsewhere; adopt.c reads it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/argument.h"
#include "studio/query.h"

PG_FUNCTION_INFO_V1(swan_export_studio);

/*
 * All columns of the registry that are not named are settings.  A listing whose role
 * was made anew since counts for nobody, so it goes along as one that is not agreed to.
 */
static const char export_query[] =
"SELECT pg_catalog.jsonb_build_object('version', $2, 'studio', s.name,"
" 'users', $3, 'sessions', $4, 'own', s.own, 'backfilled', s.backfilled,"
" 'created_at', s.created_at, 'columns', s.columns, 'feed', s.feed,"
" 'closed_at', s.closed_at, 'closed_reason', s.closed_reason,"
" 'settings', pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.-)"
" '{name,users,sessions,owned_by,own,backfilled,created_at,columns,feed,closed_at,closed_reason}'::pg_catalog.text[],"
" 'roles', COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object("
"'db_role', r.db_role, 'as_what', r.as_what, 'user_id', r.user_id, 'accepted', r.accepted"
" AND (r.role_oid OPERATOR(pg_catalog.=) swan.oid_of_role(r.db_role)) IS NOT FALSE)"
" ORDER BY r.db_role)"
" FROM swan.role r WHERE r.studio OPERATOR(pg_catalog.=) s.name), '[]'))"
" FROM swan.studio s WHERE s.name OPERATOR(pg_catalog.=) $1";

/* swan_export_studio(): settings, roles and all else that swan_adopt_studio() takes. */
Datum
swan_export_studio(PG_FUNCTION_ARGS)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Studio	   *studio = studio_of_owner(argument_text(fcinfo, 0));
	NullableDatum args[4];
	bool		isnull;
	Rows		result;
	Datum		exported;
	Call	   *call;

	studio_check(studio);
	args[0] = arg_text(studio->name);
	args[1] = arg_text(CppAsString2(SWANALLOC_VERSION));
	args[2] = arg_text(studio->table_names[TABLE_USERS]);
	args[3] = arg_text(studio->table_names[TABLE_SESSIONS]);
	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	call_set_parameter(call, "IntervalStyle", "postgres");
	call_set_parameter(call, "TimeZone", "UTC");
	result = sql_once(call, export_query, 4, argtypes, args);
	if (result.nrows != 1)
		elog(ERROR, "a studio has no row in the registry");
	MemoryContextSwitchTo(call->result_context);
	exported = row_datum(result, 0, 1, &isnull);
	exported = PointerGetDatum(PG_DETOAST_DATUM_COPY(exported));
	MemoryContextSwitchTo(call->context);
	call_end(call);
	return exported;
}
