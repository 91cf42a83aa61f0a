/*-------------------------------------------------------------------------
 *
 * zone.h
 *	  Named time zones, whose meaning no session can change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ZONE_H
#define SWAN_ZONE_H

#include "swanalloc.h"

/* in SQL: what clocks of a zone show at an instant, and the other way round */
#define LOCAL_TIME(zone, at)	"swan.local_time(" zone ", " at ")"
#define INSTANT(zone, local)	"swan.instant(" zone ", " local ")"

extern const char *zone_problem(const char *name, const char **hint);
extern Timestamp zone_local_time(const char *zone, TimestampTz at);
extern TimestampTz zone_instant(const char *zone, Timestamp local);
extern TimestampTz zone_later(const char *zone, TimestampTz at,
							  const Interval *interval);
extern TimestampTz zone_earlier(const char *zone, TimestampTz at,
								const Interval *interval);
extern char *zone_json_time(TimestampTz at);

#endif							/* SWAN_ZONE_H */
