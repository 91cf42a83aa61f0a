/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  What reads the cursors of pages, under libFuzzer.
 *
 *-------------------------------------------------------------------------
 */
#include "standins.h"

#include "port/pg_crc32c.h"

/* Whose arguments a mark stands for matters to nobody here. */
#undef COMP_CRC32C
#define COMP_CRC32C(crc, data, len) ((void) (data), (void) (len))

#include "../../src/read/cursor.c"

/* An accepted cursor is read to its end: what is written of it is the same cursor. */
static void
try_text(int how, char *text)
{
	char	   *prefix = cursor_prefix("swan_slots", 1, 2, 3);
	char	   *cursor = psprintf("%s%s", how & 4 ? prefix : "", text);
	bool		by_time = how % 3 == 1;
	CursorKey	key;
	CursorKey	same;

	if (how % 3 == 0)
	{
		int64		id = cursor_id(cursor, prefix, NO_ID);

		if (cursor_id(psprintf("%s" INT64_FORMAT, prefix, id), prefix, NO_ID) != id)
			abort();
		return;
	}
	cursor_read(cursor, prefix, by_time, &key);
	cursor_read(psprintf("%s" INT64_FORMAT ".%s", prefix, key.id, key.text), prefix, by_time, &same);
	if (same.id != key.id || same.time != key.time || strcmp(same.text, key.text) != 0)
		abort();
}
