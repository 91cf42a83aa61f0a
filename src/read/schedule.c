/*-------------------------------------------------------------------------
 *
 * schedule.c
 *	  Lists by time: open slots, the schedule, credits that will expire.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/argument.h"
#include "base/error.h"
#include "base/zone.h"
#include "call/columns.h"
#include "studio/actor.h"
#include "slot/slot.h"
#include "account/client.h"
#include "read/cursor.h"
#include "read/schedule.h"

PG_FUNCTION_INFO_V1(swan_slots_0_2);
PG_FUNCTION_INFO_V1(swan_calendar);
PG_FUNCTION_INFO_V1(swan_schedule_0_2);
PG_FUNCTION_INFO_V1(swan_expiring);
PG_FUNCTION_INFO_V1(swan_holds);

/* less those of a class that are kept for who waits, and does not hold one */
#define LESS_KEPT(class_id, now) \
	"{?waits: OPERATOR(pg_catalog.-) (SELECT pg_catalog.count(*) FROM {waits} w" \
	" WHERE w.session_id OPERATOR(pg_catalog.=) " class_id \
	" AND w.offered_until OPERATOR(pg_catalog.>) " now \
	" AND NOT EXISTS (SELECT 1 FROM {holds} h JOIN {sessions} o" \
	" ON {live o} AND {o.id} OPERATOR(pg_catalog.=) h.session_id AND {o.class_id} OPERATOR(pg_catalog.=) w.session_id" \
	" WHERE h.user_id OPERATOR(pg_catalog.=) w.user_id AND h.until OPERATOR(pg_catalog.>) " now "))}"

/*
 * How many places the class of a row has, and how many are left at $now: both NULL
 * for what is no place of one, where nothing is looked for.
 */
#define PLACES(class_id, now) \
	"(SELECT pg_catalog.count(*)::pg_catalog.int4 AS n," \
	" GREATEST(0, pg_catalog.count(*) FILTER (WHERE " SLOT_IS_OPEN("o") " AND NOT EXISTS (SELECT 1" \
	" FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) {o.id}" \
	" AND h.until OPERATOR(pg_catalog.>) " now "))" LESS_KEPT(class_id, now) ")::pg_catalog.int4 AS free" \
	" FROM {sessions} o WHERE {live o} AND " class_id " IS NOT NULL" \
	" AND {o.class_id} OPERATOR(pg_catalog.=) " class_id " AND " SLOT_TAKES_TIME("o") ")"

/* the row that stands for its class: the first that is not cancelled */
#define STANDS_FOR_CLASS \
	"NOT EXISTS (SELECT 1 FROM {sessions} o" \
	" WHERE {live o} AND {o.class_id} OPERATOR(pg_catalog.=) {s.class_id}" \
	" AND {o.id} OPERATOR(pg_catalog.<) {s.id} AND " SLOT_TAKES_TIME("o") ")"

/* whether an open slot that is no place of a class is held by somebody at $7, or kept for who waits */
#define IS_KEPT \
	"(EXISTS (SELECT 1 FROM {holds} h WHERE h.session_id OPERATOR(pg_catalog.=) {s.id}" \
	" AND h.until OPERATOR(pg_catalog.>) $7)" \
	"{?waits: OR EXISTS (SELECT 1 FROM {waits} w WHERE w.session_id OPERATOR(pg_catalog.=) {s.id}" \
	" AND w.offered_until OPERATOR(pg_catalog.>) $7)})"

/* $8: what is taken, too, without who has it */
static const StudioQuery open_slots = {
	"SELECT {s.id}::pg_catalog.int8, {s.trainer_id}::pg_catalog.int8, " PERSON_NAME("t") ","
	" {s.session_date}, COALESCE({s.duration}, 60)::pg_catalog.int4,"
	" CASE WHEN {s.class_id} IS NULL THEN 1 ELSE p.n END,"
	" CASE WHEN {s.class_id} IS NOT NULL THEN p.free WHEN NOT $8 OR (" SLOT_IS_OPEN("s")
	" AND NOT " IS_KEPT ") THEN 1 ELSE 0 END, {s.session_date}"
	" FROM {sessions} s LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) {s.trainer_id}"
	" CROSS JOIN LATERAL " PLACES("{s.class_id}", "$7") " p"
	" WHERE" IN_WINDOW
	" AND {s.session_date} OPERATOR(pg_catalog.>) $7"
	" AND (({s.class_id} IS NULL AND (($8 AND " SLOT_IS_LIVE("s") ")"
	" OR ({s.user_id} IS NULL AND {s.status:available} AND ($8 OR NOT " IS_KEPT "))))"
	" OR ({s.class_id} IS NOT NULL AND " SLOT_TAKES_TIME("s")
	" AND ($8 OR p.free OPERATOR(pg_catalog.>) 0) AND " STANDS_FOR_CLASS "))"
	" ORDER BY {s.session_date}, {s.id} LIMIT $6",
	8, {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, INT8OID, INT4OID,
	TIMESTAMPTZOID, BOOLOID}, PLAN_CUSTOM
};

