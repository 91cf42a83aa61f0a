/*-------------------------------------------------------------------------
 *
 * version.h
 *	  Whether the extension's SQL is of the version that this library is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_VERSION_H
#define SWAN_VERSION_H

#include "swanalloc.h"

extern void version_look(void);
extern bool version_is_ours(void);
extern void version_require(void);
extern const char *version_clock_function(const char *ours);

#endif							/* SWAN_VERSION_H */
