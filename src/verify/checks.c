/*-------------------------------------------------------------------------
 *
 * checks.c
 *	  What swan_verify() looks for: one check for each way in which what must
 *	  hold can be broken.
 *
 * A check is one statement over all clients, or over one: then it is planned
 * for him, and reads his rows only, by their indexes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "account/attendance.h"
#include "account/debit.h"
#include "verify/checks.h"
#include "verify/stories.h"

/* Returns whether bookings are guarded. */
static bool
refuses_sessions(const Judgement *judgement)
{
	return judgement->refuses;
}

/* Returns whether bookings are only recorded. */
static bool
records_sessions(const Judgement *judgement)
{
	return judgement->records;
}

/* Returns whether bookings are guarded, and searches for overlaps would not be measured anew for that. */
static bool
refuses_long_sessions(const Judgement *judgement)
{
	return judgement->refuses && judgement->measured;
}

/* Returns whether a trainer's slots must not overlap. */
static bool
refuses_overlap(const Judgement *judgement)
{
	return judgement->refuses && judgement->keeps_time;
}

/* Returns whether there are classes, which are guarded. */
static bool
refuses_classes(const Judgement *judgement)
{
	return judgement->refuses && judgement->studio->columns[SESSIONS_CLASS_ID].name != NULL;
}

/* Returns whether anybody can wait for a slot. */
static bool
has_waits(const Judgement *judgement)
{
	return judgement->studio->table_names[TABLE_WAITS] != NULL;
}

/* Returns whether every credit has an undated row. */
static bool
keeps_records(const Judgement *judgement)
{
	return judgement->studio->settings.session_records;
}

/* Returns whether clients can be suspended. */
static bool
has_suspensions(const Judgement *judgement)
{
	return judgement->studio->columns[LEDGER_SUSPENDED].name != NULL;
}

/* what the numbers of that name in the details of reversals come to, in SQL */
#define SUM_OF_DETAILS(member) \
	"COALESCE(pg_catalog.sum((g.details OPERATOR(pg_catalog.->>) '" member "')::pg_catalog.int8)" \
	" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement,transfer}')), 0)"

/* Returns whether lots can be valid from their first booking on. */
static bool
keeps_validity(const Judgement *judgement)
{
	return judgement->studio->columns[LOTS_VALID_FOR].name != NULL;
}

/* Returns whether credits can be good for some kinds of session only. */
static bool
keeps_kinds(const Judgement *judgement)
{
	return judgement->studio->columns[LOTS_GOOD_FOR].name != NULL;
}

/* Returns whether the ledger is in partitions, each with unique indexes of its own. */
static bool
has_partitions(const Judgement *judgement)
{
	return get_rel_relkind(judgement->studio->tables[TABLE_LEDGER]) == RELKIND_PARTITIONED_TABLE;
}

