/*-------------------------------------------------------------------------
 *
 * studio.c
 *	  Which studio a call is about.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "base/error.h"
#include "studio/listing.h"
#include "studio/studio.h"

/*
 * Refuses to change anything in a studio that is closed.  What is known of it must be
 * from after the tables were locked: whoever closes it waits for those locks first.
 */
void
studio_check_open(const Studio *studio)
{
	if (studio->closed_reason == NULL)
		return;
	ereport(ERROR,
			(swan_error_naming(SWAN_STUDIO_CLOSED, NULL, "reason", studio->closed_reason),
			 errmsg("studio \"%s\" is closed: %s", studio->name, studio->closed_reason),
			 errhint("Retry later, at the place that calls for this studio go to by then. Its owner opens it with swan_open_studio().")));
}

/* Refuses a studio that cannot be used. */
void
studio_check(Studio *studio)
{
	if (studio->broken == NULL)
		return;
	studios_forget();			/* look again next time */
	studio_check_open(studio);	/* where it is now is the better answer */
	ereport(ERROR,
			(swan_error(SWAN_STUDIO_NOT_FOUND),
			 errmsg("studio \"%s\" is broken: %s", studio->name, studio->broken),
			 errhint("Put it back, or forget the studio with swan_detach('%s').",
					 studio->name)));
}

/*
 * Returns the owner of a studio: of its tables, or where they are gone the role
 * that made it, if there still is one.
 */
static Oid
studio_owner(Studio *studio)
{
	Oid			owner = studio_table_owner(studio->tables[TABLE_USERS]);

	return OidIsValid(owner) ? owner : get_role_oid(studio->owned_by, true);
}

/* Returns whether a role has the power of the studio's owner. */
bool
studio_is_owner(Studio *studio, Oid role)
{
	Oid			owner = studio_owner(studio);

	return OidIsValid(owner) ? has_privs_of_role(role, owner) : superuser_arg(role);
}

/* Returns whether a studio means the role itself: lists it, or is its own. */
static bool
is_meant(Studio *studio, Oid role)
{
	return listing_find(studio->name, role) || studio_owner(studio) == role;
}

/* Returns the studio of that name, or NULL. */
static Studio *
find_studio(const char *name)
{
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		if (strcmp(studio->name, name) == 0)
			return studio;
	}
	return NULL;
}

/* Answers a call for which there is no studio. */
pg_noreturn static void
no_studio(const char *name)
{
	if (name)
		ereport(ERROR,
				(swan_error(SWAN_STUDIO_NOT_FOUND),
				 errmsg("studio \"%s\" does not exist", name),
				 errhint("swan_studios() lists the studios you may use.")));
	ereport(ERROR,
			(swan_error(SWAN_STUDIO_NOT_FOUND),
			 errmsg("there is no studio in this database"),
			 errhint("Make one with swan_create_studio(), or attach your own tables with swan_attach().")));
}

/*
 * Answers a role that no studio knows.  One that waits for its consent is named
 * only where the role has named it: to agree is to trust that studio.
 */
static void
not_listed(const char *name, Oid role)
{
	ereport(ERROR,
			(swan_error(SWAN_UNAUTHORIZED_ACCESS),
			 errmsg("role \"%s\" is not allowed to use a studio",
					GetUserNameFromId(role, false)),
			 name && listing_is_pending(name, role) ?
			 errhint("Its owner has listed the role, which must agree: SELECT swan_accept(%s).",
					 quote_literal_cstr(name)) :
			 errhint("The studio's owner can allow it with swan_allow(); then the role agrees with swan_accept().")));
}

/*
 * Returns the studios in which the current role is listed or has the power of
 * the owner; if there is none but others', refuses it, whatever it has named.
 */
