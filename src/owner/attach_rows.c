/*-------------------------------------------------------------------------
 *
 * attach_rows.c
 *	  What the rows of an application's tables mean for a studio.
 *
 * Each table is read once, and sessions again where the application has labels
 * of its own for the status, with a reader's lock, and as its owner: a query runs
 * the code in its indexes, which must not get the rights of whoever attaches.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "call/columns.h"
#include "call/rights.h"
#include "slot/slot.h"
#include "owner/attach.h"

#define USER_TALLY_COLUMNS(first, next) \
	first(TALLY_NEGATIVE, \
		  "pg_catalog.count(*) FILTER (WHERE {u.available_sessions} OPERATOR(pg_catalog.<) 0)") \
	next(TALLY_FIRST_NEGATIVE, \
		 "pg_catalog.min({u.id}) FILTER (WHERE {u.available_sessions} OPERATOR(pg_catalog.<) 0)") \
	next(TALLY_NO_BALANCE, \
		 "pg_catalog.count(*) FILTER (WHERE {live u} AND {u.available_sessions} IS NULL)") \
	next(TALLY_DELETED_USERS, "pg_catalog.count(*) FILTER (WHERE NOT {live u})") \
	next(TALLY_DELETED_CREDITS, \
		 "COALESCE(pg_catalog.sum({u.available_sessions}) FILTER (WHERE NOT {live u}), 0)" \
		 "::pg_catalog.int8") \
	next(TALLY_USERS, "pg_catalog.count(*)")

RESULT_COLUMNS(USER_TALLY_COLUMNS);

/* Looks for balances that no studio can begin with. */
static void
look_at_users(Attachment *att, Call *call)
{
	Rows		result = attach_query(att, call, "SELECT" SELECT_LIST(USER_TALLY_COLUMNS)
									  " FROM {users} u WHERE {any u}");

	if (row_int(result, 0, TALLY_NEGATIVE) > 0)
		attach_refuse(att, "users.available_sessions", att->names[USERS_BALANCE],
					  psprintf("negative balances: %lld, the first of user %lld",
							   (long long) row_int(result, 0, TALLY_NEGATIVE),
							   (long long) row_int(result, 0, TALLY_FIRST_NEGATIVE)),
					  "settle them first");
	if (row_int(result, 0, TALLY_NO_BALANCE) > 0)
		attach_report(att, "users.available_sessions", att->names[USERS_BALANCE], "found",
					  psprintf("balances that are null and count as 0: %lld",
							   (long long) row_int(result, 0, TALLY_NO_BALANCE)));
	if (row_int(result, 0, TALLY_DELETED_USERS) > 0)
		attach_report(att, "users.deleted_at", att->names[USERS_DELETED_AT], "found",
					  psprintf("deleted rows, which are nobody: %lld; credits in them, which nobody can spend: %lld",
							   (long long) row_int(result, 0, TALLY_DELETED_USERS),
							   (long long) row_int(result, 0, TALLY_DELETED_CREDITS)));
	attach_report(att, "users", studio_table_name(att->users), "found",
				  psprintf("rows: %lld", (long long) row_int(result, 0, TALLY_USERS)));
}

/*
 * Says what becomes of bookings that are live already: somebody has to decide,
 * and sees how many of them that charges, and with how many credits.
 */