/* The open places of a class are one row.  $9: whose own rows only, as a client and, where $10 says so, as a trainer */
static const StudioQuery dated_sessions = {
	"SELECT p.id::pg_catalog.int8, p.session_date, p.duration, p.status,"
	" {u.id}::pg_catalog.int8, " PERSON_NAME("u") ", {t.id}::pg_catalog.int8, " PERSON_NAME("t") ","
	" f.available, f.purchased, f.used, f.last_session, x.warning,"
	" " SENTENCE_FOR("x.warning") ","
	" CASE WHEN p.is_completed THEN " ATTENDED_BY("p.user_id", "p.id") " END,"
	" p.class_id, CASE WHEN p.class_id IS NULL THEN 1 ELSE c.n END,"
	" CASE WHEN p.class_id IS NOT NULL THEN c.free WHEN p.user_id IS NULL"
	" AND p.is_available THEN 1 ELSE 0 END,"
	" p.notes, COALESCE(p.confirmed, false),"
	" p.session_date FROM (SELECT {s.id} AS id, {s.session_date} AS session_date,"
	" COALESCE({s.duration}, 60)::pg_catalog.int4 AS duration,"
	" {s.status}::pg_catalog.text AS status, {s.status:available} AS is_available,"
	" {s.status:completed} AS is_completed, {s.user_id} AS user_id, {s.trainer_id} AS trainer_id,"
	" {s.class_id}::pg_catalog.int8 AS class_id, {s.notes}::pg_catalog.text AS notes,"
	" {s.status:confirmed} OR {s.confirmed} AS confirmed"
	" FROM {sessions} s WHERE" IN_WINDOW
	" AND ($7 IS NULL OR {s.user_id} OPERATOR(pg_catalog.=) $7)"
	" AND ($8 IS NULL OR {s.status}::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($8))"
	" AND ($9 IS NULL OR {s.user_id} OPERATOR(pg_catalog.=) $9"
	" OR ($10 AND {s.trainer_id} OPERATOR(pg_catalog.=) $9))"
	" AND ({s.class_id} IS NULL OR NOT (" SLOT_IS_OPEN("s") ") OR NOT EXISTS (SELECT 1"
	" FROM {sessions} o WHERE {live o} AND {o.class_id} OPERATOR(pg_catalog.=) {s.class_id}"
	" AND " SLOT_IS_OPEN("o") " AND {o.id} OPERATOR(pg_catalog.<) {s.id}))"
	" ORDER BY {s.session_date}, {s.id} LIMIT $6) p"
	" LEFT JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) p.user_id"
	" LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) p.trainer_id"
	" LEFT JOIN LATERAL " CLIENT_FIGURES("$11") " f ON {u.id} IS NOT NULL"
	" CROSS JOIN LATERAL (SELECT " WARNING_FOR("f.available", "$12") " AS warning) x"
	" CROSS JOIN LATERAL " PLACES("p.class_id", "$11") " c"
	" ORDER BY p.session_date, p.id",
	12, {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, INT8OID, INT4OID,
	INT8OID, TEXTARRAYOID, INT8OID, BOOLOID, TIMESTAMPTZOID, INT4OID}, PLAN_CUSTOM
};

#define EXPIRING_COLUMNS(first, next) \
	first(EXPIRING_USER_ID, "l.user_id") \
	next(EXPIRING_NAME, PERSON_NAME("u")) \
	next(EXPIRING_LOT_ID, "l.id") \
	next(EXPIRING_REMAINING, "l.remaining") \
	next(EXPIRING_AT, "l.expires_at") \
	next(EXPIRING_KEY, "l.expires_at")

RESULT_COLUMNS(EXPIRING_COLUMNS);

/* lots that expire after $1 and up to $2 from then, in days of time zone $3 */
static const StudioQuery expiring_lots = {
	"SELECT" SELECT_LIST(EXPIRING_COLUMNS)
	" FROM {lots} l LEFT JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) l.user_id"
	" WHERE NOT l.swept AND l.remaining OPERATOR(pg_catalog.>) 0"
	" AND l.expires_at OPERATOR(pg_catalog.>) $1"
	" AND l.expires_at OPERATOR(pg_catalog.<=)"
	" " INSTANT("$3", LOCAL_TIME("$3", "$1") " OPERATOR(pg_catalog.+) $2")
	" AND ($5 IS NULL OR ROW(l.expires_at, l.id) OPERATOR(pg_catalog.>) ROW($4, $5))"
	" ORDER BY l.expires_at, l.id LIMIT $6",
	6, {TIMESTAMPTZOID, INTERVALOID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT4OID}, PLAN_CUSTOM
};