List *
studio_candidates(const char *name)
{
	Oid			role = GetUserId();
	List	   *candidates = NIL;
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		if (listing_find(studio->name, role) || studio_is_owner(studio, role))
			candidates = lappend(candidates, studio);
	}
	if (candidates == NIL && studio_list() != NIL)
		not_listed(name, role);
	return candidates;
}

/*
 * Returns the candidate that is taken where none is named, or NULL if several
 * could be: the only one, or the only one that means the current role itself.
 * So nobody gets between a role and its studio by making another one and giving
 * the role the privileges of its owner, which a superuser has anyway.
 */
Studio *
studio_preferred(List *candidates)
{
	Studio	   *preferred = NULL;
	ListCell   *cell;

	if (list_length(candidates) == 1)
		return linitial(candidates);
	foreach(cell, candidates)
	{
		if (!is_meant(lfirst(cell), GetUserId()))
			continue;
		if (preferred)
			return NULL;
		preferred = lfirst(cell);
	}
	return preferred;
}

/*
 * Picks the studio that the current role's calls are about: the one that it
 * names, or swanalloc.studio names, or the candidate that goes without saying.
 * A name selects; it authorises nothing.
 */
static Studio *
pick_studio(const char *name)
{
	List	   *candidates;
	Studio	   *studio;
	ListCell   *cell;

	if (name == NULL && swan_studio_setting && swan_studio_setting[0])
		name = swan_studio_setting;
	candidates = studio_candidates(name);
	if (name == NULL && candidates != NIL)
	{
		studio = studio_preferred(candidates);
		if (studio == NULL)
			ereport(ERROR,
					(swan_error(SWAN_STUDIO_NOT_FOUND),
					 errmsg("several studios are open to role \"%s\"",
							GetUserNameFromId(GetUserId(), false)),
					 errhint("Say which one with SET swanalloc.studio; swan_studios() lists them.")));
		return studio;
	}
	foreach(cell, candidates)
	{
		studio = lfirst(cell);
		if (strcmp(studio->name, name) == 0)
			return studio;
	}
	if (name && find_studio(name))
		not_listed(name, GetUserId());
	no_studio(name);
}

/* Refuses the name of a studio that does not exist, whoever may use it. */
void
studio_require(const char *name)
{
	AcceptInvalidationMessages();
	if (find_studio(name) == NULL)
		no_studio(name);
}

/* Says how a studio that an earlier version made gets what it lacks; for ereport(). */
int
studio_hint_upgrade(const Studio *studio)
{
	return errhint("An earlier version made the studio; its owner gives it what it lacks: SELECT * FROM swan_upgrade_studio(%s);",
				   quote_literal_cstr(studio->name));
}

/* Returns the studio that its owner names, or that his other calls are about. */
static Studio *
pick_own_studio(const char *name)
{
	Studio	   *studio = name ? find_studio(name) : pick_studio(NULL);

	if (studio == NULL)
		no_studio(name);
	if (!studio_is_owner(studio, GetUserId()))
		ereport(ERROR,
				(swan_error(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("must be owner of studio \"%s\"", studio->name),
				 errhint("The owner of its tables is the owner of a studio.")));
	return studio;
}

/* attempts to find several tables free at once */
#define LOCK_ATTEMPTS	100

/*
 * Locks several tables against those who write, or read, them without waiting
 * for one while holding another.  So whoever uses them ends first, in whatever
 * order his statements and foreign keys take them.  Only where one or the other
 * is never free at the same time do we hold and wait, in the order given.
 */
void
studio_lock_at_once(const Oid *tables, const LOCKMODE *lockmodes, int n)
{
	int			first = 0;

	if (n == 0)
		return;
	for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++)
	{
		int			busy = 0;

		LockRelationOid(tables[first], lockmodes[first]);
		while (busy < n && (busy == first ||
							ConditionalLockRelationOid(tables[busy], lockmodes[busy])))
			busy++;
		if (busy == n)
			return;
		for (int i = 0; i < n; i++)
		{
			if (i < busy || i == first)
				UnlockRelationOid(tables[i], lockmodes[i]);
		}
		first = busy;			/* what to wait for next */
	}
	for (int i = 0; i < n; i++)
		LockRelationOid(tables[i], lockmodes[i]);
}

