/*-------------------------------------------------------------------------
 *
 * records.c
 *	  The setting session_records: one undated row for every credit.
 *
 * The pages of some backends list a client's credits as rows of sessions that
 * are available, his, and without a date.  With the setting on there are as
 * many of them as his balance, whoever made them; nothing else counts them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "slot/slot.h"
#include "account/records.h"

#define IS_RECORD \
	"{s.user_id} OPERATOR(pg_catalog.=) $1" \
	" AND {s.session_date} IS NULL" \
	" AND {s.status:available}"

static const StudioQuery count_records = {
	"SELECT pg_catalog.count(*) FROM {sessions} s WHERE {live s} AND " IS_RECORD,
	1, {INT8OID}
};

static const StudioQuery newest_records = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s WHERE {live s} AND " IS_RECORD
	" ORDER BY {s.id} DESC LIMIT $2",
	2, {INT8OID, INT8OID}
};

static const StudioQuery insert_records = {
	"INSERT INTO {sessions} ({sessions.user_id}, {sessions.status}"
	"{?sessions.duration:, {sessions.duration}}"
	"{?sessions.notes:, {sessions.notes}}" SLOT_NEW_COLUMNS ")"
	" SELECT $1, {sessions.status='available'}{?sessions.duration:, 60}"
	"{?sessions.notes:, {sessions.notes=pg_catalog.format('%s - Session %s', $2, i)}}"
	SLOT_NEW_VALUES("$4")
	" FROM pg_catalog.generate_series(1, $3) i RETURNING 1",
	4, {INT8OID, TEXTOID, INT4OID, TIMESTAMPTZOID}
};

static const StudioQuery delete_records = {
	"DELETE FROM {sessions} s WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) ANY ($1) RETURNING 1",
	1, {INT8ARRAYOID}
};

/*
 * Answers rows that a trigger of the application kept from us, or that are too
 * new for the transaction's snapshot.
 */
static void
check_count(Call *call, uint64 done, int32 wanted)
{
	if (done == (uint64) wanted)
		return;
	if (IsolationUsesXactSnapshot())
		swan_serialization_failure();
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table %s interfered with the session records",
					call->studio->table_names[TABLE_SESSIONS])));
}

/* Adds n records for a client. */
static void
add_records(Call *call, int64 user_id, int32 n, const char *reason)
{
	NullableDatum args[] = {
		arg_id(user_id), arg_text(reason), arg_int(n), arg_time(call->now)
	};
	TokenEntry *rows = palloc0(n * sizeof(TokenEntry));
	Slot		record = {.id = NO_ID,.class_id = NO_ID};

	record.user_id = user_id;
	record.trainer_id = NO_ID;
	slot_set_status(call->studio, &record, STATUS_AVAILABLE);
	record.date = NO_TIME;
	record.duration = SWAN_DURATION_DEFAULT;
	slot_fit(call->studio, &record);
	for (int i = 0; i < n; i++)
		rows[i].after = slot_image(&record);
	check_count(call, query_change(call, &insert_records, args,
								   TABLE_SESSIONS, CMD_INSERT, rows, n).nrows, n);
}

/* Deletes the newest n records of a client. */
static void
delete_newest_records(Call *call, int64 user_id, int32 n)
{
	NullableDatum find_args[] = {arg_id(user_id), arg_id(n)};
	Rows		result = query_recheck(call, &newest_records, find_args);
	TokenEntry *rows = palloc0(n * sizeof(TokenEntry));
	int64	   *ids = palloc(n * sizeof(int64));
	NullableDatum args[1];

	check_count(call, result.nrows, n);
	for (int i = 0; i < n; i++)
	{
		Slot		slot;

		slot_of_row(call->studio, result, i, 0, &slot);
		rows[i].before = slot_image(&slot);
		ids[i] = slot.id;
	}
	args[0] = arg_ids(ids, n);
	check_count(call, query_change(call, &delete_records, args,
								   TABLE_SESSIONS, CMD_DELETE, rows, n).nrows, n);
}

/*
 * Makes a settled account's records as many as its balance.  Only whoever
 * holds the client's lock adds or deletes them.
 */
void
records_sync(Call *call, const Account *account, const char *reason)
{
	NullableDatum args[] = {arg_id(account->user_id)};
	int64		there;

	if (!call->studio->settings.session_records)
		return;
	there = row_int(query_recheck(call, &count_records, args), 0, 1);
	if (there < account->balance)
		add_records(call, account->user_id, account->balance - there, reason);
	else if (there > account->balance)
		delete_newest_records(call, account->user_id, there - account->balance);
}