/* slots that are held at $1, by $2, of trainer $3 or by him */
static const StudioQuery live_holds = {
	"SELECT h.session_id, {s.session_date}, COALESCE({s.duration}, 60)::pg_catalog.int4,"
	" {t.id}::pg_catalog.int8, " PERSON_NAME("t") ", h.user_id, " PERSON_NAME("u") ", h.until"
	" FROM {holds} h JOIN {sessions} s ON {live s} AND {s.id} OPERATOR(pg_catalog.=) h.session_id AND " SLOT_IS_OPEN("s")
	" LEFT JOIN {users} t ON {live t} AND {t.id} OPERATOR(pg_catalog.=) {s.trainer_id}"
	" LEFT JOIN {users} u ON {live u} AND {u.id} OPERATOR(pg_catalog.=) h.user_id"
	" WHERE h.until OPERATOR(pg_catalog.>) $1"
	" AND ($2 IS NULL OR h.user_id OPERATOR(pg_catalog.=) $2)"
	" AND ($3 IS NULL OR h.user_id OPERATOR(pg_catalog.=) $3 OR {s.trainer_id} OPERATOR(pg_catalog.=) $3)"
	" ORDER BY h.until, h.session_id",
	3, {TIMESTAMPTZOID, INT8OID, INT8OID}, PLAN_CUSTOM
};

/* Answers a page of slots: those that can be booked, or taken ones, too. */
static Datum
answer_slots(FunctionCallInfo fcinfo, const char *list, bool taken)
{
	TimestampTz since = argument_time(fcinfo, 0);
	TimestampTz until = argument_time(fcinfo, 1);
	int64		trainer_id = argument_id_or_null(fcinfo, 2);
	NullableDatum args[8];
	char	   *prefix;
	CursorKey	key;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, NO_ACTOR_ARGUMENT, MAY_ALL);
	prefix = cursor_prefix(list, trainer_id, since, until);
	cursor_read(argument_text(fcinfo, 3), prefix, true, &key);
	args[0] = arg_time(since);
	args[1] = arg_time(until);
	args[2] = arg_id(trainer_id);
	args[3] = arg_time(key.time);
	args[4] = arg_id(key.id);
	args[5] = arg_int(argument_max_rows(fcinfo, 4, 100));
	args[6] = arg_time(call->now);
	args[7] = arg_bool(taken);
	cursor_put_page(fcinfo, query_read(call, &open_slots, args), prefix, true, 1);
	call_end(call);
	return (Datum) 0;
}

/* swan_slots(): what can be booked. */
Datum
swan_slots_0_2(PG_FUNCTION_ARGS)
{
	return answer_slots(fcinfo, "slots", false);
}

/* swan_calendar(): what can be booked, or waited for. */
Datum
swan_calendar(PG_FUNCTION_ARGS)
{
	return answer_slots(fcinfo, "calendar", true);
}

/* Returns the labels of a status, or a label of the application's by itself; NIL for what is none. */
static List *
labels_of(Call *call, char *status)
{
	if (studio_is_status(status))
		return studio_status_labels(call->studio, status);
	if (slot_parse_status(call->studio, status) != STATUS_OTHER)
		return list_make1(status);
	return NIL;
}

/* Returns those of each word of a list that commas part. */
static List *
labels_of_list(Call *call, const char *list)
{
	List	   *labels = NIL;

	for (;;)
	{
		size_t		length = strcspn(list, ",");
		char	   *word = check_reason(pnstrdup(list, length), "");
		List	   *found = labels_of(call, word);

		if (found == NIL)
			ereport(ERROR,
					(swan_error(SWAN_INVALID_ARGUMENT),
					 errmsg("there is no status \"%s\"", word),
					 errhint("A session is available, requested, scheduled, confirmed, completed, cancelled or blocked.")));
		labels = list_concat(labels, found);
		if (list[length] == '\0')
			return labels;
		list += length + 1;
	}
}

/* Returns the labels of the status, or list of them, that is asked for, or NULL for all. */
static NullableDatum
labels_asked_for(Call *call, char *status)
{
	List	   *labels;
	Datum	   *values;
	int			n = 0;
	ListCell   *cell;

	if (status == NULL)
		return arg_null();
	labels = labels_of(call, status);	/* a label may have a comma in it */
	if (labels == NIL)
		labels = labels_of_list(call, status);
	values = palloc((list_length(labels) + 1) * sizeof(Datum));
	foreach(cell, labels)
		values[n++] = CStringGetTextDatum(lfirst(cell));
	return arg_datum(PointerGetDatum(construct_array(values, n, TEXTOID, -1, false,
													 TYPALIGN_INT)));
}