static void
report_old_bookings(Attachment *att, int64 live, int64 flagged, int64 receipts)
{
	const char *found = psprintf(att->continues ? "live bookings without a ledger row: %lld" :
								 "live bookings: %lld", (long long) live);
	bool		have_receipts = att->names[SESSIONS_CREDITS] != NULL;
	int64		charged = 0;
	int64		credits = receipts;

	if (live == 0)
		return;
	if (att->old_bookings == NULL)
	{
		if (have_receipts || att->names[SESSIONS_DEDUCTED])
			found = psprintf("%s, with %s: %lld", found,
							 have_receipts ? "credits" : "session_deducted", (long long) flagged);
		attach_refuse(att, "old_bookings", NULL, found,
					  "say with {\"old_bookings\": \"charged\"}, free or flag whether they took a credit");
		return;
	}
	if (strcmp(att->old_bookings, "charged") == 0)
	{
		charged = live;
		credits += live - flagged;	/* one each, where the row says none */
	}
	else if (strcmp(att->old_bookings, "flag") == 0)
		charged = flagged;
	found = have_receipts && charged > 0 ?
		psprintf("%s; charged: %lld, together %lld credits", found, (long long) charged,
				 (long long) credits) :
		psprintf("%s; charged, one credit each: %lld", found, (long long) charged);
	attach_report(att, "old_bookings", NULL, att->old_bookings,
				  psprintf("%s, free: %lld", found, (long long) (live - charged)));
}

/* Reports how long the sessions last that take somebody's time. */
static void
report_durations(Attachment *att, int64 longest, int64 empty, int64 unknown)
{
	const char *name = att->names[SESSIONS_DURATION];

	att->longest = longest;
	if (longest > SWAN_DURATION_MAX)
		attach_report(att, "sessions.duration", name, "found",
					  psprintf("the longest session lasts %lld minutes: whether somebody is busy is looked for as far back",
							   (long long) longest));
	if (empty > 0)
		attach_report(att, "sessions.duration", name, "found",
					  psprintf("sessions of 0 minutes or less, which take nobody's time: %lld",
							   (long long) empty));
	if (unknown > 0)
		attach_report(att, "sessions.duration", name, "found",
					  psprintf("sessions without a duration, which last %d minutes: %lld",
							   SWAN_DURATION_DEFAULT, (long long) unknown));
}

/* s is a booking that is live already */
#define LIVE_BOOKING \
	"{live s} AND " SLOT_IS_LIVE("s") \
	" AND {s.user_id} IS NOT NULL"

/*
 * Somebody has to say whether it took a credit.  A ledger that goes on knows that
 * of the bookings that it has a row for; a join, since a condition in FILTER would
 * read the ledger for each of them.
 */
#define UNDECIDED \
	LIVE_BOOKING "{?ledger: AND k.session_id IS NULL}{?users.deleted_at: AND {live u}}"
/* s has a client, and is open for others all the same */
#define PLACEHOLDER \
	"{live s} AND {s.status:available} AND {s.user_id} IS NOT NULL" \
	" AND {s.session_date} IS NOT NULL"
#define TIMED \
	"{live s} AND {s.session_date} IS NOT NULL" \
	" AND " SLOT_TAKES_TIME("s")

#define SESSION_TALLY_COLUMNS(first, next) \
	first(TALLY_LIVE, "pg_catalog.count(*) FILTER (WHERE " UNDECIDED ")") \
	next(TALLY_FLAGGED, \
		 "pg_catalog.count(*) FILTER (WHERE " UNDECIDED " AND " SLOT_RECEIPT("s") \
		 " OPERATOR(pg_catalog.>) 0)") \
	next(TALLY_RECEIPTS, \
		 "COALESCE(pg_catalog.sum(" SLOT_RECEIPT("s") ") FILTER (WHERE " UNDECIDED \
		 " AND " SLOT_RECEIPT("s") " OPERATOR(pg_catalog.>) 0), 0)") \
	next(TALLY_LEFT_BEHIND, \
		 "pg_catalog.count(*) FILTER (WHERE {?users.deleted_at:" LIVE_BOOKING \
		 " AND NOT} {live u})") \
	next(TALLY_RECORDS, \
		 "pg_catalog.count(*) FILTER (WHERE {live s} AND {s.status:available}" \
		 " AND {s.user_id} IS NOT NULL AND {s.session_date} IS NULL)") \
	next(TALLY_PLACEHOLDERS, "pg_catalog.count(*) FILTER (WHERE " PLACEHOLDER ")") \
	next(TALLY_FIRST_PLACEHOLDER, "pg_catalog.min({s.id}) FILTER (WHERE " PLACEHOLDER ")") \
	next(TALLY_OWN_LABELS, \
		 "pg_catalog.count(*) FILTER (WHERE {s.status}::pg_catalog.text" \
		 " OPERATOR(pg_catalog.<>) ALL" \
		 " ('{available,scheduled,confirmed,completed,cancelled,requested,blocked}'))") \
	next(TALLY_DELETED_SESSIONS, "pg_catalog.count(*) FILTER (WHERE NOT {live s})") \
	next(TALLY_SESSIONS, "pg_catalog.count(*)") \
	next(TALLY_LONGEST, "pg_catalog.max({s.duration}) FILTER (WHERE " TIMED ")") \
	next(TALLY_EMPTY, \
		 "pg_catalog.count(*) FILTER (WHERE " TIMED " AND {s.duration} OPERATOR(pg_catalog.<=) 0)") \
	next(TALLY_NO_DURATION, \
		 "pg_catalog.count(*) FILTER (WHERE " TIMED " AND {s.duration} IS NULL)")

