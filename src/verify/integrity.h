/*-------------------------------------------------------------------------
 *
 * integrity.h
 *	  Looking for what must not be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_INTEGRITY_H
#define SWAN_INTEGRITY_H

#include "studio/query.h"

/* what is done with a finding: row is (user_id, session_id, ledger_id, problem) */
typedef void (*VerifyCallback) (void *arg, const char *check, Rows result, uint64 row);

extern void verify_studio(Call *call, int topics, int64 user_id, QueryRun run,
						  VerifyCallback found, void *arg);

#endif							/* SWAN_INTEGRITY_H */
