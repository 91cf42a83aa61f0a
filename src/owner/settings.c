/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The settings of a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "base/argument.h"
#include "base/error.h"
#include "studio/enter.h"
#include "slot/slot.h"
#include "account/locks.h"
#include "account/records.h"
#include "account/totals.h"
#include "read/search.h"
#include "verify/lacking.h"
#include "owner/drift.h"
#include "owner/setting.h"

PG_FUNCTION_INFO_V1(swan_configure);
PG_FUNCTION_INFO_V1(swan_configure_number);
PG_FUNCTION_INFO_V1(swan_settings_0_2);
PG_FUNCTION_INFO_V1(swan_studios_0_2);

static const Setting settings[] = {
	{"guard_balance", SETTING_CHOICE, {"refuse", "record"}, 0, 0, "text",
	"what happens to a direct change of a balance: refused, or recorded in the ledger",
	ABOUT_BALANCES},
	{"guard_sessions", SETTING_CHOICE, {"refuse", "record", "off"}, 0, 0, "text",
	"what happens to a direct change of a booking: refused, recorded in the ledger, or nothing",
	ABOUT_BOOKINGS | ABOUT_TRAINER_TIME},
	{"grant_max", SETTING_NUMBER, {NULL}, 1, 10000, "int4",
	"how many credits one grant may give"},
	{"purchase_max", SETTING_NUMBER, {NULL}, 1, 10000, "int4",
	"how many credits one purchase may give"},
	{"low_threshold", SETTING_NUMBER, {NULL}, 0, PG_INT32_MAX, "int4",
	"up to how many credits the warning is low"},
	{"cancel_window", SETTING_INTERVAL, {NULL}, 0, 0, "interval",
	"how long before the start a client's cancellation returns the credit"},
	{"admin_booking", SETTING_CHOICE, {"free", "charged"}, 0, 0, "text",
	"whether a booking that an admin makes takes a credit"},
	{"hold_max", SETTING_NUMBER, {NULL}, 0, 100, "int4",
	"how many slots a client may hold at once"},
	{"trainer_overlap", SETTING_CHOICE, {"refuse", "allow"}, 0, 0, "text",
	"whether the slots of a trainer may overlap",
	ABOUT_TRAINER_TIME},
	{"time_zone", SETTING_TIME_ZONE, {NULL}, 0, 0, "text",
	"in which weeks and days are counted"},
	{"search_path", SETTING_SEARCH_PATH, {NULL}, 0, 0, "text",
	"under which statements on the tables run; unset: the schemas of the studio",
	.may_be_unset = true},
	{"session_records", SETTING_CHOICE, {"off", "on"}, 0, 0, "text",
	"whether sessions has an undated row for every credit"},
	{"book_notice", SETTING_INTERVAL, {NULL}, 0, 0, "interval",
	"how long before the start a client can still book"},
	{"book_horizon", SETTING_INTERVAL, {NULL}, 0, 0, "interval",
	"how far ahead a client can book; unset: as far as there are slots",
	.may_be_unset = true},
	{"live_max", SETTING_NUMBER, {NULL}, 0, PG_INT32_MAX, "int4",
	"how many bookings to come a client can have; unset: any number",
	.may_be_unset = true},
	{"buffer", SETTING_PAUSE, {NULL}, 0, 0, "interval",
	"what time is kept free between two sessions of a trainer"},
	{"staff_may", SETTING_TASKS, {NULL}, 0, STAFF_TASKS, "text",
	"what staff may do like an admin: purchase, or nothing"},
	{"trainer_may", SETTING_TASKS, {NULL}, 0, TRAINER_TASKS, "text",
	"what trainers may do on their own, of open, request, book, complete, cancel and return"},
	{"hold_credit", SETTING_CHOICE, {"off", "on"}, 0, 0, "text",
	"whether a client needs a credit to hold a slot"},
	{"hold_total", SETTING_INTERVAL, {NULL}, 0, 0, "interval",
	"how long a client may keep one slot by holding it again and again"},
	{"booking_rule", SETTING_HOOK, {NULL}, 0, 0, "text",
	"function (user_id, session_id, actor_id) that says why a booking is refused; unset: none",
	.may_be_unset = true},
	{"cost_rule", SETTING_HOOK, {NULL}, 0, 0, "text",
	"function (user_id, session_id) that says how many credits a booking costs; unset: the column cost, or 1",
	.may_be_unset = true},
	{"assignments", SETTING_HOOK, {NULL}, 0, 0, "text",
	"table or view of trainer_id and user_id that says whose clients are whose; unset: who had a session",
	.may_be_unset = true},
	{"wait_offer", SETTING_INTERVAL, {NULL}, 0, 0, "interval",
	"how long a place that came free is kept for each client who waits for it, in turn"},
};

