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

/* what the status of a session can be in a studio of our own making */
#define SETUP_STATUS_CHECK \
	"CHECK (status OPERATOR(pg_catalog.=)" \
	" ANY ('{available,scheduled,confirmed,completed,cancelled,requested,blocked}'))"

/* of a studio in the making only the names need be known, see template.c */
extern void setup_name_tables(Studio *studio);
extern char *setup_index_command(Studio *studio, const char *index);
extern void setup_index(Call *call, Studio *studio, const char *index);
extern void setup_our_tables(Call *call, Studio *studio);
extern void setup_waits(Call *call, Studio *studio);
extern void setup_search_index(Call *call, Studio *studio);
extern void setup_comment_own(Call *call, Studio *studio);
extern void setup_comment_ours(Call *call, Studio *studio);
extern void setup_comment_waits(Call *call, Studio *studio);
extern void setup_advise_owner(const char *studio, Oid owner);

/* setup_guards.c */
extern void setup_guards(Call *call, Studio *studio);
extern void setup_guard_waits(Call *call, Studio *studio);
extern void setup_unguard(Call *call, Oid relid);

#endif							/* SWAN_SETUP_H */
