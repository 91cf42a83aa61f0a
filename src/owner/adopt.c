/*-------------------------------------------------------------------------
 *
 * adopt.c
 *	  Taking up a studio whose tables came from elsewhere, as it was there.
 *
 * Its tables were restored or replicated without their row of the registry, which
 * export.c wrote down.  They are looked at like an application's that are to be
 * attached, but nothing is guessed: what is to be found is what was exported, and
 * whatever is not there, or is not known here, stands in the way.  Guards are made anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/scansup.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "base/argument.h"
#include "base/details.h"
#include "base/error.h"
#include "studio/template.h"
#include "read/feed.h"
#include "owner/attach.h"
#include "owner/drift.h"
#include "owner/exported.h"
#include "owner/setting.h"
#include "owner/setup.h"

PG_FUNCTION_INFO_V1(swan_adopt_studio);

/* Returns the table of a name that was exported; only its owner takes it up. */
static Oid
find_table(Jsonb *exported, const char *member)
{
	char	   *name = exported_text(exported, member);
	Oid			relid = RangeVarGetRelid(makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name))),
										 NoLock, true);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("table %s does not exist", name),
				 errhint("Restore the tables of the studio first. If they are called otherwise here, say so in \"%s\" of what was exported.", member)));
	if (!swan_owns_relation(relid, GetUserId()))
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("must be owner of table \"%s\"", get_rel_name(relid)),
				 errhint("The owner of the tables adopts them.")));
	return relid;
}

/*
 * Returns how a column of ours was called, or NULL where there was none.  In studios
 * of our own making the application may have dropped what need not be there.
 */
static char *
exported_name(Attachment *att, Jsonb *columns, bool own, StudioColumnId id)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	Oid			relid = def->table == TABLE_USERS ? att->users : att->sessions;
	char	   *name;

	if (own && def->attached_only)
		return NULL;
	name = own && !def->later ? pstrdup(def->name) :
		details_text(JsonbPGetDatum(exported_object(columns, "names", false)), studio_column_label(id));
	if (own && name && def->absent && get_attnum(relid, name) == InvalidAttrNumber)
		return NULL;
	return name;
}

/* Returns what swan_attach() would have to be told of the columns. */
static Jsonb *
columns_as_options(Attachment *att, Jsonb *columns, bool own)
{
	static const char *const others[] = {"time_zones", "roles", "statuses", "old_bookings"};
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"rls\": \"bypass\"");
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		char	   *name = exported_name(att, columns, own, i);

		appendStringInfoString(&json, ", ");
		escape_json(&json, studio_column_label(i));
		appendStringInfoString(&json, ": ");
		if (name)
			escape_json(&json, name);
		else
			appendStringInfoString(&json, "null");
	}
	for (int i = 0; i < lengthof(others); i++)
	{
		JsonbValue	value;

		if (getKeyJsonValueFromContainer(&columns->root, others[i], strlen(others[i]), &value) == NULL)
			continue;
		if (value.type != jbvBinary && value.type != jbvString)
			exported_refuse(others[i]);
		appendStringInfo(&json, ", \"%s\": ", others[i]);
		if (value.type == jbvString)
			escape_json(&json, pnstrdup(value.val.string.val, value.val.string.len));
		else
			appendStringInfoString(&json, JsonbToCString(NULL, value.val.binary.data, value.val.binary.len));
	}
	appendStringInfoChar(&json, '}');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

/*
 * Refuses ids that are to come from a sequence and have been given already: those of
 * replicated tables stand where they began.
 */
static void
look_at_sequence(Attachment *att, Call *call, StudioColumnId id)
{
	Oid			relid = studio_column_defs[id].table == TABLE_USERS ? att->users : att->sessions;
	char	   *table = studio_table_name(relid);
	Rows		result;

	if (att->names[id] == NULL || get_attnum(relid, att->names[id]) == InvalidAttrNumber)
		return;
	result = sql_once(call,
					  psprintf("SELECT s.name, m.last FROM pg_catalog.pg_get_serial_sequence(%s, %s) s (name),"
							   " (SELECT pg_catalog.max(t.%s)::pg_catalog.int8 FROM %s t) m (last)"
							   " WHERE s.name IS NOT NULL AND m.last OPERATOR(pg_catalog.>)"
							   " COALESCE(pg_catalog.pg_sequence_last_value(s.name::pg_catalog.regclass), 0)",
							   quote_literal_cstr(table), quote_literal_cstr(att->names[id]),
							   quote_identifier(att->names[id]), table),
					  0, NULL, NULL);
	if (result.nrows == 1)
		attach_refuse(att, studio_column_label(id), att->names[id], "its sequence is behind its last row",
					  psprintf("SELECT pg_catalog.setval(%s, %lld)",
							   quote_literal_cstr(row_text(result, 0, 1)),
							   (long long) row_id(result, 0, 2)));
}

/* Returns whether a listing counts at once; what was exported is anybody's to write. */
static bool
counts_at_once(const ExportedRole *role)
{
	return role->accepted && has_privs_of_role(GetUserId(), get_role_oid(role->db_role, false));
}