/* what swan_settings() says besides, and nobody sets */
static const char accents_name[] = "search_accents";
static const char accents_description[] =
"whether searches for people tell accents apart: ignored where the extension unaccent is in the database, else told; not to be set";

/* Returns the setting of that name, or NULL. */
static const Setting *
find_setting(const char *name)
{
	for (int i = 0; i < lengthof(settings); i++)
	{
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	}
	return NULL;
}

/* Answers a name that no setting has. */
static void
refuse_setting(const char *name)
{
	if (strcmp(name, accents_name) == 0)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s cannot be set", name),
				 errhint("Searches ignore accents after CREATE EXTENSION unaccent;")));
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("there is no setting \"%s\"", name),
			 errhint("swan_settings() lists them.")));
}

/* Writes a setting to the registry and returns it as it reads there. */
static char *
write_setting(const char *studio, const Setting *setting, const char *value,
			  MemoryContext context)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	NullableDatum args[] = {arg_text(studio), arg_text(value)};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	char	   *name = pstrdup(quote_identifier(setting->name));
	Rows		result;
	char	   *written;

	call_set_parameter(call, "IntervalStyle", "postgres");
	result = sql_once(call,
					  psprintf("UPDATE swan.studio SET %s = $2::pg_catalog.%s"
							   " WHERE name OPERATOR(pg_catalog.=) $1 RETURNING %s",
							   name, setting->type, name),
					  2, argtypes, args);
	if (result.nrows != 1)
		elog(ERROR, "studio \"%s\" has no row in the registry", studio);
	written = row_text(result, 0, 1);
	written = written ? MemoryContextStrdup(context, written) : NULL;
	call_end(call);
	return written;
}

/* Brings the session records of every client into step with his balance. */
static void
sync_all_records(const char *name)
{
	static const StudioQuery clients = {
		"SELECT {u.id} FROM {users} u WHERE {live u} ORDER BY {u.id}", 0, {0}
	};
	Call	   *call;
	Rows		result;

	CommandCounterIncrement();	/* the setting itself */
	call = call_begin(studio_of_owner(name), CALL_WRITER);
	result = query_recheck(call, &clients, NULL);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		Account		account;

		sql_scope_begin();
		if (account_lock(call, row_id(result, i, 1), &account))
			records_sync(call, &account, "Available");
		sql_scope_end();
	}
	call_end(call);
}

/* Returns whether a setting is one of the guards against direct writes. */
static bool
is_guard(const Setting *setting)
{
	return (setting->keeps & (ABOUT_BALANCES | ABOUT_BOOKINGS)) != 0;
}

/* Refuses to guard balances that are not all in the ledger yet. */
static void
require_backfill(Studio *studio, const Setting *setting)
{
	if (!studio->backfilled)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("%s cannot be refuse before every client has a ledger", setting->name),
				 errhint("CALL swan_backfill() first.")));
}

/*
 * Returns the studio to set something in.  Where that depends on what is in the
 * tables, whoever writes to them is let end, and others wait.  The lock goes with
 * no lock on a row, so nothing that is done under it has to wait for anybody.
 */
static Studio *
studio_to_configure(const char *studio, const Setting *setting, bool alone)
{
	if (alone || (setting && strcmp(setting->name, "session_records") == 0))
		return studio_of_owner_alone(studio, ExclusiveLock);
	return studio_of_owner(studio);
}

/*
 * Notes that sessions were not watched up to now, or not by triggers that fired:
 * totals in the ledger up to here do not count any more.
 */
static void
count_anew(const char *name)
{
	static const StudioQuery last_id = {TOTALS_LAST_ID, 0, {0}};
	Call	   *call = call_begin(studio_of_owner(name), CALL_READER);
	int64		id = row_id(query_recheck(call, &last_id, NULL), 0, 1);

	call_end(call);
	studio_note(name, "counted_from", id);
}

