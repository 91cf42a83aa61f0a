/*-------------------------------------------------------------------------
 *
 * feed.c
 *	  The feed: every ledger row once, and none that commits late is lost.
 *
 * Ids are handed out before a transaction commits, so whoever reads by id alone
 * loses a row that commits after one with a higher id.  The feed reads in the
 * order of (xid, id), and only what is below the oldest transaction that the
 * snapshot sees running: no row can come in before what was read.
 *
 * Transaction ids mean nothing in another cluster, nor after a recovery that
 * gave up part of the history.  So the registry says where they are valid, as
 * does each cursor:
 *
 *		system identifier - timeline - database - base.base...
 *
 * Rows above the last base are of this place.  Those up to it are all committed
 * and are read by id; each base ends an era, in which transaction ids were those
 * of one place.  swan_rebase_feed() adds a base.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
#include "utils/xid8.h"

#include "base/argument.h"
#include "base/error.h"
#include "call/columns.h"
#include "studio/actor.h"
#include "studio/enter.h"
#include "studio/template.h"
#include "account/client.h"
#include "read/cursor.h"
#include "read/feed.h"

PG_FUNCTION_INFO_V1(swan_changes);
PG_FUNCTION_INFO_V1(swan_feed_end);
PG_FUNCTION_INFO_V1(swan_rebase_feed);

/*
 * A cursor is a place, its bases, the transaction id and the ledger id of a row,
 * and when it was written: of another history, the ids may come again.  Cursors
 * of 0.1 end with the ledger id.
 */
#define CURSOR_DASHES	6

/* The feed of a studio, or where a cursor stands in it. */
typedef struct Feed
{
	const char *place;			/* as in the registry */
	int64	   *bases;			/* ascending; the first is 0 */
	int			nbases;
} Feed;

/* after which row to read on; one up to the last base has xid 0 */
typedef struct Position
{
	uint64		xid;
	int64		id;
	TimestampTz at;				/* NO_TIME if the cursor does not say */
} Position;

static const StudioQuery find_feed = {
	"SELECT r.feed FROM swan.studio r WHERE r.name OPERATOR(pg_catalog.=) $1",
	1, {TEXTOID}
};

/*
 * After which id to read on for a consumer that read in the order of (xid, id) up
 * to the row $1 of the era from $2 to $3: before the first one it has not seen.
 */
static const StudioQuery find_row = {
	"SELECT LEAST(l.id, (SELECT pg_catalog.min(n.id) OPERATOR(pg_catalog.-) 1 FROM {ledger} n"
	" WHERE ROW(n.xid, n.id) OPERATOR(pg_catalog.>) ROW(l.xid, l.id)"
	" AND n.id OPERATOR(pg_catalog.>) $2 AND n.id OPERATOR(pg_catalog.<=) $3))"
	" FROM {ledger} l WHERE l.id OPERATOR(pg_catalog.=) $1",
	3, {INT8OID, INT8OID, INT8OID}, PLAN_CUSTOM
};

/*
 * Whether a cursor's row is missing: ($2, $1), or where $2 is 0 the row $1 of an
 * era before.  Only below the oldest running transaction must it be there.
 */
static const StudioQuery misses_row = {
	"SELECT $2 OPERATOR(pg_catalog.<) pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
	" AND NOT EXISTS (SELECT 1 FROM {ledger} l WHERE l.id OPERATOR(pg_catalog.=) $1"
	" AND (l.xid OPERATOR(pg_catalog.=) $2 OR $2 OPERATOR(pg_catalog.=) '0')"
	" AND ($3 IS NULL OR l.at OPERATOR(pg_catalog.=) $3))",
	3, {INT8OID, XID8OID, TIMESTAMPTZOID}
};

/* the state of a balance, of which a crossing is a change */
#define STATE(balance) WARNING_FOR("(" balance ")", "$1")

/* the columns of a swan_change; its last one, the cursor, is added here */
#define CHANGE_COLUMNS(first, next) \
	first(CHANGE_ID, "l.id") \
	next(CHANGE_USER_ID, "l.user_id") \
	next(CHANGE_DELTA, "l.delta") \
	next(CHANGE_BALANCE_AFTER, "l.balance_after") \
	next(CHANGE_KIND, "l.kind") \
	next(CHANGE_SESSION_ID, "l.session_id") \
	next(CHANGE_FROM_SESSION_ID, "l.from_session_id") \
	next(CHANGE_LOT_ID, "l.lot_id") \
	next(CHANGE_REASON, "l.reason") \
	next(CHANGE_ACTOR_ID, "l.actor_id") \
	next(CHANGE_DB_ROLE, "l.db_role") \
	next(CHANGE_KEY, "l.key") \
	next(CHANGE_PAYMENT_REF, "l.payment_ref") \
	next(CHANGE_ITEM, "l.item") \
	next(CHANGE_CALL_ID, "l.call_id") \
	next(CHANGE_DETAILS, "l.details") \
	next(CHANGE_AT, "l.at") \
	next(CHANGE_XID, "l.xid::pg_catalog.text::pg_catalog.int8") \
	next(CHANGE_WARNING, \
		 "CASE WHEN COALESCE(x.was, '') OPERATOR(pg_catalog.<>) COALESCE(x.became, '')" \
		 " THEN COALESCE(x.became, 'restored') END")
