/*-------------------------------------------------------------------------
 *
 * setup.h
 *	  What making a studio and attaching one have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SETUP_H
#define SWAN_SETUP_H

#include "studio/query.h"

/* the names in a command, to replace @schema@ and the like */
typedef struct SetupNames
{
	const char *schema;			/* of our three tables */
	const char *extschema;		/* of our functions */
	const char *users;			/* qualified and quoted */
	const char *sessions;
	const char *partition;		/* of the ledger, likewise */
	const char *balance;		/* the column */
} SetupNames;

/* a trigger of ours, and the function that it calls */
typedef struct SetupGuard
{
	const char *trigger;
	const char *function;
} SetupGuard;

extern const SetupGuard setup_guard_names[];

extern char *setup_index_command(const char *index, const char *schema);
extern void setup_unguard(Call *call, Oid relid);
extern void setup_our_tables(Call *call, const SetupNames *names);
extern void setup_guards(Call *call, const SetupNames *names);
extern void setup_search_index(Call *call, const char *schema);
extern void setup_comment_own(Call *call, const char *schema);
extern void setup_comment_ours(Call *call, const char *schema);
extern void setup_advise_owner(const char *studio, Oid owner);

#endif							/* SWAN_SETUP_H */