/* Refuses a client or trainer who asks for the schedule of another. */
void
schedule_authorise(Call *call, int64 trainer_id, int64 user_id)
{
	int64		self = call->actor->user_id;

	if (actor_is(call, MAY_OFFICE) || user_id == self)
		return;
	if (user_id != NO_ID && !actor_is(call, MAY_TRAINER))
		actor_refuse(call, NULL);
	if (trainer_id != NO_ID && trainer_id != self && actor_is(call, MAY_TRAINER))
		actor_refuse(call, NULL);
}

/* swan_schedule(): every dated session, and how its client stands. */
Datum
swan_schedule_0_2(PG_FUNCTION_ARGS)
{
	TimestampTz since = argument_time(fcinfo, 0);
	TimestampTz until = argument_time(fcinfo, 1);
	int64		trainer_id = argument_id_or_null(fcinfo, 2);
	int64		user_id = argument_id_or_null(fcinfo, 3);
	NullableDatum args[12];
	char	   *status = argument_text(fcinfo, 4);
	char	   *prefix;
	CursorKey	key;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 7, MAY_PERSONS);
	schedule_authorise(call, trainer_id, user_id);
	prefix = cursor_prefix(psprintf("schedule " INT64_FORMAT " %s", user_id,
									status ? status : ""),
						   trainer_id, since, until);
	cursor_read(argument_text(fcinfo, 5), prefix, true, &key);
	args[0] = arg_time(since);
	args[1] = arg_time(until);
	args[2] = arg_id(trainer_id);
	args[3] = arg_time(key.time);
	args[4] = arg_id(key.id);
	args[5] = arg_int(argument_max_rows(fcinfo, 6, 500));
	args[6] = arg_id(user_id);
	args[7] = labels_asked_for(call, status);
	args[8] = actor_is(call, MAY_OFFICE) ? arg_null() : arg_id(call->actor->user_id);
	args[9] = arg_bool(actor_is(call, MAY_TRAINER));
	args[10] = arg_time(call->now);
	args[11] = arg_int(call->studio->settings.low_threshold);
	cursor_put_page(fcinfo, query_read(call, &dated_sessions, args), prefix, true, 1);
	call_end(call);
	return (Datum) 0;
}

/* swan_expiring(): who will lose how many credits, and when. */
Datum
swan_expiring(PG_FUNCTION_ARGS)
{
	NullableDatum args[6];
	const Interval *within;
	char	   *prefix;
	CursorKey	key;
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 3, MAY_OFFICE);
	within = argument_span(fcinfo, 0, 14, 0);
	prefix = cursor_prefix("expiring", within->time, within->day, within->month);
	cursor_read(argument_text(fcinfo, 1), prefix, true, &key);
	args[0] = arg_time(call->now);
	args[1] = arg_datum(IntervalPGetDatum(within));
	args[2] = arg_text(call->studio->settings.time_zone);
	args[3] = arg_time(key.time);
	args[4] = arg_id(key.id);
	args[5] = arg_int(argument_max_rows(fcinfo, 2, 100));
	cursor_put_page(fcinfo, query_read(call, &expiring_lots, args), prefix, true, EXPIRING_LOT_ID);
	call_end(call);
	return (Datum) 0;
}

/*
 * swan_holds(): who holds which slot, and until when.  Who asks for nobody's in
 * particular is answered what concerns him: a client his own, a trainer those of
 * his slots too.
 */
Datum
swan_holds(PG_FUNCTION_ARGS)
{
	int64		user_id = argument_id_or_null(fcinfo, 0);
	int64		trainer_id = NO_ID;
	NullableDatum args[3];
	Call	   *call;

	InitMaterializedSRF(fcinfo, 0);
	call = actor_enter(fcinfo, CALL_READER, 1, MAY_PERSONS);
	if (user_id != NO_ID)
		actor_require_client(call, user_id);
	else if (actor_is(call, MAY_TRAINER))
		trainer_id = call->actor->user_id;
	else if (actor_is(call, MAY_CLIENT))
		user_id = call->actor->user_id;
	args[0] = arg_time(call->now);
	args[1] = arg_id(user_id);
	args[2] = arg_id(trainer_id);
	call_put_result(fcinfo, query_read(call, &live_holds, args));
	call_end(call);
	return (Datum) 0;
}
