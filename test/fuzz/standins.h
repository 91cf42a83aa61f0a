/*-------------------------------------------------------------------------
 *
 * standins.h
 *	  What a source under libFuzzer needs of the server, as little as will do.
 *
 * A source is compiled in by #include, static functions and all.  What it needs
 * besides and never gets to is left unresolved by the linker: a call of that is a
 * crash.  An error jumps to "refused", and memory lasts for one input.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_STANDINS_H
#define SWAN_STANDINS_H

#include "postgres.h"

#include <setjmp.h>

/* its second argument is of another type in each version */
#define appendBinaryStringInfo theirs
#include "lib/stringinfo.h"
#undef appendBinaryStringInfo
static void appendBinaryStringInfo(StringInfo str, const void *data, int len);
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#include "base/error.h"

#undef vsnprintf

static jmp_buf refused;

/* what was allocated for one input */
typedef struct Chunk
{
	struct Chunk *next;
	Size		size;
} Chunk;

static Chunk *chunks;

void *
palloc(Size size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->next = chunks;
	chunk->size = size;
	chunks = chunk;
	return chunk + 1;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
repalloc(void *pointer, Size size)
{
	return memcpy(palloc(size), pointer, Min(size, ((Chunk *) pointer)[-1].size));
}

void
pfree(void *pointer)
{
}

static void
free_chunks(void)
{
	while (chunks)
	{
		Chunk	   *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}

char *
pnstrdup(const char *in, Size len)
{
	char	   *out;

	len = strnlen(in, len);
	out = memcpy(palloc(len + 1), in, len);
	out[len] = '\0';
	return out;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

static char *
format(const char *fmt, va_list args)
{
	va_list		again;
	char	   *buffer;
	int			len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	buffer = palloc(len + 1);
	vsnprintf(buffer, len + 1, fmt, again);
	va_end(again);
	return buffer;
}

char *
psprintf(const char *fmt,...)
{
	va_list		args;
	char	   *text;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	return text;
}

void
initStringInfo(StringInfo str)
{
	str->maxlen = 64;
	str->data = palloc0(str->maxlen);
	str->len = str->cursor = 0;
}

static void
appendBinaryStringInfo(StringInfo str, const void *data, int len)
{
	if (str->len + len + 1 > str->maxlen)
	{
		str->maxlen = 2 * (str->len + len + 1);
		str->data = repalloc(str->data, str->maxlen);
	}
	memcpy(str->data + str->len, data, len);
	str->len += len;
	str->data[str->len] = '\0';
}

void
appendStringInfoString(StringInfo str, const char *s)
{
	appendBinaryStringInfo(str, s, strlen(s));
}

void
appendStringInfoChar(StringInfo str, char c)
{
	appendBinaryStringInfo(str, &c, 1);
}

void
appendStringInfo(StringInfo str, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	appendStringInfoString(str, format(fmt, args));
	va_end(args);
}

List *
lappend(List *list, void *datum)
{
	if (list == NIL)
	{
		list = palloc0(sizeof(List));
		list->type = T_List;
	}
	if (list->length == list->max_length)
	{
		ListCell   *cells = palloc((list->max_length += 16) * sizeof(ListCell));

		if (list->length > 0)
			memcpy(cells, list->elements, list->length * sizeof(ListCell));
		list->elements = cells;
	}
	list->elements[list->length++].ptr_value = datum;
	return list;
}

/* Returns how many bytes a character of valid UTF-8 has. */
static int
char_length(const char *s)
{
	unsigned char c = *s;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

int
pg_mbstrlen(const char *s)
{
	int			n = 0;

	for (; *s; s += char_length(s))
		n++;
	return n;
}

int
pg_mbcharcliplen(const char *s, int len, int limit)
{
	int			clipped = 0;

	for (int n = 0; n < limit && clipped < len; n++)
		clipped += char_length(s + clipped);
	return clipped;
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

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	longjmp(refused, 1);
}

#define SAYS_NOTHING(name) \
	int name(const char *fmt,...) { return 0; }
SAYS_NOTHING(errmsg)
SAYS_NOTHING(errmsg_internal)
SAYS_NOTHING(errhint)

int
swan_error(SwanErrorCode code)
{
	return 0;
}

/* What an input is: a byte that says what is tried, and a text of valid UTF-8. */
static void try_text(int how, char *text);

static bool
is_text(const uint8 *data, size_t size)
{
	size_t		i = 0;

	while (i < size)
	{
		int			len = char_length((const char *) data + i);

		if (data[i] == '\0' || (data[i] >= 0x80 && data[i] < 0xc2) || data[i] > 0xf4 || i + len > size)
			return false;
		for (int k = 1; k < len; k++)
		{
			if ((data[i + k] & 0xc0) != 0x80)
				return false;
		}
		i += len;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size < 1 || !is_text(data + 1, size - 1))
		return 0;
	if (setjmp(refused) == 0)
		try_text(data[0], pnstrdup((const char *) data + 1, size - 1));
	free_chunks();
	return 0;
}

#endif							/* SWAN_STANDINS_H */
