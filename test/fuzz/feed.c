/*-------------------------------------------------------------------------
 *
 * feed.c
 *	  What reads the cursors of the feed, and a feed that was exported, under
 *	  libFuzzer: a line is the feed, the next one the cursor.
 *
 *-------------------------------------------------------------------------
 */
#include "standins.h"

#include "../../src/owner/exported.c"
#include "../../src/read/feed.c"

#define PLACE "7-1-5-"

static Studio studio = {.name = "studio"};
static Call call = {.studio = &studio};
static bool found;

/* Answers what the feed asks the ledger: whether there is a row, and whether one is missing. */
Rows
query_read(Call *asked, const StudioQuery *query, const NullableDatum *args)
{
	/* an era is from one base to the next */
	if (query == &find_row &&
		(DatumGetInt64(args[1].value) >= DatumGetInt64(args[0].value) ||
		 DatumGetInt64(args[2].value) < DatumGetInt64(args[0].value)))
		abort();
	return (Rows) {.nrows = found};
}

int64
row_id(Rows rows, uint64 row, int column)
{
	return 1;
}

bool
row_bool(Rows rows, uint64 row, int column)
{
	return !found;
}

bool
RecoveryInProgress(void)
{
	return !found;
}

FullTransactionId
ReadNextFullTransactionId(void)
{
	return FullTransactionIdFromU64(1000);
}

void
cursor_refuse(const char *cursor)
{
	longjmp(refused, 1);
}

static void
try_text(int how, char *text)
{
	char	   *after = strchr(text, '\n');
	Feed		feed;
	Position	position;

	if (after == NULL)
		return;
	*after++ = '\0';
	found = how & 1;
	feed.place = psprintf(PLACE "%s", text);
	check_feed(feed.place);
	parse_bases(strrchr(feed.place, '-') + 1, &feed);
	position = argument_position(&call, &feed, how & 2 ? psprintf("%s-%s", feed.place, after) : after);

	/* an accepted cursor is written as it was read */
	if (position.xid != 0 && position.at != NO_TIME)
	{
		Position	same = argument_position(&call, &feed, psprintf("%s-" UINT64_FORMAT "-" INT64_FORMAT "-" UINT64_FORMAT,
																   feed.place, position.xid, position.id, (uint64) position.at));

		if (same.xid != position.xid || same.id != position.id || same.at != position.at)
			abort();
	}
}
