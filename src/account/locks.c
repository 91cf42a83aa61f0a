/*-------------------------------------------------------------------------
 *
 * locks.c
 *	  The locks of a call, and the one order that they are taken in.
 *
 * Rows of sessions come first and rows of users after them, each in the order
 * of their ids, so that calls cannot wait for each other in a circle; places of
 * classes come after all other slots, class by class, since who wants a place
 * knows only by then which it is, see places.c.  Nothing else in the engine locks
 * such rows.  A call goes by these steps:
 *
 *	1. Look and judge without a lock, and gather the ids of the slots.
 *	2. lock_slots().  What it reads says who client and trainer are by now.
 *	3. lock_users(), after which it is "now"; lines_lock() where somebody may wait,
 *	   after which it is.
 *	4. Read again what may have changed meanwhile, and judge again.
 *
 * A statement that finds less than it was asked for may, at REPEATABLE READ and
 * above, be too old to see the rest.  That is for the caller to retry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "base/error.h"
#include "account/locks.h"

/* how rows of a table are locked, and counted; one by itself, without a sort */
typedef struct Lockable
{
	StudioQuery one;
	StudioQuery several;
	StudioQuery at_once;		/* one, unless somebody else has locked it */
	StudioQuery count;
} Lockable;

static const Lockable slots = {
	{
		"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
		" WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE OF s",
		1, {INT8OID}, PLAN_SIMPLE
	},
	{
		"SELECT" SELECT_LIST(SLOT_COLUMNS) " FROM {sessions} s"
		" WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) ANY ($1)"
		" ORDER BY {s.class_id} NULLS FIRST, {s.id} FOR NO KEY UPDATE OF s",
		1, {INT8ARRAYOID}
	},
	{
		"SELECT 1 FROM {sessions} s WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) $1"
		" FOR NO KEY UPDATE OF s SKIP LOCKED",
		1, {INT8OID}, PLAN_SIMPLE
	},
	{
		"SELECT pg_catalog.count(*) FROM {sessions} s"
		" WHERE {live s} AND {s.id} OPERATOR(pg_catalog.=) ANY ($1)",
		1, {INT8ARRAYOID}
	}
};

static const Lockable users = {
	{
		"SELECT" SELECT_LIST(CLIENT_COLUMNS) " FROM {users} u"
		" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE OF u",
		1, {INT8OID}, PLAN_SIMPLE
	},
	{
		"SELECT" SELECT_LIST(CLIENT_COLUMNS) " FROM {users} u"
		" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) ANY ($1)"
		" ORDER BY {u.id} FOR NO KEY UPDATE OF u",
		1, {INT8ARRAYOID}
	},
	{
		"SELECT 1 FROM {users} u WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) $1"
		" FOR NO KEY UPDATE OF u SKIP LOCKED",
		1, {INT8OID}, PLAN_SIMPLE
	},
	{
		"SELECT pg_catalog.count(*) FROM {users} u"
		" WHERE {live u} AND {u.id} OPERATOR(pg_catalog.=) ANY ($1)",
		1, {INT8ARRAYOID}
	}
};

/* also those whom the application has deleted */
static const Lockable everybody = {
	{
		"SELECT" SELECT_LIST(CLIENT_COLUMNS) " FROM {users} u"
		" WHERE {any u} AND {u.id} OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE OF u",
		1, {INT8OID}, PLAN_SIMPLE
	},
	{
		"SELECT" SELECT_LIST(CLIENT_COLUMNS) " FROM {users} u"
		" WHERE {any u} AND {u.id} OPERATOR(pg_catalog.=) ANY ($1)"
		" ORDER BY {u.id} FOR NO KEY UPDATE OF u",
		1, {INT8ARRAYOID}
	},
	{NULL},
	{
		"SELECT pg_catalog.count(*) FROM {users} u"
		" WHERE {any u} AND {u.id} OPERATOR(pg_catalog.=) ANY ($1)",
		1, {INT8ARRAYOID}
	}
};

/*
 * Slot and client in one go, where nothing at all seems to be in the way of a
 * booking; who finds nothing has locked nothing.
 */
