/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  Which values a setting takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "studio/enter.h"
#include "studio/hook.h"
#include "owner/setting.h"

/* Refuses a value, and says what would do. */
static void
refuse_value(const Setting *setting, const char *value, const char *hint)
{
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("\"%s\" is not a value for %s", value, setting->name),
			 errhint("%s", hint)));
}

/* Checks a choice. */
static void
check_choice(const Setting *setting, const char *value)
{
	StringInfoData hint;

	initStringInfo(&hint);
	appendStringInfoString(&hint, "Use ");
	for (int i = 0; setting->choices[i]; i++)
	{
		if (strcmp(setting->choices[i], value) == 0)
			return;
		appendStringInfo(&hint, "%s%s",
						 i == 0 ? "" : setting->choices[i + 1] ? ", " : " or ",
						 setting->choices[i]);
	}
	appendStringInfoChar(&hint, '.');
	refuse_value(setting, value, hint.data);
}

/* Checks a number. */
static void
check_number(const Setting *setting, const char *value)
{
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 ||
		number < setting->min || number > setting->max)
		refuse_value(setting, value, psprintf("Use a number between %d and %d.",
											  setting->min, setting->max));
}

/* Checks a length of time: from zero to another. */
static void
check_length(const Setting *setting, const char *value, const Interval *max, const char *hint)
{
	Interval	zero = {0};
	Interval	interval;

	if (!parse_interval(value, &interval) ||
		DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(&interval),
										 IntervalPGetDatum(&zero))) ||
		DatumGetBool(DirectFunctionCall2(interval_gt, IntervalPGetDatum(&interval),
										 IntervalPGetDatum(max))))
		refuse_value(setting, value, hint);
}

/* Checks a length of time, which must not be negative. */
static void
check_interval(const Setting *setting, const char *value)
{
	Interval	millennium = {.month = 1000 * MONTHS_PER_YEAR};

	check_length(setting, value, &millennium, "Use an interval from zero to 1000 years.");
}

/* Checks a length of time that is a part of a day. */
static void
check_pause(const Setting *setting, const char *value)
{
	Interval	day = {.day = 1};

	check_length(setting, value, &day, "Use an interval from zero to 1 day.");
}

/* Checks the name of a time zone. */
static void
check_time_zone(const Setting *setting, const char *value)
{
	const char *hint;

	if (zone_problem(value, &hint))
		refuse_value(setting, value, psprintf("%c%s.", pg_toupper(hint[0]), hint + 1));
}

/*
 * Checks a list of schemas.  An empty one is no list; temporary objects are
 * anybody's, so they must not be found before those of a schema.
 */
static void
check_schemas(const Setting *setting, const char *value)
{
	List	   *schemas;
	ListCell   *cell;

	if (!SplitIdentifierString(pstrdup(value), ',', &schemas) || schemas == NIL)
		refuse_value(setting, value,
					 "Use a list of schemas, as in SET search_path, or NULL for those of the studio.");
	foreach(cell, schemas)
	{
		const char *schema = lfirst(cell);

		if (schema[0] == '\0')
			refuse_value(setting, value, "A schema has a name; use NULL for those of the studio.");
		if (strncmp(schema, "pg_temp", strlen("pg_temp")) == 0 &&
			(schema[strlen("pg_temp")] == '_' || lnext(schemas, cell) != NULL))
			refuse_value(setting, value, "pg_temp may only stand last, where it is searched anyway.");
	}
}

/* Checks a list of what trainers or staff may do; returns it in the order of the tasks. */
static char *
check_tasks(const Setting *setting, const char *value)
{
	int			known = setting->max;
	int			tasks = tasks_of(value, known);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < NTASKS; i++)
	{
		if (tasks & known & (1 << i))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", task_name(i));
	}
	if (tasks < 0)
		refuse_value(setting, value, psprintf("Use a list of %s, or an empty one.", list.data));
	return list.data;
}

/*
 * Checks the name of a function or table of the application's, and returns it with
 * its schema.  It is looked for as the owner of the studio, under its search_path.
 */
static char *
check_hook(Studio *studio, const Setting *setting, const char *value)
{
	Call	   *call = call_begin(studio, CALL_READER);
	const char *problem;
	char	   *name = hook_name(call, hook_of_setting(setting->name), value, &problem);

	if (problem)
		refuse_value(setting, value, psprintf("%c%s.", pg_toupper(problem[0]), problem + 1));
	name = MemoryContextStrdup(call->result_context, name);
	call_end(call);
	return name;
}

/* Returns whether every row of the sessions must have a date. */
static bool
records_are_impossible(Studio *studio)
{
	Relation	rel = relation_open(studio->tables[TABLE_SESSIONS], AccessShareLock);
	bool		not_null = TupleDescAttr(RelationGetDescr(rel),
										 studio->columns[SESSIONS_DATE].attnum - 1)->attnotnull;

	relation_close(rel, AccessShareLock);
	return not_null;
}

/* Checks a value before it is written; returns it as it is to be written. */
char *
setting_check(Studio *studio, const Setting *setting, char *value)
{
	switch (setting->kind)
	{
		case SETTING_CHOICE:
			check_choice(setting, value);
			break;
		case SETTING_NUMBER:
			check_number(setting, value);
			break;
		case SETTING_INTERVAL:
			check_interval(setting, value);
			break;
		case SETTING_PAUSE:
			check_pause(setting, value);
			break;
		case SETTING_TIME_ZONE:
			check_time_zone(setting, value);
			break;
		case SETTING_SEARCH_PATH:
			check_schemas(setting, value);
			break;
		case SETTING_TASKS:
			value = check_tasks(setting, value);
			break;
		case SETTING_HOOK:
			value = check_hook(studio, setting, value);
			break;
	}
	if (strcmp(setting->name, "session_records") == 0 && strcmp(value, "on") == 0 &&
		records_are_impossible(studio))
		refuse_value(setting, value,
					 psprintf("Column %s of the sessions is NOT NULL, and session records have no date.",
							  quote_identifier(studio->columns[SESSIONS_DATE].name)));
	if (strcmp(setting->name, "session_records") == 0 && strcmp(value, "on") == 0 &&
		studio->settings.guard_balance != GUARD_REFUSE)
		refuse_value(setting, value, "It needs guard_balance to be refuse.");
	if (strcmp(setting->name, "guard_balance") == 0 && strcmp(value, "record") == 0 &&
		studio->settings.session_records)
		refuse_value(setting, value, "Turn session_records off first.");
	return value;
}
