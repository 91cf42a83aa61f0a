/*-------------------------------------------------------------------------
 *
 * line.c
 *	  The line of those who wait for a slot.
 *
 * A slot has one line, and so has a class; it is called by the id of the slot or
 * class.  Whose turn it is when something comes free is turns.c's.
 *
 * Only who has locked every place of a slot or class joins or leaves its line of
 * his own accord, so whoever has locked one and finds nobody there need not look
 * again.  Where there is somebody, the rows of the line are locked too, after
 * slots and users: places of one class are booked side by side.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/line.h"

#define WAIT_COLUMNS(first, next) \
	first(WAIT_ID, "w.id") \
	next(WAIT_USER_ID, "w.user_id") \
	next(WAIT_SINCE, "w.since") \
	next(WAIT_AUTO, "w.auto") \
	next(WAIT_FROM, "w.offered_from") \
	next(WAIT_UNTIL, "w.offered_until") \
	next(WAIT_TOLD, "w.told") \
	next(WAIT_REFUSED, "w.refused") \
	next(WAIT_TRIED, "w.tried")

RESULT_COLUMNS(WAIT_COLUMNS);

#define WAITS_OF_LINE \
	"SELECT" SELECT_LIST(WAIT_COLUMNS) " FROM {waits} w" \
	" WHERE w.session_id OPERATOR(pg_catalog.=) $1 ORDER BY w.user_id"

static const StudioQuery find_line = {
	WAITS_OF_LINE, 1, {INT8OID}, PLAN_SIMPLE
};
static const StudioQuery lock_line = {
	WAITS_OF_LINE " FOR NO KEY UPDATE OF w", 1, {INT8OID}, PLAN_SIMPLE
};

static const StudioQuery insert_wait = {
	"INSERT INTO {waits} (id, session_id, user_id, since, auto, told)"
	" VALUES ($1, $2, $3, $4, $5, false)",
	5, {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, BOOLOID}, PLAN_SIMPLE
};

static const StudioQuery update_wait = {
	"UPDATE {waits} w SET session_id = $3, auto = $4, offered_from = $5, offered_until = $6,"
	" told = $7, refused = $8, tried = $9"
	" WHERE w.session_id OPERATOR(pg_catalog.=) $1 AND w.user_id OPERATOR(pg_catalog.=) $2",
	9, {INT8OID, INT8OID, INT8OID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	BOOLOID, TEXTOID, TIMESTAMPTZOID}, PLAN_SIMPLE
};

static const StudioQuery delete_wait = {
	"DELETE FROM {waits} w WHERE w.session_id OPERATOR(pg_catalog.=) $1"
	" AND w.user_id OPERATOR(pg_catalog.=) $2 RETURNING 1",
	2, {INT8OID, INT8OID}
};

/* Returns which line is that of a slot. */
int64
line_of(const Slot *slot)
{
	return slot->class_id != NO_ID ? slot->class_id : slot->id;
}

/* Returns whether anybody can wait in the studio. */
static bool
has_lines(Call *call)
{
	return call->studio->table_names[TABLE_WAITS] != NULL;
}

/* Returns whether somebody may wait for something in the studio: in most nobody does. */
static bool
has_waiters(Call *call)
{
	return has_lines(call) && !query_table_is_empty(call, TABLE_WAITS);
}

/* Refuses what needs the table of those who wait, where there is none. */
void
line_require(Call *call)
{
	if (!has_lines(call))
		ereport(ERROR,
				(swan_error(SWAN_INVALID_ARGUMENT),
				 errmsg("studio \"%s\" has no waiting lists: there is no table \"swan_waits\" beside its ledger",
						call->studio->name),
				 studio_hint_upgrade(call->studio)));
}

/* Sorts those who wait by when they came. */
static int
compare_waiters(const void *a, const void *b)
{
	int64		x = ((const Waiter *) a)->id;
	int64		y = ((const Waiter *) b)->id;

	return x < y ? -1 : x > y;
}

/* Makes a line of the rows that were found of it. */
static void
line_of_rows(int64 id, Rows rows, Line *line)
{
	line->id = id;
	line->n = rows.nrows;
	line->waiters = palloc((rows.nrows + 1) * sizeof(Waiter));
	for (int i = 0; i < line->n; i++)
	{
		Waiter	   *waiter = &line->waiters[i];

		waiter->id = row_id(rows, i, WAIT_ID);
		waiter->user_id = row_id(rows, i, WAIT_USER_ID);
		waiter->since = row_time(rows, i, WAIT_SINCE);
		waiter->automatic = row_bool(rows, i, WAIT_AUTO);
		waiter->from = row_time(rows, i, WAIT_FROM);
		waiter->until = row_time(rows, i, WAIT_UNTIL);
		waiter->told = row_bool(rows, i, WAIT_TOLD);
		waiter->refused = row_text(rows, i, WAIT_REFUSED);
		waiter->tried = row_time(rows, i, WAIT_TRIED);
	}
	if (line->n > 1)
		qsort(line->waiters, line->n, sizeof(Waiter), compare_waiters);
}

/*
 * Returns the ids of all that a line is for: the slot, or the places of the class,
 * as far as they are not cancelled.
 */
