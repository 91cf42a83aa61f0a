/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  Where a paged reader goes on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CURSOR_H
#define SWAN_CURSOR_H

#include "compat.h"
#include "studio/query.h"

/* the last row read of a list that is ordered by a time or a text */
typedef struct CursorKey
{
	int64		id;				/* NO_ID: the start */
	TimestampTz time;
	const char *text;
} CursorKey;

extern char *cursor_mark(const char *arguments);
extern char *cursor_prefix(const char *function, int64 a, int64 b, int64 c);
extern char *cursor_key(const char *cursor, const char *prefix);
extern int64 cursor_id(const char *cursor, const char *prefix, int64 if_null);
extern void cursor_read(const char *cursor, const char *prefix, bool by_time,
						CursorKey *key);
extern void cursor_put_page(FunctionCallInfo fcinfo, Rows result,
							const char *prefix, bool by_time,
							int id_column);
pg_noreturn extern void cursor_refuse(const char *cursor);

#endif							/* SWAN_CURSOR_H */
