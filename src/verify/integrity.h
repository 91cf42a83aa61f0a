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

/* what must be right before the guards refuse */
#define ABOUT_WHAT_IS_GUARDED	(ABOUT_BALANCES | ABOUT_BOOKINGS | ABOUT_TRAINER_TIME)

extern Judgement judge_as_set(const Studio *studio);
extern Judgement judge_as_refused(const Studio *studio, bool keeps_time);
extern void verify_studio(Call *call, int topics, const Judgement *judgement, int64 user_id,
						  QueryRun run, VerifyCallback found, void *arg);

#endif							/* SWAN_INTEGRITY_H */
