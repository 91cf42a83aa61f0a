/*-------------------------------------------------------------------------
 *
 * hook.h
 *	  Functions and tables of the application that a setting names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_HOOK_H
#define SWAN_HOOK_H

#include "studio/query.h"

extern const char hook_no_assignments[];

extern const char *hook_setting(StudioHook hook);
extern StudioHook hook_of_setting(const char *name);
extern char *hook_name(Call *call, StudioHook hook, const char *value,
					   const char **problem);
extern bool hook_is_set(Call *call, StudioHook hook);
extern Rows hook_run(Call *call, StudioHook hook, const StudioQuery *query,
					 const NullableDatum *args, QueryRun run);

#endif							/* SWAN_HOOK_H */