/*
 * Refuses listings of roles that are not here, and of those that have the owner's
 * power and would have to agree first: without one such a role is the system.
 */
static void
check_roles(Attachment *att, Jsonb *roles)
{
	for (uint32 i = 0; i < JsonContainerSize(&roles->root); i++)
	{
		ExportedRole role = exported_role(roles, i);
		Oid			oid = get_role_oid(role.db_role, true);

		if (!OidIsValid(oid))
			attach_refuse(att, "role", role.db_role, "there is no such role",
						  psprintf("CREATE ROLE %s, or take it out of \"roles\" of what was exported",
								   quote_identifier(role.db_role)));
		else if (role.accepted && !counts_at_once(&role) &&
				 has_privs_of_role(oid, studio_table_owner(att->users)))
			attach_refuse(att, "role", role.db_role,
						  psprintf("role \"%s\" has the privileges of the owner, and would be the system until it agreed to be %s",
								   role.db_role, role.as_what),
						  "adopt as a role that has its privileges, say a superuser");
	}
}

/* Looks at the tables, and at what would be there besides. */
static void
look_at_tables(Attachment *att, Jsonb *exported)
{
	if (studio_table_owner(att->users) != studio_table_owner(att->sessions))
		attach_refuse(att, "sessions", NULL, "the tables have different owners",
					  "give both to one role with ALTER TABLE ... OWNER TO");
	attach_check_options(att);
	attach_hold_tables(att);
	attach_check_other_studios(att);
	attach_find_columns(att);
	attach_check_doubles(att);
	attach_check_table(att, att->users, "users", USERS_ID);
	attach_check_table(att, att->sessions, "sessions", SESSIONS_ID);
	attach_check_our_tables(att);
	if (!att->continues)
		attach_refuse(att, "swan_ledger", NULL, "the studio's own tables are not all there",
					  "restore swan_ledger, swan_lots and swan_holds with the others");
	attach_check_triggers(att);
	check_roles(att, exported_object(exported, "roles", true));
	attach_refuse_problem(att);
}

/*
 * Refuses tables into which a subscription writes: what it applies fires none of the
 * guards, and would go on after the studio has been opened here.
 */
static void
look_at_subscription(Attachment *att, Call *call)
{
	Rows		result;
	char	   *name;

	result = sql_once(call,
					  psprintf("SELECT s.subname FROM pg_catalog.pg_subscription s, pg_catalog.pg_subscription_rel r"
							   " WHERE r.srsubid OPERATOR(pg_catalog.=) s.oid AND s.subenabled"
							   " AND (r.srrelid OPERATOR(pg_catalog.=) %u OR r.srrelid OPERATOR(pg_catalog.=) %u) LIMIT 1",
							   att->users, att->sessions),
					  0, NULL, NULL);
	if (result.nrows == 0)
		return;
	name = row_text(result, 0, 1);
	attach_refuse(att, "subscription", NULL, psprintf("\"%s\" writes into the tables", name),
				  psprintf("DROP SUBSCRIPTION %s", quote_identifier(name)));
}

/* Looks whether only calls will write, and ids be new ones, with nobody at work on the tables. */
static void
look_at_writers(Attachment *att)
{
	Call	   *call = call_begin_as(studio_table_owner(att->users), "pg_catalog, pg_temp");

	look_at_subscription(att, call);
	attach_look_at_ids(att, call);
	look_at_sequence(att, call, USERS_ID);
	look_at_sequence(att, call, SESSIONS_ID);
	call_end(call);
	attach_refuse_problem(att);
}

/* Writes the registry row, but for the settings. */
static void
write_registry(Attachment *att, Jsonb *exported, bool backfilled)
{
	static const Oid argtypes[] = {
		TEXTOID, OIDOID, OIDOID, TEXTOID, BOOLOID, JSONBOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
	};
	NullableDatum args[] = {
		arg_text(att->studio),
		arg_datum(ObjectIdGetDatum(att->users)),
		arg_datum(ObjectIdGetDatum(att->sessions)),
		arg_text(GetUserNameFromId(studio_table_owner(att->users), false)),
		arg_bool(exported_bool(exported, "own")),
		arg_datum(JsonbPGetDatum(exported_object(exported, "columns", false))),
		arg_bool(backfilled),
		arg_text(exported_text(exported, "created_at")),
		arg_text(exported_text_or_null(exported, "feed")),
		arg_text(exported_text_or_null(exported, "closed_at")),
		arg_text(exported_text_or_null(exported, "closed_reason"))
	};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "INSERT INTO swan.studio (name, users, sessions, owned_by, own, columns, backfilled,"
			 " created_at, feed, closed_at, closed_reason)"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::pg_catalog.timestamptz, $9,"
			 " $10::pg_catalog.timestamptz, $11)",
			 11, argtypes, args);
	call_end(call);
}

/*
 * Lists the roles as they were.  Whether one has agreed is for it to say here too, but
 * where the caller has its privileges.
 */