/* Keeps others from changing settings of a studio: what one may be is up to another. */
static void
lock_settings(const char *studio)
{
	static const Oid argtypes[] = {TEXTOID};
	NullableDatum args[] = {arg_text(studio)};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "SELECT 1 FROM swan.studio r WHERE r.name OPERATOR(pg_catalog.=) $1"
			 " FOR NO KEY UPDATE",
			 1, argtypes, args);
	call_end(call);
}

/* Changes one setting to a value, or unsets it. */
static Datum
configure(FunctionCallInfo fcinfo, char *value)
{
	char	   *name = argument_text(fcinfo, 0);
	const Setting *setting = name ? find_setting(name) : NULL;
	bool		refuses = setting && setting->keeps && value && strcmp(value, "refuse") == 0;
	bool		watches = name && strcmp(name, "guard_sessions") == 0 &&
	value && strcmp(value, "off") != 0;
	Studio	   *studio;
	char	   *studio_name;
	char	   *written;

	PreventCommandIfReadOnly("swan_configure()");
	studio = studio_to_configure(argument_text(fcinfo, 2), setting, refuses || watches);
	studio_name = pstrdup(studio->name);
	lock_settings(studio_name);
	studio = studio_of_owner(studio_name);
	studio_check(studio);
	if (name == NULL)
		swan_missing_argument("setting", NULL);
	if (setting == NULL)
		refuse_setting(name);
	if (value)
		value = setting_check(studio, setting, value);
	else if (!setting->may_be_unset)
		swan_missing_argument("value", NULL);

	if (refuses && (setting->keeps & ABOUT_TRAINER_TIME))
	{
		reach_measure(studio);
		studio = studio_of_owner(studio_name);
	}
	if (refuses && is_guard(setting))
		require_backfill(studio, setting);
	if (refuses)
		refuse_drift(studio, setting->name, setting->keeps);
	if (watches)
		count_anew(studio_name);
	written = write_setting(studio_name, setting, value, CurrentMemoryContext);
	if (value && strcmp(name, "session_records") == 0 && strcmp(value, "on") == 0)
		sync_all_records(studio_name);
	if (written == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(written));
}

/* Returns a setting's value as it was exported, or NULL for one that is unset. */
static char *
exported_value(const Setting *setting, const JsonbValue *value)
{
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (value->type != jbvNull || !setting->may_be_unset)
		swan_missing_argument(setting->name, NULL);
	return NULL;
}

/*
 * Gives a studio that is taken up the settings that it had: each is checked as if
 * it were set now, but not whether what it keeps right is right, which it has kept.
 */
void
settings_adopt(const char *name, Jsonb *values)
{
	JsonbIterator *it = JsonbIteratorInit(&values->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *key = token == WJB_KEY ? pnstrdup(value.val.string.val, value.val.string.len) : NULL;

		if (key && find_setting(key) == NULL)
			refuse_setting(key);
	}
	for (int i = 0; i < lengthof(settings); i++)	/* search_path before
													 * hooks */
	{
		const Setting *setting = &settings[i];
		char	   *text;

		if (getKeyJsonValueFromContainer(&values->root, setting->name, strlen(setting->name), &value) == NULL)
			continue;
		text = exported_value(setting, &value);

		if (text)
			text = setting_check(studio_of_owner(name), setting, text);

		if (text &&is_guard(setting) && strcmp(text, "refuse") == 0)
			require_backfill(studio_of_owner(name), setting);
		(void) write_setting(name, setting, text, CurrentMemoryContext);
	}
}

/* swan_configure(): changes one setting. */
Datum
swan_configure(PG_FUNCTION_ARGS)
{
	return configure(fcinfo, argument_text(fcinfo, 1));
}

/* Likewise to a number; one without a unit is seconds for the server, too. */
Datum
swan_configure_number(PG_FUNCTION_ARGS)
{
	Datum		number;

	if (PG_ARGISNULL(1))
		return configure(fcinfo, NULL);
	number = DirectFunctionCall1(numeric_trim_scale, PG_GETARG_DATUM(1));
	return configure(fcinfo, DatumGetCString(DirectFunctionCall1(numeric_out, number)));
}

