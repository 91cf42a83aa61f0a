/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  What reads cursors, under libFuzzer: src/read/cursor.c, compiled in here,
 *	  with stand-ins for what it needs of the server.
 *
 * Other text that callers send (settings, JSON, keys, times) is read by the
 * server's own input functions, which cannot be linked without a server; and
 * templates are no caller's.  test/t/096_fuzz.pl sends these by SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/read/cursor.c"

#include <setjmp.h>

#undef vsnprintf

static jmp_buf refused;

/* what was allocated for one input */
static void *chunks[64];
static int	nchunks;

static void *
keep(void *chunk)
{
	if (chunk == NULL || nchunks >= lengthof(chunks))
		abort();
	chunks[nchunks++] = chunk;
	return chunk;
}

void *
palloc(Size size)
{
	return keep(malloc(size));
}

char *
pstrdup(const char *in)
{
	return keep(strdup(in));
}

char *
psprintf(const char *fmt,...)
{
	char	   *buffer = palloc(1024);
	va_list		args;

	va_start(args, fmt);
	vsnprintf(buffer, 1024, fmt, args);
	va_end(args);
	return buffer;
}

uint32
hash_bytes(const unsigned char *k, int keylen)
{
	return 0xe1da6d45;
}

bool
errstart(int elevel, const char *domain)
{
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return true;
}

int
swan_error(SwanErrorCode code)
{
	return 0;
}

int
errmsg(const char *fmt,...)
{
	return 0;
}

int
errmsg_internal(const char *fmt,...)
{
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	longjmp(refused, 1);
}

/* Not reached: they belong to the writing of pages. */
#define NOT_REACHED(declaration) declaration { abort(); }
NOT_REACHED(text *cstring_to_text(const char *s))
NOT_REACHED(void tuplestore_putvalues(Tuplestorestate *state, TupleDesc tdesc, Datum *values, bool *isnull))
NOT_REACHED(bool row_isnull(Rows rows, uint64 row, int column))
NOT_REACHED(TimestampTz row_time(Rows rows, uint64 row, int column))
NOT_REACHED(char *row_text(Rows rows, uint64 row, int column))
NOT_REACHED(int64 row_id(Rows rows, uint64 row, int column))
NOT_REACHED(Datum row_datum(Rows rows, uint64 row, int column, bool *isnull))

/* An accepted cursor is read to its end: what was written of it must be the same cursor. */
static void
read_one(int how, const char *cursor, const char *prefix)
{
	CursorKey	key;
	CursorKey	same;

	if (how == 0)
	{
		int64		id = cursor_id(cursor, prefix, NO_ID);

		if (cursor_id(psprintf("%s" INT64_FORMAT, prefix, id), prefix, NO_ID) != id)
			abort();
		return;
	}
	cursor_read(cursor, prefix, how == 1, &key);
	if (strlen(key.text) > 500)
		return;
	cursor_read(psprintf("%s" INT64_FORMAT ".%s", prefix, key.id, key.text), prefix, how == 1, &same);
	if (same.id != key.id || same.time != key.time || strcmp(same.text, key.text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *cursor;
	char	   *prefix;

	if (size < 1 || memchr(data + 1, '\0', size - 1))
		return 0;
	prefix = cursor_prefix("swan_slots", 1, 2, 3);
	cursor = palloc(size + strlen(prefix));
	strcpy(cursor, data[0] & 4 ? prefix : "");
	strncat(cursor, (const char *) data + 1, size - 1);
	if (setjmp(refused) == 0)
		read_one(data[0] % 3, cursor, prefix);
	while (nchunks > 0)
		free(chunks[--nchunks]);
	return 0;
}
