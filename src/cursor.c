/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  Where a paged reader goes on.
 *
 * A cursor is the key of the last row read, behind a mark of the arguments
 * that it belongs to: with others it would silently skip rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "cursor.h"
#include "error.h"

/* Returns the mark of a function's arguments, with which its cursors begin. */
char *
cursor_prefix(const char *function, int64 a, int64 b, int64 c)
{
	char	   *arguments = psprintf("%s " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT,
									 function, a, b, c);

	return psprintf("%08x-", hash_bytes((const unsigned char *) arguments,
										strlen(arguments)));
}

/* Refuses a cursor that is not one of this call's. */
static void
refuse_cursor(const char *cursor)
{
	ereport(ERROR,
			(swan_errcode(SWAN_INVALID_ARGUMENT),
			 errmsg("cursor \"%s\" is not one of this query", cursor),
			 errhint("Pass the cursor of the last row read, with the same arguments.")));
}

/* Returns the key in a cursor, or NULL for the start. */
char *
cursor_key(const char *cursor, const char *prefix)
{
	int			len = strlen(prefix);

	if (cursor == NULL)
		return NULL;
	if (strncmp(cursor, prefix, len) != 0 || cursor[len] == '\0')
		refuse_cursor(cursor);
	return pstrdup(cursor + len);
}

/* Returns the id in a cursor, or "if_null" for the start. */
int64
cursor_id(const char *cursor, const char *prefix, int64 if_null)
{
	char	   *key = cursor_key(cursor, prefix);
	char	   *end;
	int64		id;

	if (key == NULL)
		return if_null;
	errno = 0;
	id = strtoll(key, &end, 10);
	if (errno != 0 || *end != '\0')
		refuse_cursor(cursor);
	return id;
}
