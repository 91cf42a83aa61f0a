/*-------------------------------------------------------------------------
 *
 * enter.h
 *	  Opening the frame of a call on a studio.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ENTER_H
#define SWAN_ENTER_H

#include "call/call.h"
#include "studio/studio.h"

extern Call *call_begin(Studio *studio, CallKind kind);

#endif							/* SWAN_ENTER_H */