RESULT_COLUMNS(SESSION_TALLY_COLUMNS);

static const char sessions_query[] =
"SELECT" SELECT_LIST(SESSION_TALLY_COLUMNS) " FROM {sessions} s"
"{?users.deleted_at: LEFT JOIN {users} u ON {any u} AND {u.id} OPERATOR(pg_catalog.=) {s.user_id}}"
"{?ledger: LEFT JOIN (SELECT DISTINCT g.session_id FROM {ledger} g) k"
" ON k.session_id OPERATOR(pg_catalog.=) {s.id}} WHERE {any s}";

#define ENDS_COLUMNS(first, next) \
	first(ENDS_OTHERWISE, "pg_catalog.count(*) FILTER (WHERE {s.ends_at}" \
		  " OPERATOR(pg_catalog.<>) (" SLOT_END("s") "))") \
	next(ENDS_COUNT, "pg_catalog.count(*)")

RESULT_COLUMNS(ENDS_COLUMNS);

/*
 * Looks whether a column says when sessions end, and says it as their start and
 * duration do: one that was found, or is called so.
 */
static void
look_at_ends(Attachment *att, Call *call)
{
	char	   *found = att->names[SESSIONS_ENDS_AT];
	char	   *name = found;
	Rows		result;

	if (name == NULL && !attach_is_named(att, SESSIONS_ENDS_AT))
		name = unconstify(char *, attach_likely_column(att, SESSIONS_ENDS_AT, true));
	if (name == NULL || get_atttype(att->sessions, get_attnum(att->sessions, name)) !=
		get_atttype(att->sessions, get_attnum(att->sessions, att->names[SESSIONS_DATE])))
		return;
	att->names[SESSIONS_ENDS_AT] = name;
	result = attach_query(att, call, "SELECT" SELECT_LIST(ENDS_COLUMNS) " FROM {sessions} s"
						  " WHERE {live s} AND {s.ends_at} IS NOT NULL AND {s.session_date} IS NOT NULL");
	att->names[SESSIONS_ENDS_AT] = found;
	if (found == NULL)
		attach_report(att, studio_column_label(SESSIONS_ENDS_AT), name, "proposed",
					  psprintf("it seems to say when sessions end, and does in %lld rows of %lld; only as"
							   " {\"%s\": \"%s\"} it is kept in step when swan_move() and others change them",
							   (long long) (row_int(result, 0, ENDS_COUNT) -
											row_int(result, 0, ENDS_OTHERWISE)),
							   (long long) row_int(result, 0, ENDS_COUNT),
							   studio_column_label(SESSIONS_ENDS_AT), name));
	else if (row_int(result, 0, ENDS_OTHERWISE) > 0)
		attach_report(att, studio_column_label(SESSIONS_ENDS_AT), name, "found",
					  psprintf("rows in which it is not start plus duration: %lld of %lld;"
							   " swanalloc goes by start and duration",
							   (long long) row_int(result, 0, ENDS_OTHERWISE),
							   (long long) row_int(result, 0, ENDS_COUNT)));
}

