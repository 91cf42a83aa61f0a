/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  What the guard triggers have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_GUARD_H
#define SWAN_GUARD_H

#include "commands/trigger.h"

#include "statement.h"

extern TriggerData *guard_trigger_data(FunctionCallInfo fcinfo, const char *name);
extern CmdType guard_command(TriggerData *trigdata);
extern Studio *guard_studio(TriggerData *trigdata);
extern void guard_refuse(TriggerData *trigdata, const char *what, const char *hint);
extern void guard_interfered(TriggerData *trigdata);
extern Datum guard_datum(TriggerData *trigdata, HeapTuple tuple,
						 const StudioColumn *column, bool *isnull);
extern int64 guard_number(TriggerData *trigdata, HeapTuple tuple,
						  const StudioColumn *column, int64 if_null);

#endif							/* SWAN_GUARD_H */