static const StudioQuery slot_and_client = {
	"SELECT" SELECT_LIST(SLOT_COLUMNS) "," SELECT_LIST(CLIENT_COLUMNS)
	" FROM {sessions} s, {users} u"
	" WHERE {live s} AND {live u} AND {s.id} OPERATOR(pg_catalog.=) $1"
	" AND {s.user_id} IS NULL"
	" AND {s.status:available}"
	" AND {s.session_date} OPERATOR(pg_catalog.>) $3"
	" AND {s.session_date} OPERATOR(pg_catalog.<=) $4"
	" AND {s.class_id} IS NULL"
	" AND {u.id} OPERATOR(pg_catalog.=) $2"
	" AND ({u.available_sessions} OPERATOR(pg_catalog.>) 0 OR NOT $5)"
	" FOR NO KEY UPDATE OF s, u",
	5, {INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID}, PLAN_SIMPLE
};

/* Locks rows of a table in the order of their ids, and reads them. */
static Rows
lock_rows(Call *call, const Lockable *table, const int64 *ids, int n)
{
	int64	   *wanted = palloc(n * sizeof(int64));
	int			nwanted = 0;
	NullableDatum arg;
	Rows		result = {0};

	for (int i = 0; i < n; i++)
	{
		if (ids[i] != NO_ID && (nwanted == 0 || ids[i] != wanted[0]))
			wanted[nwanted++] = ids[i];
	}
	if (nwanted == 0)
		return result;
	arg = nwanted == 1 ? arg_id(wanted[0]) : arg_ids(wanted, nwanted);
	result = query_look(call, nwanted == 1 ? &table->one : &table->several, &arg);
	if (result.nrows < nwanted && IsolationUsesXactSnapshot())
	{
		arg = arg_ids(wanted, nwanted);
		if (row_int(query_recheck(call, &table->count, &arg), 0, 1) > (int64) result.nrows)
			swan_serialization_failure();
	}
	return result;
}

/*
 * Locks a row unless somebody else has; returns false if so.  The executor's SKIP LOCKED
 * would not always do: where who changed a row commits at that instant and the next
 * one locks it, it waits for him.  A lookup does not follow such a row, and above READ
 * COMMITTED, where there is none, a caller has to expect to try again.
 */
static bool
lock_now(Call *call, const Lockable *table, int64 id)
{
	NullableDatum arg = arg_id(id);

	return query_look(call, &table->at_once, &arg).nrows == 1;
}

/*
 * Locks different rows whose turn is over, which is if that can be had at once, and
 * reads them.
 */
static Rows
lock_at_once(Call *call, const Lockable *table, const int64 *ids, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!lock_now(call, table, ids[i]))
			swan_serialization_failure();
	}
	return lock_rows(call, table, ids, n);	/* they are ours: to read them */
}

/*
 * Locks different rows that came along while the call waited for others, of which
 * "highest" is the last, and reads them: the turn of what stands before that is over.
 */
static Rows
lock_rows_after(Call *call, const Lockable *table, const int64 *ids, int n, int64 highest)
{
	for (int i = 0; i < n; i++)
	{
		if (ids[i] <= highest)
			return lock_at_once(call, table, ids, n);
	}
	return lock_rows(call, table, ids, n);
}

/* Returns which of locked rows is that of an id; past the last for none. */
static uint64
row_of(Rows rows, int column, int64 id)
{
	uint64		row = 0;

	while (row < rows.nrows && row_id(rows, row, column) != id)
		row++;
	return row;
}

/* Locks the slots of a call and reads them; locked_slot() says what it found. */
void
lock_slots(Call *call, Locks *locks, const int64 *ids, int n)
{
	if (locks->users_locked)
		elog(ERROR, "slots are locked before users");
	locks->studio = call->studio;
	locks->slots = lock_rows(call, &slots, ids, n);
}

/* Likewise, but leaves out what others have locked instead of waiting for it. */
void
lock_free_slots(Call *call, Locks *locks, const int64 *ids, int n)
{
	int64	   *mine = palloc(n * sizeof(int64));
	int			nmine = 0;

	for (int i = 0; i < n; i++)
	{
		if (ids[i] != NO_ID && lock_now(call, &slots, ids[i]))
			mine[nmine++] = ids[i];
	}
	lock_slots(call, locks, mine, nmine);
}

/*
 * Locks the users of a call, clients and trainers, reads them, and notes the time,
 * since no lock but of lines comes after.  locked_user() says what it found.
 */
void
lock_users(Call *call, Locks *locks, const int64 *ids, int n)
{
	if (locks->users_locked)
		elog(ERROR, "users are locked once");
	locks->users_locked = true;
	locks->users = lock_rows(call, &users, ids, n);
	call_set_now(call);
}

