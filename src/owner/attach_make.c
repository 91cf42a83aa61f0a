/*-------------------------------------------------------------------------
 *
 * attach_make.c
 *	  Making a studio of tables that were found fit for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "account/totals.h"
#include "read/feed.h"
#include "owner/attach.h"
#include "owner/setup.h"

/* Appends the columns that have a name, or a zone, as a JSON object. */
static void
append_columns(StringInfo json, const char *member, char *const *values)
{
	bool		first = true;

	appendStringInfo(json, "\"%s\": {", member);
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		if (values[i] == NULL)
			continue;
		if (!first)
			appendStringInfoString(json, ", ");
		escape_json(json, studio_column_label(i));
		appendStringInfoString(json, ": ");
		escape_json(json, values[i]);
		first = false;
	}
	appendStringInfoString(json, "}, ");
}

/* Returns what the registry has to know of the columns. */
static Datum
registry_columns(Attachment *att, int64 last_id)
{
	StringInfoData json;
	JsonbValue	roles;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_columns(&json, "names", att->names);
	append_columns(&json, "time_zones", att->zones);
	if (getKeyJsonValueFromContainer(&att->options->root, "roles", strlen("roles"), &roles) &&
		roles.type == jbvBinary)
		appendStringInfo(&json, "\"roles\": %s, ",
						 JsonbToCString(NULL, roles.val.binary.data, roles.val.binary.len));
	appendStringInfoString(&json, "\"old_bookings\": ");
	escape_json(&json, att->old_bookings ? att->old_bookings : "free");
	attach_append_statuses(att, &json);
	if (att->longest > SWAN_DURATION_MAX)
		appendStringInfo(&json, ", \"longest\": " INT64_FORMAT, att->longest);
	if (att->continues)
		appendStringInfo(&json, ", \"counted_from\": " INT64_FORMAT, last_id);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Writes the registry row. */
static void
write_registry(Attachment *att, Oid owner, int64 last_id)
{
	static const Oid argtypes[] = {TEXTOID, OIDOID, OIDOID, TEXTOID, JSONBOID, TEXTOID};
	NullableDatum args[] = {
		arg_text(att->studio),
		arg_datum(ObjectIdGetDatum(att->users)),
		arg_datum(ObjectIdGetDatum(att->sessions)),
		arg_text(GetUserNameFromId(owner, false)),
		arg_datum(registry_columns(att, last_id)),
		/* transaction ids in a ledger from before may be of another place */
		arg_text(att->continues ? NULL : feed_start())
	};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "INSERT INTO swan.studio (name, users, sessions, owned_by, own, columns,"
			 " backfilled, created_at, guard_balance, guard_sessions, trainer_overlap, hold_credit, feed)"
			 " VALUES ($1, $2, $3, $4, false, $5, false, pg_catalog.clock_timestamp(),"
			 " 'record', 'record', 'allow', 'off', $6)",
			 6, argtypes, args);
	call_end(call);
}

/*
 * Makes the studio.  What takes the strong lock comes last and does not look
 * at rows: a check that is not validated, and triggers.
 */
void
attach_make(Attachment *att)
{
	Studio	   *studio = attach_names(att);
	Oid			owner = studio_table_owner(att->users);
	int64		last_id = 0;
	Call	   *call;

	call = call_begin_as(owner, "pg_catalog, pg_temp");
	if (!att->continues)
		setup_our_tables(call, studio);
	else
	{
		last_id = row_id(attach_query(att, call, TOTALS_LAST_ID), 0, 1);
		if (!attach_has_waits(att))
			setup_waits(call, studio);
	}
	attach_drop_leftovers(att, call);
	setup_guards(call, studio);
	call_end(call);
	write_registry(att, owner, last_id);
	if (att->continues && att->has_guards)
		ereport(WARNING,
				(errmsg("how studio \"%s\" was set before is not known here", att->studio),
				 errdetail("It begins as every studio that is attached: direct writes are recorded, trainers' sessions may overlap, no role is listed."),
				 errhint("swan_adopt_studio() takes a studio up as it was, with what swan_export_studio() returned.")));
	setup_advise_owner(att->studio, owner);
	attach_report(att, "studio", att->studio, "attached",
				  "CALL swan_backfill() when there is time for it");
}
