/*-------------------------------------------------------------------------
 *
 * zone.c
 *	  Named time zones, whose meaning no session can change.
 *
 * AT TIME ZONE looks a name up among abbreviations before it looks for a zone.
 * Which there are is up to the session: timezone_abbreviations names a list of
 * them, and from PostgreSQL 18 on its TimeZone brings more, of any spelling.  So
 * neither C nor SQL of ours asks it what the clocks of a studio show.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "base/zone.h"
#include "compat.h"

PG_FUNCTION_INFO_V1(swan_local_time);
PG_FUNCTION_INFO_V1(swan_instant);

/*
 * Zones that are called like an abbreviation, in each of the lists that come
 * with PostgreSQL, and a place whose zone is likely to be meant.  To whoever else
 * works with the tables they do not mean what they mean to us.  (UTC and GMT
 * are abbreviations too, but mean the same.)
 */
static const struct
{
	const char *name;
	const char *place;
}			ambiguous_zones[] = {
	{"CET", "Europe/Berlin"},
	{"EET", "Europe/Athens"},
	{"EST", "America/New_York"},
	{"HST", "Pacific/Honolulu"},
	{"MET", "Europe/Berlin"},
	{"MST", "America/Denver"},
	{"WET", "Europe/Lisbon"},
};

/*
 * Returns whether a name is in the database of zones, and no formula of one.  A
 * system's own database also has a link to the zone that the machine is set to,
 * and one to the rules of formulas: on another machine they lead elsewhere.
 */
static bool
is_known(const char *name)
{
	pg_tzenum  *zones;
	pg_tz	   *zone;
	bool		found = false;

	if (pg_strcasecmp(name, "localtime") == 0 || pg_strcasecmp(name, "posixrules") == 0 ||
		pg_tzset(name) == NULL)
		return false;
	zones = pg_tzenumerate_start();
	while (!found && (zone = pg_tzenumerate_next(zones)) != NULL)
		found = pg_strcasecmp(pg_get_timezone_name(zone), name) == 0;
	pg_tzenumerate_end(zones);
	return found;
}

/* Returns why a name will not do as that of a time zone, or NULL, and what would. */
const char *
zone_problem(const char *name, const char **hint)
{
	for (int i = 0; i < lengthof(ambiguous_zones); i++)
	{
		if (pg_strcasecmp(ambiguous_zones[i].name, name) != 0)
			continue;
		*hint = psprintf("use the name of a place, such as %s; pg_timezone_names lists them",
						 ambiguous_zones[i].place);
		return psprintf("\"%s\" is an abbreviation too, which means something else", name);
	}
	*hint = "use a name such as Europe/Berlin; pg_timezone_names lists them";
	return is_known(name) ? NULL : psprintf("time zone \"%s\" is not known", name);
}

/* Returns the zone of that name. */
static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL)			/* it was when it was configured */
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not known any more", name),
				 errhint("Install the time zone data that has it.")));
	return zone;
}

/* Answers a time that the other side cannot express. */
pg_noreturn static void
out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range")));
}

/* Returns what the clocks of a zone show at an instant. */
Timestamp
zone_local_time(const char *zone, TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;
	Timestamp	local;
	int			tz;

	if (TIMESTAMP_NOT_FINITE(at))
		return at;
	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, find_zone(zone)) != 0 ||
		tm2timestamp(&tm, fsec, NULL, &local) != 0)
		out_of_range();
	return local;
}

/* Returns the instant at which the clocks of a zone show a time. */
TimestampTz
zone_instant(const char *zone, Timestamp local)
{
	struct pg_tm tm;
	fsec_t		fsec;
	TimestampTz at;
	int			tz;

	if (TIMESTAMP_NOT_FINITE(local))
		return local;
	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		out_of_range();
	tz = DetermineTimeZoneOffset(&tm, find_zone(zone));
	if (tm2timestamp(&tm, fsec, &tz, &at) != 0 || !IS_VALID_TIMESTAMP(at))
		out_of_range();
	return at;
}

/*
 * Returns the instant so much later: days, weeks and months are those of the
 * zone's clocks, hours are hours.
 */
TimestampTz
zone_later(const char *zone, TimestampTz at, const Interval *interval)
{
	Interval	days = {.day = interval->day,.month = interval->month};

	if (days.day != 0 || days.month != 0)
	{
		Timestamp	local = zone_local_time(zone, at);

		local = DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval,
													  TimestampGetDatum(local),
													  IntervalPGetDatum(&days)));
		at = zone_instant(zone, local);
	}
	if (pg_add_s64_overflow(at, interval->time, &at) || !IS_VALID_TIMESTAMP(at))
		out_of_range();
	return at;
}

/* Returns the instant so much earlier. */
TimestampTz
zone_earlier(const char *zone, TimestampTz at, const Interval *interval)
{
	return zone_later(zone, at,
					  DatumGetIntervalP(DirectFunctionCall1(interval_um,
															IntervalPGetDatum(interval))));
}

/* Returns a time as it is written into JSON: the same text in every session. */
char *
zone_json_time(TimestampTz at)
{
	char		written[MAXDATELEN + 1];
	int			utc = 0;

	JsonEncodeDateTime(written, TimestampTzGetDatum(at), TIMESTAMPTZOID, &utc);
	return pstrdup(written);
}

/* swan.local_time(): what the clocks of a zone show at an instant. */
Datum
swan_local_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(zone_local_time(text_to_cstring(PG_GETARG_TEXT_PP(0)),
										PG_GETARG_TIMESTAMPTZ(1)));
}

/* swan.instant(): the instant at which the clocks of a zone show a time. */
Datum
swan_instant(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(zone_instant(text_to_cstring(PG_GETARG_TEXT_PP(0)),
									   PG_GETARG_TIMESTAMP(1)));
}
