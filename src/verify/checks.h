/*-------------------------------------------------------------------------
 *
 * checks.h
 *	  What swan_verify() looks for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CHECKS_H
#define SWAN_CHECKS_H

#include "studio/query.h"

/* One check: its finding is (user_id, session_id, ledger_id, problem). */
typedef struct Check
{
	const char *name;
	bool		(*applies) (Studio *studio);	/* NULL: always */
	StudioQuery statement;		/* $1: one client, or NULL for all */
} Check;

extern const Check checks[];	/* the last one has no name */

#endif							/* SWAN_CHECKS_H */