/* Likewise, also those whom the application has deleted. */
void
lock_everybody(Call *call, Locks *locks, const int64 *ids, int n)
{
	locks->users_locked = true;
	locks->users = lock_rows(call, &everybody, ids, n);
	call_set_now(call);
}

/*
 * Locks those of the slots that came along while a call waited for its users, and
 * so after their turn: if that can be had at once.  What it reads of them is "more".
 */
void
lock_slots_after(Call *call, const Locks *locks, Locks *more, const int64 *ids, int n)
{
	int64	   *wanted = palloc((n + 1) * sizeof(int64));
	int			nwanted = 0;

	memset(more, 0, sizeof(Locks));
	more->studio = call->studio;
	for (int i = 0; i < n; i++)
	{
		if (row_of(locks->slots, SLOT_ID, ids[i]) == locks->slots.nrows)
			wanted[nwanted++] = ids[i];
	}
	if (nwanted > 0)
		more->slots = lock_at_once(call, &slots, wanted, nwanted);
}

/*
 * Locks different slots besides those of a call that are locked, of which "highest" is
 * the last, before it locks users: what stands before that one is locked only if that
 * can be had at once, since its turn is over.
 */
void
lock_more_slots(Call *call, const int64 *ids, int n, int64 highest)
{
	lock_rows_after(call, &slots, ids, n, highest);
}

/*
 * Locks different users who came along while a call waited for the others, of whom
 * "highest" is the last: who stands before him is locked only if that can be had at
 * once, since his turn is over.
 */
void
lock_users_after(Call *call, Locks *locks, const int64 *ids, int n, int64 highest)
{
	locks->users_locked = true;
	locks->users = lock_rows_after(call, &users, ids, n, highest);
	call_set_now(call);
}

/* Locks client and trainer of a slot, where it has any. */
void
lock_people_of(Call *call, Locks *locks, const Slot *slot)
{
	int64		ids[] = {slot->user_id, slot->trainer_id};

	lock_users(call, locks, ids, 2);
}

/*
 * Locks a slot that can be booked and a client who can book it, and notes the
 * time; otherwise returns false and has, but for a row that changed while we
 * waited for it, locked nothing.  LockRows locks in the order of the FOR clause.
 */
bool
lock_slot_and_client(Call *call, int64 session_id, int64 user_id,
					 TimestampTz after, TimestampTz until, bool with_credit,
					 Slot *slot, Account *account)
{
	NullableDatum args[] = {
		arg_id(session_id), arg_id(user_id), arg_time(after), arg_time(until),
		arg_bool(with_credit)
	};
	Rows		result = query_look(call, &slot_and_client, args);

	if (result.nrows != 1)
		return false;
	call_set_now(call);
	return slot_of_row(call->studio, result, 0, 0, slot) &&
		account_of_row(result, 0, SLOT_NCOLUMNS, user_id, account);
}

/* Reads a slot as it was locked; returns false if there is none. */
bool
locked_slot(const Locks *locks, int64 id, Slot *slot)
{
	uint64		row = row_of(locks->slots, SLOT_ID, id);

	return row < locks->slots.nrows &&
		slot_of_row(locks->studio, locks->slots, row, 0, slot);
}

/* Likewise, but refuses the id of what is no slot any more. */
void
require_locked_slot(const Locks *locks, int64 id, Slot *slot)
{
	if (!locked_slot(locks, id, slot) || slot->date == NO_TIME)
		session_not_found(id);
}

/* Reads a user as he was locked; returns false if there is none. */
bool
locked_user(const Locks *locks, int64 id, Account *account)
{
	return account_of_row(locks->users, row_of(locks->users, CLIENT_ID, id), 0, id, account);
}

/* Returns whether there is a user of that id, and he is locked. */
bool
user_is_locked(const Locks *locks, int64 id)
{
	return row_of(locks->users, CLIENT_ID, id) < locks->users.nrows;
}

/*
 * Locks one client, or one trainer, where a call is about nobody else; returns
 * false if there is none.
 */
bool
account_lock(Call *call, int64 user_id, Account *account)
{
	return account_of_row(lock_rows(call, &users, &user_id, 1), 0, 0, user_id, account);
}

/*
 * Locks somebody whom the application has deleted, for who writes into his ledger; returns
 * false if there is no row of him.
 */
bool
account_lock_deleted(Call *call, int64 user_id)
{
	return lock_rows(call, &everybody, &user_id, 1).nrows > 0;
}