/* Says that the setting session_records cannot be on, where each row has a date. */
static void
look_at_dates(Attachment *att)
{
	AttrNumber	attnum = get_attnum(att->sessions, att->names[SESSIONS_DATE]);
	Relation	rel = relation_open(att->sessions, AccessShareLock);

	if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attnotnull)
		attach_report(att, "session_records", att->names[SESSIONS_DATE], "found",
					  "the column is NOT NULL, so undated rows: 0; the setting session_records stays off");
	relation_close(rel, AccessShareLock);
}

/* Looks for sessions that somebody has to decide about. */
static void
look_at_sessions(Attachment *att, Call *call)
{
	Rows		result = attach_query(att, call, sessions_query);

	report_old_bookings(att, row_int(result, 0, TALLY_LIVE), row_int(result, 0, TALLY_FLAGGED),
						row_int(result, 0, TALLY_RECEIPTS));
	if (att->names[USERS_DELETED_AT] && row_int(result, 0, TALLY_LEFT_BEHIND) > 0)
		attach_report(att, "users.deleted_at", att->names[USERS_DELETED_AT], "found",
					  psprintf("live bookings of clients who are deleted: %lld; cancel or delete them too",
							   (long long) row_int(result, 0, TALLY_LEFT_BEHIND)));
	if (row_int(result, 0, TALLY_RECORDS) > 0)
		attach_report(att, "session_records", NULL, "found",
					  psprintf("undated available rows: %lld; nothing counts them, see the setting session_records",
							   (long long) row_int(result, 0, TALLY_RECORDS)));
	if (row_int(result, 0, TALLY_PLACEHOLDERS) > 0)
		attach_report(att, "sessions.user_id", att->names[SESSIONS_USER_ID], "found",
					  psprintf("available rows with a date and a client: %lld, the first of them %lld;"
							   " nobody can book them, and they stand in the way of guard_sessions refuse:"
							   " take the client off, or say what they are by another status",
							   (long long) row_int(result, 0, TALLY_PLACEHOLDERS),
							   (long long) row_int(result, 0, TALLY_FIRST_PLACEHOLDER)));
	look_at_dates(att);
	attach_look_at_labels(att, call, row_int(result, 0, TALLY_OWN_LABELS) > 0 || att->status_names);
	look_at_ends(att, call);
	report_durations(att, row_isnull(result, 0, TALLY_LONGEST) ? 0 : row_int(result, 0, TALLY_LONGEST),
					 row_int(result, 0, TALLY_EMPTY), row_int(result, 0, TALLY_NO_DURATION));
	if (row_int(result, 0, TALLY_DELETED_SESSIONS) > 0)
		attach_report(att, "sessions.deleted_at", att->names[SESSIONS_DELETED_AT], "found",
					  psprintf("deleted rows, which are not there: %lld",
							   (long long) row_int(result, 0, TALLY_DELETED_SESSIONS)));
	attach_report(att, "sessions", studio_table_name(att->sessions), "found",
				  psprintf("rows: %lld", (long long) row_int(result, 0, TALLY_SESSIONS)));
}

#define TRIGGER_COLUMNS(first, next) \
	first(TRIGGER_NAME, "t.tgname") \
	next(TRIGGER_SCHEMA, "n.nspname") \
	next(TRIGGER_SETS_PATH, \
		 "EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proconfig) c (setting)" \
		 " WHERE pg_catalog.starts_with(c.setting, 'search_path='))")

RESULT_COLUMNS(TRIGGER_COLUMNS);

