/*-------------------------------------------------------------------------
 *
 * integrity.h
 *	  Looking for what must not be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_INTEGRITY_H
#define SWAN_INTEGRITY_H

#include "verify/checks.h"

/* what is done with a finding, see FOUND_USER_ID */
typedef void (*VerifyCallback) (void *arg, const char *check, Rows result, uint64 row);

extern void verify_studio(Call *call, int topics, int64 user_id, QueryRun run,
						  VerifyCallback found, void *arg);

#endif							/* SWAN_INTEGRITY_H */
