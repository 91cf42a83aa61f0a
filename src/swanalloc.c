/*-------------------------------------------------------------------------
 *
 * swanalloc.c
 *	  Loading the library: settings and callbacks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "call/call.h"
#include "call/rights.h"
#include "plan/simple.h"
#include "studio/deferred.h"
#include "studio/listing.h"
#include "studio/studio.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

char	   *swan_studio_setting = NULL;
char	   *swan_actor_setting = NULL;
bool		swan_direct_rows = true;

/* Called once by the server, when the library is loaded. */
void
_PG_init(void)
{
	DefineCustomStringVariable("swanalloc.studio",
							   "Which studio swan_* functions are about, where several are open to a role.",
							   NULL,
							   &swan_studio_setting,
							   "",
							   PGC_USERSET,
							   0,
							   NULL, NULL, NULL);

	/*
	 * who acts: set by swan_act_as() until the transaction ends, by nobody
	 * else
	 */
	DefineCustomStringVariable("swanalloc.actor",
							   "The person on whose authority swan_* functions run.",
							   "Set by swan_act_as().",
							   &swan_actor_setting,
							   "",
							   PGC_SUSET,
							   GUC_NO_RESET_ALL | GUC_NO_SHOW_ALL |
							   GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL, NULL, NULL);

	/* for finding out whether it makes a difference, which it must not */
	DefineCustomBoolVariable("swanalloc.direct_rows",
							 "Reads rows by an index without the executor, where that is the same.",
							 NULL,
							 &swan_direct_rows,
							 true,
							 PGC_SUSET,
							 GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	MarkGUCPrefixReserved("swanalloc");

	studio_init();
	listing_init();
	call_init();
	simple_init();
	rights_init();
	deferred_init();
}