/* Names the triggers of the application, which will run in our calls too. */
static void
look_at_triggers(Attachment *att, Call *call)
{
	static const Oid argtypes[] = {OIDOID, OIDOID};
	NullableDatum args[] = {
		arg_datum(ObjectIdGetDatum(att->users)),
		arg_datum(ObjectIdGetDatum(att->sessions))
	};
	Rows		result;

	result = sql_once(call,
					  "SELECT" SELECT_LIST(TRIGGER_COLUMNS)
					  " FROM pg_catalog.pg_trigger t"
					  " JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid"
					  " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
					  " WHERE t.tgrelid OPERATOR(pg_catalog.=) ANY (ARRAY[$1, $2]) AND NOT t.tgisinternal"
					  " AND NOT pg_catalog.starts_with(t.tgname::pg_catalog.text, 'swan_')"
					  " ORDER BY t.tgname",
					  2, argtypes, args);
	for (uint64 i = 0; i < result.nrows; i++)
		attach_report(att, psprintf("trigger %s", row_text(result, i, TRIGGER_NAME)), NULL, "found",
					  row_bool(result, i, TRIGGER_SETS_PATH) ? "runs in swan_* calls too" :
					  psprintf("runs in swan_* calls too, under their search_path;"
							   " if it needs schema %s or others, see swan_configure('search_path', ...)",
							   quote_identifier(row_text(result, i, TRIGGER_SCHEMA))));
}

/* Looks at everything that only the rows can tell. */
void
attach_look_at_rows(Attachment *att)
{
	Call	   *call = call_begin_as(studio_table_owner(att->users), "pg_catalog, pg_temp");

	call_restrict(call);
	if (att->old_bookings && strcmp(att->old_bookings, "charged") != 0 &&
		strcmp(att->old_bookings, "free") != 0 && strcmp(att->old_bookings, "flag") != 0)
		attach_refuse(att, "old_bookings", NULL,
					  psprintf("\"%s\" is not known", att->old_bookings),
					  "say charged, free or flag");
	if (att->old_bookings && strcmp(att->old_bookings, "flag") == 0 &&
		att->names[SESSIONS_DEDUCTED] == NULL && att->names[SESSIONS_CREDITS] == NULL)
		attach_refuse(att, "old_bookings", NULL, "there is no column for session_deducted or credits",
					  "say charged or free");
	if (att->names[SESSIONS_STATUS])
		attach_check_labels(att);
	look_at_triggers(att, call);
	if (att->problem == NULL)	/* else there may be no rows to look at */
	{
		look_at_users(att, call);
		look_at_sessions(att, call);
		attach_look_for_people(att, call);
		attach_look_at_ids(att, call);
	}
	call_end(call);
}

/*
 * Looks again, with both tables locked: whoever wrote at the time of the first
 * look has committed since.  Everybody waits meanwhile.  So this asks only for
 * what would have stood in the way and harms whoever it is done to, and ends at
 * the first row; who found none has read the users once, and the sessions only
 * if nobody has said how live bookings count.
 */
void
attach_look_again(Attachment *att)
{
	Call	   *call = call_begin_as(studio_table_owner(att->users), "pg_catalog, pg_temp");

	if (attach_query(att, call, "SELECT 1 FROM {users} u"
					 " WHERE {any u} AND {u.available_sessions} OPERATOR(pg_catalog.<) 0 LIMIT 1").nrows > 0)
		look_at_users(att, call);

	/* a live booking is looked for among its client's rows, by their index */
	if (att->old_bookings == NULL &&
		attach_query(att, call, "SELECT 1 FROM {sessions} s WHERE " LIVE_BOOKING
					 "{?ledger: AND NOT EXISTS (SELECT 1 FROM {ledger} g"
					 " WHERE g.user_id OPERATOR(pg_catalog.=) {s.user_id}"
					 " AND g.session_id OPERATOR(pg_catalog.=) {s.id})} LIMIT 1").nrows > 0)
		look_at_sessions(att, call);
	call_end(call);
}