/* Adds to the answer whether searches ignore accents. */
static void
put_accents(ReturnSetInfo *rsinfo, bool ignored)
{
	Datum		values[] = {
		CStringGetTextDatum(accents_name),
		CStringGetTextDatum(ignored ? "ignored" : "told"),
		CStringGetTextDatum(accents_description), (Datum) 0
	};
	bool		nulls[] = {false, false, false, true};

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* swan_settings(): every setting, its value, and what it means. */
Datum
swan_settings_0_2(PG_FUNCTION_ARGS)
{
	static const Oid argtypes[] = {TEXTOID};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Studio	   *studio = studio_of_caller(argument_text(fcinfo, 0), AccessShareLock);
	NullableDatum args[] = {arg_text(studio->name)};
	bool		ignored = search_ignores_accents(studio->owner);
	StringInfoData query;
	Rows		result;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	initStringInfo(&query);
	for (int i = 0; i < lengthof(settings); i++)
	{
		const char *name = quote_identifier(settings[i].name);

		appendStringInfo(&query, "%s %s", i > 0 ? "," : "SELECT", name);
		if (strcmp(settings[i].type, "interval") == 0)
			appendStringInfo(&query, ", pg_catalog.round(pg_catalog.extract('epoch', %s))::pg_catalog.int8", name);
		else
			appendStringInfoString(&query, ", NULL::pg_catalog.int8");
	}
	appendStringInfoString(&query, " FROM swan.studio WHERE name OPERATOR(pg_catalog.=) $1");

	call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	call_set_parameter(call, "IntervalStyle", "postgres");
	result = sql_once(call, query.data, 1, argtypes, args);
	if (result.nrows != 1)
		elog(ERROR, "a studio has no row in the registry");
	for (int i = 0; i < lengthof(settings); i++)
	{
		char	   *value = row_text(result, 0, 2 * i + 1);
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = CStringGetTextDatum(settings[i].name);
		values[1] = value ? CStringGetTextDatum(value) : (Datum) 0;
		nulls[1] = value == NULL;
		values[2] = CStringGetTextDatum(settings[i].description);
		nulls[3] = row_isnull(result, 0, 2 * i + 2);
		values[3] = nulls[3] ? (Datum) 0 : Int64GetDatum(row_id(result, 0, 2 * i + 2));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	call_end(call);
	put_accents(rsinfo, ignored);
	return (Datum) 0;
}

/* Returns whether a studio waits for swan_upgrade_studio(). */
static bool
is_outdated(const char *name)
{
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	bool		outdated = lacking_anything(call, name);

	call_end(call);
	return outdated;
}

/* swan_studios(): the studios that are open to the current role. */
Datum
swan_studios_0_2(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *candidates;
	Studio	   *preferred;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	candidates = studio_candidates(NULL);
	preferred = studio_preferred(candidates);
	foreach(cell, candidates)
	{
		Studio	   *studio = lfirst(cell);
		bool		chosen = strcmp(studio->name, swan_studio_setting) == 0;
		Datum		values[10];
		bool		nulls[10] = {false};

		studio_look_at(studio);
		values[0] = CStringGetTextDatum(studio->name);
		nulls[1] = studio->table_names[TABLE_USERS] == NULL;
		if (!nulls[1])
			values[1] = CStringGetTextDatum(studio->table_names[TABLE_USERS]);
		nulls[2] = studio->table_names[TABLE_SESSIONS] == NULL;
		if (!nulls[2])
			values[2] = CStringGetTextDatum(studio->table_names[TABLE_SESSIONS]);
		values[3] = CStringGetTextDatum(OidIsValid(studio->owner) ?
										GetUserNameFromId(studio->owner, false) :
										studio->owned_by);
		values[4] = BoolGetDatum(studio->own);
		values[5] = BoolGetDatum(chosen || (swan_studio_setting[0] == '\0' &&
											studio == preferred));
		values[6] = CStringGetTextDatum(studio->broken ? studio->broken : "ok");
		values[7] = BoolGetDatum(is_outdated(studio->name));
		nulls[8] = nulls[9] = studio->closed_reason == NULL;
		if (studio->closed_reason)
		{
			values[8] = TimestampTzGetDatum(studio->closed_at);
			values[9] = CStringGetTextDatum(studio->closed_reason);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		if (studio->broken)
			studios_forget();	/* it may be mended by the next look */
	}
	return (Datum) 0;
}
