/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Trying what may fail without taking all else with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ATTEMPT_H
#define SWAN_ATTEMPT_H

#include "swanalloc.h"

extern ErrorData *call_attempt(bool (*attempt) (void *arg), void *arg);
extern bool call_try(bool (*attempt) (void *arg), void *arg);

#endif							/* SWAN_ATTEMPT_H */
