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
#include "executor/tuptable.h"

#include "studio/query.h"
#include "slot/slot.h"
#include "account/account.h"

/* Returns the row that an insert or update writes, or that a delete takes away. */
static inline TupleTableSlot *
guard_row(TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newslot : trigdata->tg_trigslot;
}

extern TriggerData *guard_trigger_data(FunctionCallInfo fcinfo, const char *name,
									   bool for_row);
extern CmdType guard_command(TriggerData *trigdata);
extern bool guard_is_direct(TriggerData *trigdata, CmdType command,
							const RowImage *before, const RowImage *after);
pg_noreturn extern void guard_no_studio(TriggerData *trigdata, const char *what);
extern Studio *guard_studio(TriggerData *trigdata, StudioTable table);
extern Studio *guard_working_studio(TriggerData *trigdata, Studio *studio,
									StudioTable table);
extern Studio *guard_writing_studio(TriggerData *trigdata, StudioTable table);
extern void guard_refuse(TriggerData *trigdata, const char *what, const char *hint);
extern Datum guard_datum(TupleTableSlot *row, const StudioColumn *column, bool *isnull);
extern bool guard_is_there(TupleTableSlot *row, const StudioColumn *deleted_at);
extern int64 guard_number(TupleTableSlot *row, const StudioColumn *column, int64 if_null);

/* guard_places.c */
extern void guard_places(TriggerData *trigdata, const Slot *old, const Slot *new);

/* halves.c */
extern int32 direct_credit(Call *call, Account *account,
						   const Slot *old, const Slot *new);

/* direct.c */
extern bool direct_balance(Call *call, Account *account, int32 delta);
extern void direct_session(Call *call, Account *account, int32 credit);

#endif							/* SWAN_GUARD_H */
