/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  Where a paged reader goes on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CURSOR_H
#define SWAN_CURSOR_H

#include "swanalloc.h"

extern char *cursor_prefix(const char *function, int64 a, int64 b, int64 c);
extern char *cursor_key(const char *cursor, const char *prefix);
extern int64 cursor_id(const char *cursor, const char *prefix, int64 if_null);

#endif							/* SWAN_CURSOR_H */
