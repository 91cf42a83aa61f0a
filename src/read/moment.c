/*-------------------------------------------------------------------------
 *
 * moment.c
 *	  Times as people of the studio write them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/argument.h"
#include "base/zone.h"
#include "studio/enter.h"

PG_FUNCTION_INFO_V1(swan_time);
PG_FUNCTION_INFO_V1(swan_time_of_clock);

/*
 * swan_time(text): an instant as it is written.  The server reads it, with the
 * studio's zone as the session's: what says no zone is of the studio, "tomorrow" too.
 */
Datum
swan_time(PG_FUNCTION_ARGS)
{
	Studio	   *studio = studio_of_caller(argument_text(fcinfo, 1), AccessShareLock);
	char	   *written = argument_text(fcinfo, 0);
	TimestampTz at;
	Call	   *call;

	if (written == NULL)
		PG_RETURN_NULL();
	call = call_begin(studio, CALL_READER);
	call_set_parameter(call, "TimeZone", studio->settings.time_zone);
	/* a Datum may be a pointer to what ends with the call */
	at = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(written),
												 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	call_end(call);
	PG_RETURN_TIMESTAMPTZ(at);
}

/* swan_time(timestamp): the instant at which the studio's clocks show a time. */
Datum
swan_time_of_clock(PG_FUNCTION_ARGS)
{
	Studio	   *studio = studio_of_caller(argument_text(fcinfo, 1), AccessShareLock);

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(zone_instant(studio->settings.time_zone, PG_GETARG_TIMESTAMP(0)));
}