#define CHANGE_NCOLUMNS	(CHANGE_WARNING + 1)

RESULT_COLUMNS(CHANGE_COLUMNS);

#define READ_CHANGES \
	"SELECT" SELECT_LIST(CHANGE_COLUMNS) \
	" FROM {ledger} l CROSS JOIN LATERAL (SELECT " \
	STATE("l.balance_after OPERATOR(pg_catalog.-) l.delta") " AS was, " \
	STATE("l.balance_after") " AS became) x"

/* rows from before the last base $4, after the id $3 */
static const StudioQuery read_history = {
	READ_CHANGES
	" WHERE l.id OPERATOR(pg_catalog.>) $3 AND l.id OPERATOR(pg_catalog.<=) $4"
	" ORDER BY l.id LIMIT $2",
	4, {INT4OID, INT4OID, INT8OID, INT8OID}, PLAN_CUSTOM
};

/* rows from after it, after ($5, $3) */
static const StudioQuery read_recent = {
	READ_CHANGES
	" WHERE ROW(l.xid, l.id) OPERATOR(pg_catalog.>) ROW($5, $3)"
	" AND l.id OPERATOR(pg_catalog.>) $4"
	" AND l.xid OPERATOR(pg_catalog.<) pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
	" ORDER BY l.xid, l.id LIMIT $2",
	5, {INT4OID, INT4OID, INT8OID, INT8OID, XID8OID}, PLAN_CUSTOM
};

#define END_COLUMNS(first, next) \
	first(END_ID, "l.id") \
	next(END_AT, "l.at") \
	next(END_XID, "l.xid::pg_catalog.text::pg_catalog.int8")

RESULT_COLUMNS(END_COLUMNS);

/*
 * The last row that read_recent would come to, or read_history: nothing that it
 * does not show yet can come before.
 */
static const StudioQuery find_recent_end = {
	"SELECT" SELECT_LIST(END_COLUMNS) " FROM {ledger} l"
	" WHERE l.xid OPERATOR(pg_catalog.<) pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
	" AND l.id OPERATOR(pg_catalog.>) $1"
	" ORDER BY l.xid DESC, l.id DESC LIMIT 1",
	1, {INT8OID}, PLAN_CUSTOM
};

static const StudioQuery find_history_end = {
	"SELECT" SELECT_LIST(END_COLUMNS) " FROM {ledger} l"
	" WHERE l.id OPERATOR(pg_catalog.<=) $1 ORDER BY l.id DESC LIMIT 1",
	1, {INT8OID}, PLAN_CUSTOM
};

/* Returns where transaction ids of now are valid. */
static char *
current_place(void)
{
	TimeLineID	timeline;

	if (RecoveryInProgress())
		(void) GetXLogReplayRecPtr(&timeline);
	else
		timeline = GetWALInsertionTimeLine();
	return psprintf(UINT64_FORMAT "-%u-%u-", GetSystemIdentifier(), timeline, MyDatabaseId);
}

/* Returns the feed of a studio that begins here and now. */
char *
feed_start(void)
{
	return psprintf("%s0", current_place());
}

/* Returns whether the transaction ids of a feed are of this place. */
bool
feed_is_of_here(const char *feed)
{
	char	   *place = current_place();

	return strncmp(feed, place, strlen(place)) == 0;
}

/* Returns the feed of a studio as the registry has it, or NULL. */
static char *
read_feed(Call *call, const char *studio, QueryRun run)
{
	NullableDatum args[] = {arg_text(studio)};
	Rows		result = run(call, &find_feed, args);

	return result.nrows == 1 ? row_text(result, 0, 1) : NULL;
}

/* Answers a feed, or a cursor, that is of another place. */
static void
feed_reset(const char *studio)
{
	ereport(ERROR,
			(swan_error(SWAN_FEED_RESET),
			 errmsg("the feed of studio \"%s\" was reset", studio),
			 errhint("After a restore or a failover the studio's owner calls swan_rebase_feed(); consumers start again after the last ledger id they have.")));
}

