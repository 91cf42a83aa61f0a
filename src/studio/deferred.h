/*-------------------------------------------------------------------------
 *
 * deferred.h
 *	  Deferred triggers that a call leaves behind.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DEFERRED_H
#define SWAN_DEFERRED_H

#include "studio/query.h"

extern void deferred_begin(Call *call);
extern void deferred_init(void);

#endif							/* SWAN_DEFERRED_H */
