/*-------------------------------------------------------------------------
 *
 * argument.h
 *	  Reading the arguments of SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ARGUMENT_H
#define SWAN_ARGUMENT_H

#include "swanalloc.h"

extern int64 argument_id(FunctionCallInfo fcinfo, int n, const char *name);
extern int64 argument_id_or_null(FunctionCallInfo fcinfo, int n);
extern char *argument_text(FunctionCallInfo fcinfo, int n);
extern TimestampTz argument_time(FunctionCallInfo fcinfo, int n);
extern TimestampTz argument_start(FunctionCallInfo fcinfo, int n);
extern char *argument_short_text(FunctionCallInfo fcinfo, int n, const char *name);
extern char *argument_label(FunctionCallInfo fcinfo, int n, const char *name);
extern int32 argument_count(FunctionCallInfo fcinfo, int n, int32 max);
extern int32 argument_any_count(FunctionCallInfo fcinfo, int n, int32 max);
extern char *argument_key(FunctionCallInfo fcinfo, int n);
extern char *argument_reason(FunctionCallInfo fcinfo, int n, const char *if_blank);
extern TimestampTz argument_expiry(FunctionCallInfo fcinfo, int n);
extern const Interval *argument_span(FunctionCallInfo fcinfo, int n, int32 days,
									 int64 usecs);
extern bool argument_bool(FunctionCallInfo fcinfo, int n, bool by_default);
extern const Interval *argument_validity(FunctionCallInfo fcinfo, int n);
extern int64 *argument_ids(FunctionCallInfo fcinfo, int n, const char *name, int max,
						   int *count);
extern NullableDatum *argument_list(FunctionCallInfo fcinfo, int n, const char *name,
									Oid type, int count);
extern void check_short_text(const char *s, const char *name);
extern void check_label(const char *label, const char *name);
extern char *check_reason(char *reason, const char *if_blank);
extern int32 argument_between(FunctionCallInfo fcinfo, int n, const char *name,
							  int32 max, int32 by_default);
extern void check_duration(int32 minutes);
extern int32 argument_duration(FunctionCallInfo fcinfo, int n);
extern int32 argument_max_rows(FunctionCallInfo fcinfo, int n, int32 by_default);

extern bool parse_interval(const char *text, Interval *value);

#endif							/* SWAN_ARGUMENT_H */