/* Reads the bases of a feed. */
static void
parse_bases(const char *bases, Feed *feed)
{
	char	   *end = unconstify(char *, bases) - 1;

	feed->bases = palloc(sizeof(int64) * (strlen(bases) + 1));
	feed->nbases = 0;
	do
		feed->bases[feed->nbases++] = strtoll(end + 1, &end, 10);
	while (*end == '.');
}

/* Opens the feed of the call's studio; refuses one that is of another place. */
static void
open_feed(Call *call, Feed *feed)
{
	feed->place = read_feed(call, call->studio->name, query_read);
	if (feed->place == NULL || !feed_is_of_here(feed->place))
		feed_reset(call->studio->name);
	parse_bases(strrchr(feed->place, '-') + 1, feed);
}

/* Returns after which id a consumer reads on that has a row from before. */
static int64
find_position(Call *call, const Feed *feed, int64 id)
{
	int64		base = feed->bases[feed->nbases - 1];
	NullableDatum args[3];
	Rows		result;
	int			era = 0;

	if (id == 0)
		return 0;
	if (id > base)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("ledger id %lld is beyond the feed's base %lld",
						(long long) id, (long long) base),
				 errhint("Rows beyond the base have cursors; what you have of them from before swan_rebase_feed() was lost here.")));
	while (feed->bases[era + 1] < id)
		era++;
	args[0] = arg_id(id);
	args[1] = arg_id(feed->bases[era]);
	args[2] = arg_id(feed->bases[era + 1]);
	result = query_read(call, &find_row, args);
	if (result.nrows != 1)
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("there is no ledger row %lld", (long long) id),
				 errhint("Start after an earlier one.")));
	return row_id(result, 0, 1);
}

/*
 * Refuses a cursor of a history that is not the one we have: a server that was
 * set back to an older copy of its disk is the same place, and has not come as far
 * or has gone another way since.  A standby may just be behind the consumer.
 */
static void
check_history(Call *call, const Position *position, const char *cursor)
{
	FullTransactionId xid = FullTransactionIdFromU64(position->xid);
	NullableDatum args[] = {
		{Int64GetDatum(position->id), false},
		arg_datum(FullTransactionIdGetDatum(xid)),
		arg_time(position->at)
	};

	if ((!RecoveryInProgress() &&
		 FullTransactionIdFollowsOrEquals(xid, ReadNextFullTransactionId())) ||
		row_bool(query_read(call, &misses_row, args), 0, 1))
		ereport(ERROR,
				(swan_error(SWAN_FEED_RESET),
				 errmsg("cursor \"%s\" is of a history that was lost", cursor),
				 errhint("The server was set back to an earlier state. The studio's owner calls swan_rebase_feed(); consumers start again after the last ledger id they have that is still there.")));
}

/* Reads where the consumer is: a cursor, a ledger id, or NULL for the start. */
static Position
argument_position(Call *call, const Feed *feed, const char *after)
{
	Position	position = {0, 0, NO_TIME};
	int			len = strlen(feed->place);
	int			dashes = 0;
	char	   *end;

	if (after == NULL)
		return position;
	errno = 0;
	position.id = strtoll(after, &end, 10);
	if (errno == 0 && end > after && *end == '\0' && position.id >= 0)
	{
		position.id = find_position(call, feed, position.id);
		return position;
	}

	/* if it looks like a cursor, of which place is it? */
	for (const char *p = after; *p; p++)
		dashes += *p == '-';
	if (dashes < CURSOR_DASHES - 1 || dashes > CURSOR_DASHES || strspn(after, "0123456789-.") != strlen(after))
		cursor_refuse(after);
	if (strncmp(after, feed->place, len) != 0 || after[len] != '-')
		feed_reset(call->studio->name);
	errno = 0;
	position.xid = strtoull(after + len + 1, &end, 10);
	if (errno != 0 || *end != '-')
		cursor_refuse(after);
	position.id = strtoll(end + 1, &end, 10);
	if (errno == 0 && *end == '-')
		position.at = (TimestampTz) strtoull(end + 1, &end, 10);
	if (errno != 0 || *end != '\0')
		cursor_refuse(after);
	check_history(call, &position, after);
	return position;
}

/* Returns the cursor of a row; one up to the last base has xid 0. */
static Datum
make_cursor(const Feed *feed, int64 xid, int64 id, TimestampTz at)
{
	return CStringGetTextDatum(psprintf("%s-" INT64_FORMAT "-" INT64_FORMAT "-" UINT64_FORMAT,
										feed->place, xid, id, (uint64) at));
}

