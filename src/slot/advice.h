/*-------------------------------------------------------------------------
 *
 * advice.h
 *	  What can be done with a row of sessions, for the hints of errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ADVICE_H
#define SWAN_ADVICE_H

#include "slot/slot.h"

extern const char *session_advice(const Studio *studio, const Slot *slot);
extern const char *insert_advice(const Studio *studio, const Slot *slot);

#endif							/* SWAN_ADVICE_H */