int64 *
line_places(Call *call, int64 id, int *n)
{
	Rows		rows = class_places(call, id);
	int64	   *ids = palloc((rows.nrows + 2) * sizeof(int64)); /* room for one more */

	*n = rows.nrows;
	for (int i = 0; i < *n; i++)
		ids[i] = row_id(rows, i, SLOT_ID);
	if (*n == 0)
		ids[(*n)++] = id;
	return ids;
}

/* Reads a line without locking it. */
void
line_read(Call *call, int64 id, QueryRun run, Line *line)
{
	NullableDatum args[] = {arg_id(id)};
	Rows		none = {0};

	line_of_rows(id, has_waiters(call) ? run(call, &find_line, args) : none, line);
}

/* Locks a line and reads it; one that our snapshot cannot see is for the caller to retry. */
static Line *
lock_one(Call *call, int64 id)
{
	NullableDatum args[] = {arg_id(id)};
	Line	   *line = palloc0(sizeof(Line));
	Rows		rows = {0};

	if (has_waiters(call))
	{
		rows = query_look(call, &find_line, args);
		if (rows.nrows > 0)		/* mostly there is nothing to lock */
			rows = query_look(call, &lock_line, args);
		if (IsolationUsesXactSnapshot() &&
			query_recheck(call, &find_line, args).nrows != rows.nrows)
			swan_serialization_failure();
	}
	line_of_rows(id, rows, line);
	return line;
}

/*
 * Locks lines in the order of their ids and reads them, and notes the time again: they
 * are the last locks of all.  A place has been locked of each, and users have.  Returns
 * them as they were asked for; NO_ID has none.
 */
Line	  **
lines_lock(Call *call, const int64 *ids, int n)
{
	Line	  **lines = palloc0(n * sizeof(Line *));

	for (;;)
	{
		int			next = -1;
		Line	   *line;

		for (int i = 0; i < n; i++)
		{
			if (ids[i] != NO_ID && lines[i] == NULL && (next < 0 || ids[i] < ids[next]))
				next = i;
		}
		if (next < 0)
			break;
		line = lock_one(call, ids[next]);
		for (int i = 0; i < n; i++)
		{
			if (ids[i] == ids[next])
				lines[i] = line;
		}
	}
	call_set_now(call);
	return lines;
}

/* Returns the one of a line who is that client, or NULL. */
Waiter *
line_find(const Line *line, int64 user_id)
{
	for (int i = 0; i < line->n; i++)
	{
		if (line->waiters[i].user_id == user_id)
			return &line->waiters[i];
	}
	return NULL;
}

/* Adds somebody to the end of a line. */
void
line_join(Call *call, Line *line, const Waiter *waiter)
{
	NullableDatum args[] = {
		arg_id(waiter->id), arg_id(line->id), arg_id(waiter->user_id),
		arg_time(waiter->since), arg_bool(waiter->automatic)
	};

	if (query_change(call, &insert_wait, args, TABLE_WAITS, CMD_INSERT, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_WAITS, "the line of", line->id);
	line->waiters = repalloc(line->waiters, (line->n + 1) * sizeof(Waiter));
	line->waiters[line->n++] = *waiter;
}

/* Takes somebody out of a line, if he is in it. */
void
line_leave(Call *call, Line *line, int64 user_id)
{
	NullableDatum args[] = {arg_id(line->id), arg_id(user_id)};
	Waiter	   *waiter = line_find(line, user_id);
	int			place = waiter ? waiter - line->waiters : 0;

	if (waiter == NULL)
		return;
	if (query_change(call, &delete_wait, args, TABLE_WAITS, CMD_DELETE, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_WAITS, "the line of", line->id);
	line->n--;
	memmove(waiter, waiter + 1, (line->n - place) * sizeof(Waiter));
}

/* Writes down what has become of somebody, who may have gone to another line. */
static void
write_waiter(Call *call, int64 was_in, int64 is_in, const Waiter *waiter)
{
	NullableDatum args[] = {
		arg_id(was_in), arg_id(waiter->user_id), arg_id(is_in), arg_bool(waiter->automatic),
		arg_time(waiter->from), arg_time(waiter->until), arg_bool(waiter->told),
		arg_text(waiter->refused), arg_time(waiter->tried)
	};

	if (query_change(call, &update_wait, args, TABLE_WAITS, CMD_UPDATE, NULL, 0).nrows != 1)
		slot_interfered(call, TABLE_WAITS, "the line of", is_in);
}

/* Likewise in the line where he is. */
void
line_write(Call *call, const Line *line, const Waiter *waiter)
{
	write_waiter(call, line->id, line->id, waiter);
}

/* Moves a line to another slot, which took the place of the one it was for. */
void
line_move(Call *call, Line *line, int64 to)
{
	if (line->id == to)
		return;
	for (int i = 0; i < line->n; i++)
		write_waiter(call, line->id, to, &line->waiters[i]);
	line->id = to;
}

/* Ends a line, whose slot is gone. */
void
line_close(Call *call, Line *line)
{
	while (line->n > 0)
		line_leave(call, line, line->waiters[line->n - 1].user_id);
}