const Check checks[] = {
	{"negative_balance", ABOUT_BALANCES, NULL, {
			"SELECT {u.id}, NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s', {u.available_sessions})"
			" FROM {users} u WHERE {live u} AND {u.available_sessions} OPERATOR(pg_catalog.<) 0"
			" AND " FOR_CLIENT("{u.id}"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"balance_ledger", ABOUT_BALANCES, NULL, {
			"SELECT COALESCE({u.id}, g.user_id), NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s, the ledger comes to %s',"
			" COALESCE({u.available_sessions}, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {users} u WHERE {live u} AND " FOR_CLIENT("{u.id}") ") u"
			" FULL JOIN (SELECT l.user_id, pg_catalog.sum(l.delta) AS total"
			" FROM {ledger} l WHERE " FOR_CLIENT("l.user_id") " GROUP BY l.user_id) g"
			" ON g.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.<>) COALESCE(g.total, 0)"
			" AND ($2 OR g.user_id IS NOT NULL)",
	2, {INT8OID, BOOLOID}, PLAN_CUSTOM}},

	{"balance_lots", ABOUT_BALANCES, NULL, {
			"SELECT COALESCE({u.id}, g.user_id), NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('the balance is %s, the lots hold %s',"
			" COALESCE({u.available_sessions}, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {users} u WHERE {live u} AND " FOR_CLIENT("{u.id}") ") u"
			" FULL JOIN (SELECT l.user_id, pg_catalog.sum(l.remaining) AS total"
			" FROM {lots} l WHERE " FOR_CLIENT("l.user_id") " GROUP BY l.user_id) g"
			" ON g.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.<>) COALESCE(g.total, 0)"
			" AND ($2 OR g.user_id IS NOT NULL)",
	2, {INT8OID, BOOLOID}, PLAN_CUSTOM}},

	{"ledger_chain", ABOUT_BALANCES, NULL, {
			"SELECT x.user_id, x.session_id, x.id,"
			" pg_catalog.format('balance_after is %s, %s was expected', x.balance_after, x.expected)"
			" FROM (SELECT g.user_id, g.session_id, g.id, g.balance_after,"
			" g.delta OPERATOR(pg_catalog.+) COALESCE(pg_catalog.lag(g.balance_after) OVER"
			" (PARTITION BY g.user_id ORDER BY g.id), 0) AS expected"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") ") x"
			" WHERE x.balance_after OPERATOR(pg_catalog.<>) x.expected",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"ledger_totals", ABOUT_TOTALS, NULL, {
			"SELECT x.user_id, NULL::pg_catalog.int8, x.id,"
			" pg_catalog.format('the totals are %s, they should be %s', x.kept, x.expected)"
			" FROM (SELECT g.user_id, g.id, " G_HAS_TOTALS " AS known, {g.totals}::pg_catalog.int8[] AS kept,"
			" l.summed OPERATOR(pg_catalog.||) COALESCE(c.counted, ARRAY[0, 0, 0, 0]::pg_catalog.int8[])"
			" OPERATOR(pg_catalog.||) l.missed AS expected"
			" FROM (SELECT g.user_id, pg_catalog.max(g.id) AS id, ARRAY["
			SUM_OF_G("", PURCHASED_KINDS) ", " SUM_OF_G("OPERATOR(pg_catalog.-) ", DEBIT_KINDS) "] AS summed, " NO_SHOWS_OF_G " AS missed"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") " GROUP BY g.user_id) l"
			" JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) l.id"
			" LEFT JOIN (SELECT {s.user_id} AS user_id, ARRAY["
			COUNT_OF_S("scheduled") ", " COUNT_OF_S("confirmed") ", "
			COUNT_OF_S("completed") ", " COUNT_OF_S("cancelled") "] AS counted"
			" FROM {sessions} s WHERE {live s} AND {s.session_date} IS NOT NULL AND " FOR_CLIENT("{s.user_id}")
			" GROUP BY {s.user_id}) c ON c.user_id OPERATOR(pg_catalog.=) g.user_id) x"
			" WHERE x.known AND x.kept OPERATOR(pg_catalog.<>) x.expected",
	1, {INT8OID}, PLAN_CUSTOM}},

	/*
	 * of somebody who is no row, and so cannot be locked, two may write at
	 * once
	 */
	{"ledger_order", ABOUT_BALANCES, NULL, {
			"SELECT x.user_id, x.session_id, x.id,"
			" 'the row is older than the one before it'::pg_catalog.text"
			" FROM (SELECT g.user_id, g.session_id, g.id, g.at, pg_catalog.lag(g.at) OVER"
			" (PARTITION BY g.user_id ORDER BY g.id) AS before"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") ") x"
			" WHERE x.at OPERATOR(pg_catalog.<) x.before"
			" AND EXISTS (SELECT 1 FROM {users} u"
			" WHERE {any u} AND {u.id} OPERATOR(pg_catalog.=) x.user_id)",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"ledger_suspended", ABOUT_BOOKINGS, has_suspensions, {
			"SELECT x.user_id, x.session_id, x.id,"
			" pg_catalog.format('suspended is %s, %s was expected', COALESCE(x.kept, 'nothing'),"
			" COALESCE(x.expected, 'nothing'))"
			" FROM (SELECT g.user_id, g.session_id, g.id, {g.suspended}::pg_catalog.text AS kept,"
			" CASE WHEN g.kind OPERATOR(pg_catalog.=) 'suspension' THEN pg_catalog.tstzrange("
			"(g.details OPERATOR(pg_catalog.->>) 'since')::pg_catalog.timestamptz,"
			" (g.details OPERATOR(pg_catalog.->>) 'until')::pg_catalog.timestamptz)"
			" WHEN g.kind OPERATOR(pg_catalog.<>) 'resumption' THEN pg_catalog.lag({g.suspended})"
			" OVER (PARTITION BY g.user_id ORDER BY g.id) END::pg_catalog.text AS expected"
			" FROM {ledger} g WHERE " FOR_CLIENT("g.user_id") ") x"
			" WHERE COALESCE(x.kept, '') OPERATOR(pg_catalog.<>) COALESCE(x.expected, '')",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_ledger", ABOUT_BALANCES, NULL, {
			"SELECT COALESCE(l.user_id, g.user_id), NULL::pg_catalog.int8,"
			" COALESCE(l.id, g.lot_id),"
			" pg_catalog.format('lot %s holds %s, the ledger left %s', COALESCE(l.id, g.lot_id),"
			" COALESCE(l.remaining, 0), COALESCE(g.total, 0))"
			" FROM (SELECT * FROM {lots} l WHERE " FOR_CLIENT("l.user_id") ") l"
			" FULL JOIN (SELECT b.lot_id, pg_catalog.min(b.user_id) AS user_id,"
			" pg_catalog.sum(b.delta) AS total FROM {ledger} b"
			" WHERE b.lot_id IS NOT NULL AND " FOR_CLIENT("b.user_id")
			" GROUP BY b.lot_id) g ON g.lot_id OPERATOR(pg_catalog.=) l.id"
			" WHERE l.id IS NULL OR g.lot_id IS NULL"
			" OR l.remaining OPERATOR(pg_catalog.<>) g.total",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_client", ABOUT_BALANCES, NULL, {
			"SELECT g.user_id, g.session_id, g.id,"
			" pg_catalog.format('lot %s is of client %s', g.lot_id, l.user_id)"
			" FROM {ledger} g JOIN {lots} l ON l.id OPERATOR(pg_catalog.=) g.lot_id"
			" WHERE g.user_id OPERATOR(pg_catalog.<>) l.user_id AND " FOR_CLIENT("g.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_origin", ABOUT_BALANCES, NULL, {
			"SELECT l.user_id, NULL::pg_catalog.int8, l.id,"
			" pg_catalog.format('lot %s was granted %s, its ledger row %s', l.id, l.granted,"
			" CASE WHEN g.id IS NULL THEN 'is missing' WHEN g.delta OPERATOR(pg_catalog.<>) l.granted"
			" THEN 'says ' OPERATOR(pg_catalog.||) g.delta ELSE 'names another lot' END)"
			" FROM {lots} l LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) l.id"
			" WHERE (g.id IS NULL OR g.delta OPERATOR(pg_catalog.<>) l.granted"
			" OR COALESCE(g.lot_id OPERATOR(pg_catalog.<>) l.id, true)) AND " FOR_CLIENT("l.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_swept", ABOUT_BALANCES, NULL, {
			"SELECT l.user_id, NULL::pg_catalog.int8, l.id,"
			" pg_catalog.format('lot %s is swept and holds %s', l.id, l.remaining)"
			" FROM {lots} l WHERE l.swept AND l.remaining OPERATOR(pg_catalog.>) 0"
			" AND " FOR_CLIENT("l.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_begun", ABOUT_BALANCES, keeps_validity, {
			"SELECT l.user_id, g.session_id, l.id,"
			" pg_catalog.format('lot %s is valid from its first booking on, and row %s took a credit of it',"
			" l.id, g.id) FROM {lots} l JOIN {ledger} g"
			" ON g.user_id OPERATOR(pg_catalog.=) l.user_id AND g.lot_id OPERATOR(pg_catalog.=) l.id"
			" WHERE {l.valid_for} IS NOT NULL AND g.session_id IS NOT NULL"
			" AND g.delta OPERATOR(pg_catalog.<) 0 AND " FOR_CLIENT("l.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"lot_reversed", ABOUT_BALANCES, NULL, {
			"SELECT l.user_id, NULL::pg_catalog.int8, l.id,"
			" pg_catalog.format('reversals have %s credits of lot %s, %s of %s that expired, are owed %s, and %s of what was paid',"
			" x.taken, l.id, x.expired, x.lapsed, x.owed, x.money)"
			" FROM {lots} l JOIN (SELECT g.lot_id,"
			" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)"
			" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement}')), 0) AS taken,"
			" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(g.delta)"
			" FILTER (WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{expiry,extension,revocation}')), 0) AS lapsed,"
			" " SUM_OF_DETAILS("shortfall") " AS owed, " SUM_OF_DETAILS("expired") " AS expired,"
			" " SUM_OF_DETAILS("money") " AS money FROM {ledger} g"
			" WHERE g.kind OPERATOR(pg_catalog.=) ANY ('{reversal,reinstatement,transfer,expiry,extension,revocation}')"
			" AND " FOR_CLIENT("g.user_id") " GROUP BY g.lot_id) x"
			" ON x.lot_id OPERATOR(pg_catalog.=) l.id"
			" WHERE " FOR_CLIENT("l.user_id")
			" AND (x.taken OPERATOR(pg_catalog.<) 0 OR x.expired OPERATOR(pg_catalog.<) 0"
			" OR x.owed OPERATOR(pg_catalog.<) 0 OR x.expired OPERATOR(pg_catalog.>) x.lapsed"
			" OR (x.owed OPERATOR(pg_catalog.>) 0 AND l.remaining OPERATOR(pg_catalog.>) 0)"
			" OR x.taken OPERATOR(pg_catalog.+) x.expired OPERATOR(pg_catalog.+) x.owed"
			" OPERATOR(pg_catalog.>) l.granted OR x.money OPERATOR(pg_catalog.<) 0"
			" OR x.money OPERATOR(pg_catalog.>) COALESCE(l.amount_minor, 0))",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"ledger_kind", ABOUT_BALANCES, NULL, {
			"SELECT g.user_id, g.session_id, g.id,"
			" pg_catalog.format('there is no kind %s', pg_catalog.quote_literal(g.kind))"
			" FROM {ledger} g WHERE g.kind OPERATOR(pg_catalog.<>) ALL ('{opening,grant,purchase,"
			"reversal,reinstatement,revocation,expiry,extension,booking,cancellation,reschedule,move,"
			"hold,release,wait,unwait,offer,request,confirmation,completion,no_show,correction,charge,waiver,slots,suspension,resumption,transfer,merge,usage,erasure,external}') AND " FOR_CLIENT("g.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"ledger_key", ABOUT_BOOKINGS, has_partitions, {
			"SELECT g.user_id, NULL::pg_catalog.int8, pg_catalog.max(g.id),"
			" pg_catalog.format('key %s of a %s counted %s times',"
			" pg_catalog.quote_literal(g.key), g.kind, pg_catalog.count(*))"
			" FROM {ledger} g WHERE g.key IS NOT NULL AND " FOR_CLIENT("g.user_id")
			" GROUP BY g.user_id, g.kind, g.key HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1"
			" UNION ALL SELECT g.user_id, NULL, g.id,"
			" pg_catalog.format('payment %s counted before', pg_catalog.quote_literal(g.payment_ref))"
			" FROM {ledger} g WHERE g.kind OPERATOR(pg_catalog.=) 'purchase' AND " FOR_CLIENT("g.user_id")
			" AND EXISTS (SELECT 1 FROM {ledger} o WHERE o.kind OPERATOR(pg_catalog.=) 'purchase'"
			" AND o.payment_ref OPERATOR(pg_catalog.=) g.payment_ref"
			" AND o.item OPERATOR(pg_catalog.=) g.item AND o.id OPERATOR(pg_catalog.<) g.id)",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"debit_lot", ABOUT_BOOKINGS, NULL, {
			"SELECT g.user_id, g.session_id, g.id,"
			" pg_catalog.format('%s of %s credits of %s', g.kind, g.delta,"
			" COALESCE('lot ' OPERATOR(pg_catalog.||) g.lot_id, 'no lot'))"
			" FROM {ledger} g WHERE ((g.kind OPERATOR(pg_catalog.=) ANY ('{cancellation,waiver}')"
			" AND (g.delta OPERATOR(pg_catalog.<) 0"
			" OR (g.delta OPERATOR(pg_catalog.<>) 0 AND g.lot_id IS NULL)))"
			" OR (g.kind OPERATOR(pg_catalog.=) ANY ('{booking,correction,charge}')"
			" AND (g.delta OPERATOR(pg_catalog.>) 0"
			" OR (g.delta OPERATOR(pg_catalog.<>) 0 AND g.lot_id IS NULL))))"
			" AND " FOR_CLIENT("g.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"booking_debit", ABOUT_BOOKINGS, refuses_sessions, {
			"SELECT COALESCE({s.user_id}, d.user_id), COALESCE({s.id}, d.session_id), NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session is %s, the ledger has %s debits of it',"
			" COALESCE({s.status}::pg_catalog.text, 'missing'),"
			" CASE WHEN COALESCE({s.session_deducted}, {s.credits} OPERATOR(pg_catalog.>) 0) THEN 'charged' ELSE 'not charged' END,"
			" COALESCE(d.n, 0))"
			" FROM (SELECT * FROM {sessions} s WHERE {live s} AND " FOR_CLIENT("{s.user_id}") ") s"
			" FULL JOIN " DEBITS " d ON d.session_id OPERATOR(pg_catalog.=) {s.id}"
			" AND d.user_id OPERATOR(pg_catalog.=) {s.user_id}"
			" WHERE NOT COALESCE(d.left, false) AND ($2 OR EXISTS (SELECT 1 FROM {ledger} g"
			" WHERE g.user_id OPERATOR(pg_catalog.=) COALESCE({s.user_id}, d.user_id)))"
			" AND (COALESCE(d.n, 0) OPERATOR(pg_catalog.<) 0"
			" OR (COALESCE(d.n, 0) OPERATOR(pg_catalog.>) 0 AND NOT d.before AND"
			" ({s.id} IS NULL OR {s.status:available,requested,blocked}))"
			" OR ((false{?sessions.session_deducted: OR (COALESCE(d.n, 0) OPERATOR(pg_catalog.>) 0) OPERATOR(pg_catalog.<>)"
			" COALESCE({s.session_deducted}, false)}"
			"{?sessions.credits: OR COALESCE(d.n, 0) OPERATOR(pg_catalog.<>)"
			" COALESCE({s.credits}, CASE WHEN {s.session_deducted} THEN GREATEST(d.n, 1) ELSE 0 END)})"
			" AND NOT COALESCE(d.since OPERATOR(pg_catalog.<=) $3, false)"
			" AND (COALESCE(d.moved, true) OR NOT {s.status:cancelled})"
			" AND (d.session_id IS NOT NULL OR " SLOT_IS_LIVE("s")
			" OR $3 OPERATOR(pg_catalog.=) '-infinity')))",
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM}},

	{"session_status", ABOUT_BOOKINGS, refuses_sessions, {
			"SELECT {s.user_id}, {s.id}, (d.code OPERATOR(pg_catalog./) 8),"
			" pg_catalog.format('session is %s, the ledger says %s', {s.status},"
			" (" STATUSES ")[d.code OPERATOR(pg_catalog.%) 8])"
			" FROM {sessions} s JOIN " LAST_STATUS " d"
			" ON d.session_id OPERATOR(pg_catalog.=) {s.id}"
			" AND d.user_id OPERATOR(pg_catalog.=) {s.user_id}"
			" WHERE {live s} AND d.code OPERATOR(pg_catalog.%) 8 OPERATOR(pg_catalog.<>) 0"
			" AND {s.status:} OPERATOR(pg_catalog.<>)"
			" (" STATUSES ")[d.code OPERATOR(pg_catalog.%) 8]"
			" AND NOT (d.code OPERATOR(pg_catalog.%) 8 OPERATOR(pg_catalog.=) 5 AND " SLOT_IS_LIVE("s") ")"
			" AND " FOR_CLIENT("{s.user_id}"),
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM}},

	{"unpaid_booking", ABOUT_BOOKINGS, records_sessions, {
			UNPAID_BOOKINGS(SLOT_IS_LIVE("s")),
	2, {INT8OID, BOOLOID}, PLAN_CUSTOM}},

	{"unpaid_booking", ABOUT_THE_PAST, records_sessions, {
			UNPAID_BOOKINGS("{s.status:completed}"
							" AND {s.session_date} OPERATOR(pg_catalog.>=) $3"),
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM}},

	{"lot_kind", ABOUT_THE_PAST, keeps_kinds, {
			"SELECT g.user_id, g.session_id, g.id,"
			" pg_catalog.format('lot %s is good for %s, and session is of kind %s', l.id,"
			" pg_catalog.array_to_string({l.good_for}, ', '), COALESCE({s.kind}::pg_catalog.text, 'nothing'))"
			" FROM {lots} l JOIN {ledger} g ON g.user_id OPERATOR(pg_catalog.=) l.user_id"
			" AND g.lot_id OPERATOR(pg_catalog.=) l.id"
			" JOIN {sessions} s ON {live s} AND {s.id} OPERATOR(pg_catalog.=) g.session_id"
			" AND {s.user_id} OPERATOR(pg_catalog.=) g.user_id"
			" WHERE {l.good_for} IS NOT NULL AND g.kind OPERATOR(pg_catalog.=) ANY ('" SESSION_DEBIT_KINDS "')"
			" AND (" SLOT_IS_LIVE("s") " OR {s.status:completed})"
			" AND (" ROW_HAS("g") ") OPERATOR(pg_catalog.>) 0"
			" AND NOT COALESCE({s.kind}::pg_catalog.text OPERATOR(pg_catalog.=) ANY ({l.good_for}), false)"
			" AND NOT EXISTS (SELECT 1 FROM {ledger} n WHERE n.user_id OPERATOR(pg_catalog.=) g.user_id"
			" AND (n.session_id OPERATOR(pg_catalog.=) g.session_id"
			" OR n.from_session_id OPERATOR(pg_catalog.=) g.session_id)"
			" AND n.kind OPERATOR(pg_catalog.=) ANY ('" SESSION_DEBIT_KINDS "')"
			" AND n.id OPERATOR(pg_catalog.>) g.id AND n.call_id OPERATOR(pg_catalog.<>) g.call_id"
			" AND (n.kind OPERATOR(pg_catalog.<>) 'cancellation' OR n.delta OPERATOR(pg_catalog.<>) 0))"
			" AND " FOR_CLIENT("l.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"slot_client", ABOUT_BOOKINGS, refuses_sessions, {
			"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session %s', {s.status},"
			" CASE WHEN {s.user_id} IS NULL THEN 'has no client' ELSE 'has a client' END)"
			" FROM {sessions} s WHERE {live s} AND {s.session_date} IS NOT NULL"
			" AND (({s.user_id} IS NULL AND (" SLOT_IS_LIVE("s")
			" OR {s.status:completed}))"
			" OR ({s.user_id} IS NOT NULL AND {s.status:available}))"
			" AND " FOR_CLIENT("{s.user_id}"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"session_duration", ABOUT_BOOKINGS, refuses_long_sessions, {
			"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8,"
			" pg_catalog.format('session lasts %s minutes, more than searches for overlaps reach back',"
			" {s.duration})"
			" FROM {sessions} s WHERE {live s} AND {s.session_date} IS NOT NULL AND " SLOT_TAKES_TIME("s")
			" AND pg_catalog.make_interval(mins => {s.duration}) OPERATOR(pg_catalog.>) {reach}"
			" AND " FOR_CLIENT("{s.user_id}"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"trainer_overlap", ABOUT_TRAINER_TIME, refuses_overlap, {
			OVERLAPS("trainer_id", "the trainer", SLOT_TAKES_TIME),
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM}},

	{"client_overlap", ABOUT_BOOKINGS, refuses_sessions, {
			OVERLAPS("user_id", "the client", SLOT_IS_LIVE),
	3, {INT8OID, BOOLOID, TIMESTAMPTZOID}, PLAN_CUSTOM}},

	{"class_place", ABOUT_BOOKINGS, refuses_classes, {
			"SELECT {s.user_id}, {s.id}, NULL::pg_catalog.int8,"
			" pg_catalog.format('session is of class %s, and at another time or with another trainer than session %s',"
			" {s.class_id}, first.id)"
			" FROM {sessions} s CROSS JOIN LATERAL (SELECT {o.id} AS id,"
			" {o.session_date} OPERATOR(pg_catalog.<>) {s.session_date}"
			" OR COALESCE({o.duration}, 60) OPERATOR(pg_catalog.<>) COALESCE({s.duration}, 60)"
			" OR COALESCE({o.trainer_id}, 0) OPERATOR(pg_catalog.<>) COALESCE({s.trainer_id}, 0) AS is_elsewhere"
			" FROM {sessions} o WHERE {live o} AND {o.class_id} OPERATOR(pg_catalog.=) {s.class_id} AND " SLOT_TAKES_TIME("o")
			" ORDER BY {o.id} LIMIT 1) first"
			" WHERE {live s} AND first.is_elsewhere AND " SLOT_TAKES_TIME("s") " AND " FOR_CLIENT("{s.user_id}")
			" UNION ALL SELECT {s.user_id}, {s.id}, NULL,"
			" pg_catalog.format('session is of class %s, and session %s is not', {s.class_id}, {o.id})"
			" FROM {sessions} s JOIN {sessions} o ON {live o} AND {o.id} OPERATOR(pg_catalog.=) {s.class_id}"
			" AND COALESCE({o.class_id}, 0) OPERATOR(pg_catalog.<>) {o.id}"
			" WHERE {live s} AND " SLOT_TAKES_TIME("s") " AND " FOR_CLIENT("{s.user_id}"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"class_client", ABOUT_BOOKINGS, refuses_classes, {
			"SELECT {s.user_id}, pg_catalog.max({s.id}), NULL::pg_catalog.int8,"
			" pg_catalog.format('the client has %s places of class %s, and none as a guest',"
			" pg_catalog.count(*), {s.class_id})"
			" FROM {sessions} s WHERE {live s} AND {s.class_id} IS NOT NULL AND {s.user_id} IS NOT NULL"
			" AND " SLOT_IS_LIVE("s") " AND " FOR_CLIENT("{s.user_id}")
			" AND NOT EXISTS (SELECT 1 FROM {ledger} g WHERE g.session_id OPERATOR(pg_catalog.=) {s.id}"
			" AND g.user_id OPERATOR(pg_catalog.=) {s.user_id}"
			" AND g.details OPERATOR(pg_catalog.?) 'guest')"
			" AND NOT " IS_FORCED("s")
			" GROUP BY {s.user_id}, {s.class_id} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1",
	1, {INT8OID}, PLAN_CUSTOM}},

	{"hold_slot", ABOUT_HOLDS, NULL, {
			"SELECT h.user_id, h.session_id, NULL::pg_catalog.int8,"
			" 'the slot that is held is not open any more'::pg_catalog.text FROM {holds} h"
			" WHERE h.until OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()"
			" AND " FOR_CLIENT("h.user_id") " AND NOT EXISTS (SELECT 1 FROM {sessions} s"
			" WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) h.session_id AND " SLOT_IS_OPEN("s") ")",
	1, {INT8OID}, PLAN_CUSTOM}},

	/* who was deleted waits no more, and swan_promote() tidies up after him */
	{"wait_client", ABOUT_HOLDS, has_waits, {
			"SELECT w.user_id, w.session_id, w.id, 'the ledger does not say that he waits'::pg_catalog.text"
			" FROM {waits} w LEFT JOIN {ledger} g ON g.id OPERATOR(pg_catalog.=) w.id"
			" AND g.kind OPERATOR(pg_catalog.=) 'wait' AND (g.user_id OPERATOR(pg_catalog.=) w.user_id"
			" OR EXISTS (SELECT 1 FROM {ledger} m WHERE m.user_id OPERATOR(pg_catalog.=) w.user_id"
			" AND m.id OPERATOR(pg_catalog.>) g.id AND m.kind OPERATOR(pg_catalog.=) 'merge'))"
			" WHERE g.id IS NULL AND " FOR_CLIENT("w.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"wait_slot", ABOUT_HOLDS, has_waits, {
			"SELECT w.user_id, w.session_id, w.id,"
			" CASE WHEN x.there THEN 'he has the session that he waits for'"
			" ELSE 'the session that he waits for does not exist' END"
			" FROM {waits} w CROSS JOIN LATERAL (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AS there,"
			" COALESCE(pg_catalog.bool_or({s.user_id} OPERATOR(pg_catalog.=) w.user_id AND " SLOT_IS_LIVE("s") "), false) AS his"
			" FROM {sessions} s WHERE " SLOT_OF_LINE("s", "w.session_id") ") x"
			" WHERE (NOT x.there OR x.his) AND " FOR_CLIENT("w.user_id"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{"session_records", ABOUT_BOOKINGS, keeps_records, {
			"SELECT {u.id}, NULL::pg_catalog.int8, NULL::pg_catalog.int8,"
			" pg_catalog.format('%s session records for a balance of %s',"
			" COALESCE(r.n, 0), {u.available_sessions})"
			" FROM {users} u LEFT JOIN (SELECT {s.user_id} AS user_id, pg_catalog.count(*) AS n"
			" FROM {sessions} s WHERE {live s} AND {s.status:available}"
			" AND {s.session_date} IS NULL AND " FOR_CLIENT("{s.user_id}")
			" GROUP BY {s.user_id}) r ON r.user_id OPERATOR(pg_catalog.=) {u.id}"
			" WHERE {live u} AND COALESCE(r.n, 0) OPERATOR(pg_catalog.<>) COALESCE({u.available_sessions}, 0)"
			" AND " FOR_CLIENT("{u.id}"),
	1, {INT8OID}, PLAN_CUSTOM}},

	{NULL}
};
