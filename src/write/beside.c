/*-------------------------------------------------------------------------
 *
 * beside.c
 *	  What goes over beside credits and bookings when accounts are merged: that its
 *	  client is suspended, what he holds, and his places in lines.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/details.h"
#include "base/error.h"
#include "write/merge.h"

/* whether the last suspension of a client was one of these */
static const StudioQuery last_suspension = {
	"SELECT g.details OPERATOR(pg_catalog.?) 'into_user' FROM {ledger} g"
	" WHERE g.user_id OPERATOR(pg_catalog.=) $1 AND g.kind OPERATOR(pg_catalog.=) 'suspension'"
	" ORDER BY g.id DESC LIMIT 1",
	1, {INT8OID}
};

static const StudioQuery give_holds = {
	"UPDATE {holds} h SET user_id = $2 WHERE h.session_id OPERATOR(pg_catalog.=) ANY ($3)"
	" AND h.user_id OPERATOR(pg_catalog.=) $1 RETURNING 1",
	3, {INT8OID, INT8OID, INT8ARRAYOID}
};

/* the lines that either of two clients is in */
static const StudioQuery lines_of_both = {
	"SELECT DISTINCT w.session_id FROM {waits} w"
	" WHERE w.user_id OPERATOR(pg_catalog.=) ANY ($1) ORDER BY w.session_id",
	1, {INT8ARRAYOID}
};

static const StudioQuery give_place = {
	"UPDATE {waits} w SET user_id = $3 WHERE w.session_id OPERATOR(pg_catalog.=) $1"
	" AND w.user_id OPERATOR(pg_catalog.=) $2 RETURNING 1",
	3, {INT8OID, INT8OID, INT8OID}
};

/* whether a client has what the line $1 is for */
static const StudioQuery has_it = {
	"SELECT 1 FROM {sessions} s WHERE " SLOT_OF_LINE("s", "$1")
	" AND {s.user_id} OPERATOR(pg_catalog.=) $2 AND " SLOT_IS_LIVE("s") " LIMIT 1",
	2, {INT8OID, INT8OID}
};

/* Returns whether a client is suspended because his account was given up. */
static bool
was_given_up(Call *call, const Account *account)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	Rows		result = query_recheck(call, &last_suspension, args);

	return !suspension_is_over(&account->suspension, call->now) &&
		result.nrows == 1 && row_bool(result, 0, 1);
}

/* Writes that one of the two is suspended. */
static void
write_suspension(Call *call, Merge *merge, Account *account, Suspension suspension)
{
	Entry		entry = NEW_ENTRY;

	account->suspension = suspension;
	entry.kind = "suspension";
	entry.reason = merge->handover.reason;
	entry.details = details_of_suspension(suspension.since, suspension.until, false);
	entry.details = account == &merge->handover.from ?
		details_with_number(entry.details, "into_user", merge->handover.to_user) :
		details_with_number(entry.details, "from_user", merge->handover.from_user);
	handover_write(call, &merge->handover, account, &entry);
}

/*
 * Suspends the account that is given up, for good.  If its client was suspended
 * he is so in the other one, too, from the earlier to the later time.
 */
void
merge_suspension(Call *call, Merge *merge)
{
	Account    *from = &merge->handover.from;
	Account    *to = &merge->handover.to;
	Suspension	was = from->suspension;
	Suspension	his = to->suspension;
	bool		current = !suspension_is_over(&was, call->now);

	if (was_given_up(call, from))
		return;
	if (current && !suspension_is_over(&his, call->now))
	{
		his.since = Min(his.since, was.since);
		his.until = his.until == NO_TIME || was.until == NO_TIME ? NO_TIME :
			Max(his.until, was.until);
	}
	else if (current)
		his = was;
	if (current && (his.since != to->suspension.since || his.until != to->suspension.until))
		write_suspension(call, merge, to, his);
	was.since = current ? Min(was.since, call->now) : call->now;
	was.until = NO_TIME;
	write_suspension(call, merge, from, was);
}

/* Moves what is held. */
void
merge_holds(Call *call, const Merge *merge)
{
	NullableDatum args[] = {
		arg_id(merge->handover.from_user), arg_id(merge->handover.to_user),
		arg_ids(merge->held, merge->nheld)
	};

	if (merge->nheld > 0 &&
		query_change(call, &give_holds, args, TABLE_HOLDS, CMD_UPDATE, NULL, 0).nrows != merge->nheld)
		swan_serialization_failure();	/* one is newer than our snapshot */
}

/* Finds the lines that either of the two is in. */
void
merge_find_lines(Call *call, Merge *merge, QueryRun run)
{
	int64		both[] = {merge->handover.from_user, merge->handover.to_user};
	NullableDatum args[] = {arg_ids(both, 2)};
	Rows		rows;

	merge->nlines = 0;
	if (call->studio->table_names[TABLE_WAITS] == NULL)
		return;
	rows = run(call, &lines_of_both, args);
	merge->nlines = rows.nrows;
	merge->lines = palloc((rows.nrows + 1) * sizeof(int64));
	for (int i = 0; i < merge->nlines; i++)
		merge->lines[i] = row_id(rows, i, 1);
}

/* Gives one client's place in a line to the other. */
static void
give_place_to(Call *call, const Merge *merge, Line *line)
{
	NullableDatum args[] = {
		arg_id(line->id), arg_id(merge->handover.from_user), arg_id(merge->handover.to_user)
	};

	if (query_change(call, &give_place, args, TABLE_WAITS, CMD_UPDATE, NULL, 0).nrows != 1)
		swan_serialization_failure();	/* it is newer than our snapshot */
	line_find(line, merge->handover.from_user)->user_id = merge->handover.to_user;
}

/*
 * Moves places in lines: of two in one line the better one stays, and none where
 * the client has by now what the line is for.
 */
void
merge_waits(Call *call, const Merge *merge)
{
	int64		from = merge->handover.from_user;
	int64		to = merge->handover.to_user;
	Line	  **lines = lines_lock(call, merge->lines, merge->nlines);

	for (int i = 0; i < merge->nlines; i++)
	{
		NullableDatum args[] = {arg_id(merge->lines[i]), arg_id(to)};
		Line	   *line = lines[i];
		Waiter	   *mine = line_find(line, from);
		Waiter	   *his = line_find(line, to);

		if (query_recheck(call, &has_it, args).nrows > 0)
		{
			line_leave(call, line, from);
			line_leave(call, line, to);
		}
		else if (mine && his && his->id < mine->id)
			line_leave(call, line, from);
		else if (mine)
		{
			line_leave(call, line, to);
			give_place_to(call, merge, line);
		}
		line_arrange(call, line, false);
	}
}