static void
list_roles(Attachment *att, Jsonb *roles)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, TEXTOID, INT8OID, BOOLOID};

	for (uint32 i = 0; i < JsonContainerSize(&roles->root); i++)
	{
		ExportedRole role = exported_role(roles, i);
		bool		accepted = counts_at_once(&role);
		NullableDatum args[] = {
			arg_text(att->studio), arg_text(role.db_role), arg_text(role.as_what),
			arg_id(role.user_id), arg_bool(accepted)
		};
		Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

		sql_once(call,
				 "INSERT INTO swan.role (studio, db_role, as_what, user_id, accepted)"
				 " VALUES ($1, $2, $3, $4, $5)",
				 5, argtypes, args);
		call_end(call);
		attach_report(att, "role", role.db_role, role.as_what, accepted ? NULL :
					  psprintf("counts once it has agreed: SELECT swan_accept(%s)",
							   quote_literal_cstr(att->studio)));
		if (role.accepted && !accepted)
			ereport(WARNING,
					(errmsg("role \"%s\" is nobody in studio \"%s\" until it has agreed again",
							role.db_role, att->studio),
					 errhint("As that role: SELECT swan_accept(%s).", quote_literal_cstr(att->studio))));
	}
}

/* Makes all guards anew; where every client had a ledger, no balance is below zero. */
static void
make_guards(Attachment *att, bool backfilled)
{
	Studio	   *studio = attach_names(att);
	Call	   *call = call_begin_as(studio_table_owner(att->users), "pg_catalog, pg_temp");

	if (!attach_has_waits(att))
		setup_waits(call, studio);
	attach_drop_leftovers(att, call);
	setup_guards(call, studio);
	if (backfilled)
		sql_utility(call, expand_template(studio, "ALTER TABLE {users}"
										  " VALIDATE CONSTRAINT swan_balance_check"));
	call_end(call);
}

/* Says how the studio goes on. */
static void
report_state(Attachment *att, Jsonb *exported)
{
	static const char *const guards[] = {"guard_balance", "guard_sessions", "trainer_overlap"};
	Datum		settings = JsonbPGetDatum(exported_object(exported, "settings", false));
	char	   *feed = exported_text_or_null(exported, "feed");
	char	   *reason = exported_text_or_null(exported, "closed_reason");

	for (int i = 0; i < lengthof(guards); i++)
	{
		char	   *value = details_text(settings, guards[i]);

		if (value)
			attach_report(att, guards[i], NULL, value, NULL);
	}
	if (feed == NULL || !feed_is_of_here(feed))
		attach_report(att, "feed", NULL, "reset", "swan_rebase_feed() before consumers go on");
	attach_report(att, "studio", att->studio, "adopted", reason == NULL ? NULL :
				  psprintf("it is closed: %s; SELECT swan_open_studio(%s)", reason,
						   quote_literal_cstr(att->studio)));
}

/* swan_adopt_studio(): takes a studio up that is not in the registry, as it was exported. */
Datum
swan_adopt_studio(PG_FUNCTION_ARGS)
{
	Attachment	att = {.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo,.adopts = true};
	Jsonb	   *exported;
	Jsonb	   *columns;
	int64		problems;
	bool		backfilled;

	InitMaterializedSRF(fcinfo, 0);
	(void) studio_list();		/* refuses under SQL of another version */
	PreventCommandIfReadOnly("swan_adopt_studio()");
	if (PG_ARGISNULL(0))
		swan_missing_argument("exported", NULL);
	exported = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_OBJECT(exported))
		exported_refuse("exported");
	att.users = find_table(exported, "users");
	att.sessions = find_table(exported, "sessions");
	exported_check(exported);
	columns = exported_object(exported, "columns", false);
	backfilled = exported_bool(exported, "backfilled");

	att.context = CurrentMemoryContext;
	att.extension_namespace = get_func_namespace(fcinfo->flinfo->fn_oid);
	att.studio = argument_label(fcinfo, 1, "studio");
	if (att.studio == NULL)
		att.studio = exported_text(exported, "studio");
	check_label(att.studio, "studio");
	truncate_identifier(att.studio, strlen(att.studio), true);
	att.options = columns_as_options(&att, columns, exported_bool(exported, "own"));
	look_at_tables(&att, exported);

	attach_lock_tables(&att);
	look_at_writers(&att);
	make_guards(&att, backfilled);
	write_registry(&att, exported, backfilled);
	studio_check(studio_of_owner(att.studio));
	settings_adopt(att.studio, exported_object(exported, "settings", false));
	list_roles(&att, exported_object(exported, "roles", true));
	setup_advise_owner(att.studio, studio_table_owner(att.users));
	problems = warn_of_drift(studio_of_owner(att.studio));
	if (problems > 0)
		attach_report(&att, "swan_verify", NULL, psprintf("problems: " INT64_FORMAT, problems),
					  "not all has come along, or it was so before; SELECT * FROM swan_verify()");
	report_state(&att, exported);
	return (Datum) 0;
}
