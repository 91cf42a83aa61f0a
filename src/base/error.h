/*-------------------------------------------------------------------------
 *
 * error.h
 *	  The errors of class SW and how they are raised.
 *
 * An error of ours carries a JSON object in its DETAIL, so that a backend
 * parses no English:
 *
 *		ereport(ERROR,
 *				(swan_error(SWAN_USER_NOT_FOUND),
 *				 errmsg("user %lld does not exist", (long long) user_id)));
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ERROR_H
#define SWAN_ERROR_H

#include "compat.h"
#include "swanalloc.h"

typedef enum SwanErrorCode
{
	SWAN_OK = 0,
	SWAN_INSUFFICIENT_SESSIONS,
	SWAN_SESSION_NOT_AVAILABLE,
	SWAN_USER_NOT_FOUND,
	SWAN_INVALID_SESSION_COUNT,
	SWAN_MISSING_REQUIRED_FIELDS,
	SWAN_UNAUTHORIZED_ACCESS,
	SWAN_SESSION_NOT_FOUND,
	SWAN_INVALID_TRANSITION,
	SWAN_IDEMPOTENCY_CONFLICT,
	SWAN_SLOT_CONFLICT,
	SWAN_DIRECT_WRITE_REFUSED,
	SWAN_STUDIO_NOT_FOUND,
	SWAN_INVALID_ARGUMENT,
	SWAN_LEDGER_IMMUTABLE,
	SWAN_PURCHASE_NOT_FOUND,
	SWAN_FEED_RESET,
	SWAN_BOOKING_REFUSED,
	SWAN_STUDIO_CLOSED
} SwanErrorCode;

extern int	swan_error(SwanErrorCode code);
extern int	swan_error_saying(SwanErrorCode code, const char *sentence);
extern int	swan_error_counting(SwanErrorCode code, const char *sentence,
								const char *field, int64 value);
extern int	swan_error_naming(SwanErrorCode code, const char *sentence,
							  const char *field, const char *value);
extern int	swan_error_listing(SwanErrorCode code, const char *field,
							   const int64 *values, int n);

extern const char *swan_error_sqlstate(SwanErrorCode code);
extern const char *swan_error_name(SwanErrorCode code);
extern const char *swan_error_sentence(SwanErrorCode code);

pg_noreturn extern void swan_missing_argument(const char *name,
											  const char *sentence);
extern int	swan_error_retry(void);
pg_noreturn extern void swan_serialization_failure(void);

#endif							/* SWAN_ERROR_H */
