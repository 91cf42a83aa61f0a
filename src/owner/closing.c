/*-------------------------------------------------------------------------
 *
 * closing.c
 *	  Closing a studio to all that changes it, and opening it again.
 *
 * Everybody who writes holds a lock on a table of the studio until his transaction
 * ends, and looks at the registry after he has it.  So whoever closes it waits for
 * such locks, and keeps his own until all can see that it is closed: who wrote before
 * is committed by then, and who comes later is refused, however old his snapshot is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/query.h"

PG_FUNCTION_INFO_V1(swan_close_studio);
PG_FUNCTION_INFO_V1(swan_open_studio);

/* Writes into the registry why a studio is closed, or with NULL that it is open. */
static void
write_reason(const char *studio, const char *reason)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	NullableDatum args[] = {arg_text(studio), arg_text(reason)};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "UPDATE swan.studio SET closed_reason = $2, closed_at ="
			 " CASE WHEN $2 IS NOT NULL THEN COALESCE(closed_at, pg_catalog.clock_timestamp()) END"
			 " WHERE name OPERATOR(pg_catalog.=) $1",
			 2, argtypes, args);
	call_end(call);
}

/* swan_close_studio(): lets those who write end, and refuses all others from then on. */
Datum
swan_close_studio(PG_FUNCTION_ARGS)
{
	char	   *reason;
	char	   *name;

	PreventCommandIfReadOnly("swan_close_studio()");
	name = pstrdup(studio_of_owner_alone(argument_text(fcinfo, 1), ShareRowExclusiveLock)->name);
	reason = argument_label(fcinfo, 0, "reason");
	if (reason == NULL)
		swan_missing_argument("reason", NULL);
	write_reason(name, reason);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("studio %s is closed: %s", name, reason)));
}

/* swan_open_studio(): lets calls change it again. */
Datum
swan_open_studio(PG_FUNCTION_ARGS)
{
	char	   *name;

	PreventCommandIfReadOnly("swan_open_studio()");
	name = pstrdup(studio_of_owner(argument_text(fcinfo, 0))->name);
	write_reason(name, NULL);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("studio %s is open", name)));
}