/* Adds rows to the result, each with its cursor; returns how many there are. */
static int32
put_changes(FunctionCallInfo fcinfo, Rows result, const Feed *feed, bool recent)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 row = 0; row < result.nrows; row++)
	{
		Datum		values[CHANGE_NCOLUMNS];
		bool		nulls[CHANGE_NCOLUMNS];
		int64		xid = recent ? row_id(result, row, CHANGE_XID) : 0;

		for (int i = 0; i < CHANGE_NCOLUMNS - 1; i++)
			values[i] = row_datum(result, row, i + 1, &nulls[i]);
		values[CHANGE_NCOLUMNS - 1] =
			make_cursor(feed, xid, row_id(result, row, CHANGE_ID), row_time(result, row, CHANGE_AT));
		nulls[CHANGE_NCOLUMNS - 1] = false;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return result.nrows;
}

/* swan_changes(): the ledger's rows as they are committed. */
Datum
swan_changes(PG_FUNCTION_ARGS)
{
	NullableDatum args[5];
	Position	position;
	Feed		feed;
	int32		left;
	int64		base;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_SYSTEM);
	left = argument_max_rows(fcinfo, 1, 1000);
	open_feed(call, &feed);
	position = argument_position(call, &feed, argument_text(fcinfo, 0));

	base = feed.bases[feed.nbases - 1];
	args[0] = arg_int(call->studio->settings.low_threshold);
	args[1] = arg_int(left);
	args[2] = arg_id(position.id);
	args[3] = arg_id(base);
	args[4] = arg_datum(FullTransactionIdGetDatum(FullTransactionIdFromU64(position.xid)));
	if (position.xid == 0 && position.id < base)
	{
		left -= put_changes(fcinfo, query_read(call, &read_history, args), &feed, false);
		args[1] = arg_int(left);
	}
	if (left > 0)
		put_changes(fcinfo, query_read(call, &read_recent, args), &feed, true);
	call_end(call);
	return (Datum) 0;
}

/*
 * swan_feed_end(): where a consumer begins that wants nothing of before.  What is
 * not shown yet, since it may come before a row that runs, will be after it.
 */
Datum
swan_feed_end(PG_FUNCTION_ARGS)
{
	enum
	{
		CURSOR, LAST_ID, NCOLUMNS
	};
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS] = {false};
	Feed		feed;
	NullableDatum base;
	int64		xid = 0;
	Rows		end;
	Call	   *call;

	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_READER | MAY_SYSTEM);
	open_feed(call, &feed);
	base = arg_id(feed.bases[feed.nbases - 1]);
	end = query_read(call, &find_recent_end, &base);
	if (end.nrows > 0)
		xid = row_id(end, 0, END_XID);
	else
		end = query_read(call, &find_history_end, &base);
	if (end.nrows > 0)
	{
		values[CURSOR] = make_cursor(&feed, xid, row_id(end, 0, END_ID), row_time(end, 0, END_AT));
		values[LAST_ID] = Int64GetDatum(row_id(end, 0, END_ID));
	}
	else						/* there is no row: the start is the end */
	{
		values[CURSOR] = CStringGetTextDatum("0");
		values[LAST_ID] = Int64GetDatum(0);
	}
	return call_return_row(call, fcinfo, values, nulls);
}

/* Writes into the registry where the studio's feed goes on. */
static void
write_feed(const char *studio, const char *feed)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	NullableDatum args[] = {arg_text(studio), arg_text(feed)};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");

	sql_once(call,
			 "UPDATE swan.studio SET feed = $2 WHERE name OPERATOR(pg_catalog.=) $1",
			 2, argtypes, args);
	call_end(call);
}

/* swan_rebase_feed(): from here on the transaction ids of this place count. */
Datum
swan_rebase_feed(PG_FUNCTION_ARGS)
{
	Studio	   *studio = studio_of_owner(argument_text(fcinfo, 0));
	char	   *name = pstrdup(studio->name);
	MemoryContext mine = CurrentMemoryContext;
	char	   *old;
	char	   *bases;
	Feed		feed;
	int64		last;
	Rows		result;
	Call	   *call;

	PreventCommandIfReadOnly("swan_rebase_feed()");
	studio_check(studio);

	/* whoever is writing with an id below the new base is let end */
	LockRelationOid(studio->tables[TABLE_LEDGER], ShareRowExclusiveLock);
	call = call_begin(studio, CALL_READER);
	result = sql_once(call,
					  expand_template(studio, "SELECT pg_catalog.max(l.id) FROM {ledger} l"),
					  0, NULL, NULL);
	last = row_int(result, 0, 1);
	old = read_feed(call, name, query_recheck);
	bases = MemoryContextStrdup(mine, old ? strrchr(old, '-') + 1 : "0");
	call_end(call);

	parse_bases(bases, &feed);
	if (feed.bases[feed.nbases - 1] < last)
		bases = psprintf("%s." INT64_FORMAT, bases, last);
	write_feed(name, psprintf("%s%s", current_place(), bases));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(INT64_FORMAT, last)));
}