/*
 * Locks the tables of a studio, as far as they are there: sessions before users,
 * as applications are to do, then our own.
 */
static void
lock_tables(Studio *studio, LOCKMODE lockmode)
{
	static const StudioTable order[] = {
		TABLE_SESSIONS, TABLE_USERS, TABLE_LEDGER, TABLE_LOTS, TABLE_HOLDS, TABLE_WAITS
	};
	Oid			tables[STUDIO_NTABLES];
	LOCKMODE	lockmodes[STUDIO_NTABLES];
	int			n = 0;

	for (int i = 0; i < lengthof(order); i++)
	{
		if (!OidIsValid(studio->tables[order[i]]))
			continue;
		lockmodes[n] = lockmode;
		tables[n++] = studio->tables[order[i]];
	}
	if (lockmode > RowExclusiveLock)
		studio_lock_at_once(tables, lockmodes, n);
	else
	{
		for (int i = 0; i < n; i++)
			LockRelationOid(tables[i], lockmode);
	}
}

/*
 * Picks a studio, and locks its tables before looking at them.  What is locked
 * stays; if the registry turns out to name others by then, we start over.
 */
static Studio *
lock_studio(Studio *(*pick) (const char *), const char *name, LOCKMODE lockmode)
{
	Oid			locked[STUDIO_NTABLES];
	Studio	   *studio;

	/* a lock that we hold already would let us miss what others have changed */
	AcceptInvalidationMessages();
	studio = pick(name);
	studio_find_tables(studio);
	do
	{
		memcpy(locked, studio->tables, sizeof(locked));
		lock_tables(studio, lockmode);
		if (studios_stale() || listings_stale())
		{
			studio = pick(name);
			studio_find_tables(studio);
		}
	} while (memcmp(locked, studio->tables, sizeof(locked)) != 0);
	studio_describe(studio);
	return studio;
}

/*
 * Returns the studio of the current role's calls, with its tables locked; the
 * name may be NULL.
 */
Studio *
studio_of_caller(const char *name, LOCKMODE lockmode)
{
	Studio	   *studio = lock_studio(pick_studio, name, lockmode);

	studio_check(studio);
	return studio;
}

/*
 * Returns the studio that its owner wants to change, by name or as for other
 * calls; it may be broken.  Listed or not, an owner is one here.
 */
Studio *
studio_of_owner(const char *name)
{
	return lock_studio(pick_own_studio, name, AccessShareLock);
}

/* Likewise for what writes to the tables, as calls do. */
Studio *
studio_of_owner_to_write(const char *name)
{
	return lock_studio(pick_own_studio, name, RowExclusiveLock);
}

/*
 * Likewise, with nobody else at work on the tables: a lock of which two conflict
 * is taken before anything is looked at, and none before it.
 */
Studio *
studio_of_owner_alone(const char *name, LOCKMODE lockmode)
{
	return lock_studio(pick_own_studio, name, lockmode);
}

/* Locks one studio of a list and looks at its tables. */
void
studio_look_at(Studio *studio)
{
	studio_find_tables(studio);
	lock_tables(studio, AccessShareLock);
	studio_describe(studio);
}

/*
 * Returns the studio whose users or sessions a table is, or NULL.  For
 * triggers: their table is locked, and stays as it is.
 */
Studio *
studio_of_relation(Oid relid, StudioTable table)
{
	ListCell   *cell;

	AcceptInvalidationMessages();
	foreach(cell, studio_list_for_guards())
	{
		Studio	   *studio = lfirst(cell);

		if (studio->tables[table] != relid)
			continue;
		if (!studio->described)
			studio_look_at(studio);
		return studio;
	}
	return NULL;
}
