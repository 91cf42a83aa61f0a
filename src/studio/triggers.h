/*-------------------------------------------------------------------------
 *
 * triggers.h
 *	  The triggers of ours on the tables of a studio.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_TRIGGERS_H
#define SWAN_TRIGGERS_H

#include "studio/studio.h"

/* one trigger of ours, and the tables that carry it */
typedef struct StudioTrigger
{
	const char *name;
	int			tables;			/* a bit for each StudioTable */
	int16		type;			/* level, timing and events, as in pg_trigger */
	const char *function;
	bool		telling;		/* a table without it is not taken for ours */
} StudioTrigger;

extern const StudioTrigger studio_triggers[];	/* the last one has no name */

extern bool studio_trigger_is_on(const StudioTrigger *trigger, StudioTable table);
extern char *studio_trigger_command(const StudioTrigger *trigger, const char *relation,
									const char *schema);

#endif							/* SWAN_TRIGGERS_H */
