/*-------------------------------------------------------------------------
 *
 * rights.h
 *	  For whom a frame works, and what code of the owner's may do in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_RIGHTS_H
#define SWAN_RIGHTS_H

#include "call/call.h"

extern bool call_works_for_others(const Call *call);
extern void call_restrict(Call *call);
extern void rights_init(void);

#endif							/* SWAN_RIGHTS_H */
