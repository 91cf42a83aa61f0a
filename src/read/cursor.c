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

#include "funcapi.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/error.h"
#include "read/cursor.h"

/*
 * Returns the mark of a function's arguments, with which its cursors begin.  It is the
 * same on every machine, which hash_bytes() is not.
 */
char *
cursor_mark(const char *arguments)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, arguments, strlen(arguments));
	FIN_CRC32C(crc);
	return psprintf("%08x-", crc);
}

/* The same of a function and three numbers. */
char *
cursor_prefix(const char *function, int64 a, int64 b, int64 c)
{
	return cursor_mark(psprintf("%s " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT,
								function, a, b, c));
}

/* Refuses a cursor that is not one of this call's. */
void
cursor_refuse(const char *cursor)
{
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
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
		cursor_refuse(cursor);
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
		cursor_refuse(cursor);
	return id;
}

/*
 * Reads where a list ordered by a time or a text, and then by id, goes on:
 * "id.key", the key empty for none.
 */
void
cursor_read(const char *cursor, const char *prefix, bool by_time, CursorKey *key)
{
	char	   *s = cursor_key(cursor, prefix);
	char	   *end;

	key->id = NO_ID;
	key->time = NO_TIME;
	key->text = NULL;
	if (s == NULL)
		return;
	errno = 0;
	key->id = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '.')
		cursor_refuse(cursor);
	key->text = end + 1;
	if (!by_time || key->text[0] == '\0')
		return;
	key->time = strtoll(key->text, &end, 10);
	if (errno != 0 || *end != '\0')
		cursor_refuse(cursor);
}

/* Returns the key of a row as text: of a time, its number. */
static char *
key_of_row(Rows result, uint64 row, int column, bool by_time)
{
	if (row_isnull(result, row, column))
		return "";
	if (by_time)
		return psprintf(INT64_FORMAT, row_time(result, row, column));
	return row_text(result, row, column);
}

/* Returns which column of a result the cursor is; those of later versions come after it. */
static int
cursor_column(TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), "cursor") == 0)
			return i;
	}
	elog(ERROR, "a page without a cursor");
}

/*
 * Adds the rows of a statement to the result of a set-returning function.  The
 * statement's last column is what they are ordered by; a cursor of it and of
 * the id in the given column stands where the result has it.
 */
void
cursor_put_page(FunctionCallInfo fcinfo, Rows result, const char *prefix,
				bool by_time, int id_column)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			ncolumns = rsinfo->setDesc->natts;
	int			cursor = cursor_column(rsinfo->setDesc);
	Datum	   *values = palloc(ncolumns * sizeof(Datum));
	bool	   *nulls = palloc(ncolumns * sizeof(bool));

	for (uint64 row = 0; row < result.nrows; row++)
	{
		for (int i = 0; i < ncolumns; i++)
		{
			if (i != cursor)
				values[i] = row_datum(result, row, i < cursor ? i + 1 : i, &nulls[i]);
		}
		values[cursor] = CStringGetTextDatum(psprintf("%s" INT64_FORMAT ".%s", prefix,
													  row_id(result, row, id_column),
													  key_of_row(result, row, ncolumns, by_time)));
		nulls[cursor] = false;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}
