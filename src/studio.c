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
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "error.h"
#include "studio.h"

/* Refuses a studio that cannot be used. */
void
studio_check(Studio *studio)
{
	if (studio->broken == NULL)
		return;
	studios_forget();			/* look again next time */
	ereport(ERROR,
			(swan_errcode(SWAN_STUDIO_NOT_FOUND),
			 errmsg("studio \"%s\" is broken: %s", studio->name, studio->broken),
			 errhint("Put it back, or forget the studio with swan_detach('%s').",
					 studio->name)));
}

/* Returns how a database role is listed in a studio, or NULL. */
Listing *
studio_listing(Studio *studio, const char *db_role)
{
	ListCell   *cell;

	foreach(cell, studio->listings)
	{
		Listing    *listing = lfirst(cell);

		if (strcmp(listing->db_role, db_role) == 0)
			return listing;
	}
	return NULL;
}

/*
 * Returns whether a role has the power of the studio's owner.  Where the
 * tables are gone, that is whoever has it over the role that made the studio.
 */
bool
studio_is_owner(Studio *studio, Oid role)
{
	Oid			maker;

	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(studio->tables[TABLE_USERS])))
		return swan_owns_relation(studio->tables[TABLE_USERS], role);
	maker = get_role_oid(studio->owned_by, true);
	return superuser_arg(role) ||
		(OidIsValid(maker) && has_privs_of_role(role, maker));
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
static void
no_studio(const char *name)
{
	if (name)
		ereport(ERROR,
				(swan_errcode(SWAN_STUDIO_NOT_FOUND),
				 errmsg("studio \"%s\" does not exist", name),
				 errhint("swan_studios() lists the studios you may use.")));
	ereport(ERROR,
			(swan_errcode(SWAN_STUDIO_NOT_FOUND),
			 errmsg("there is no studio in this database"),
			 errhint("Make one with swan_create_studio(), or attach your own tables with swan_attach().")));
}

/* Answers a role that no studio knows. */
static void
not_listed(const char *db_role)
{
	ereport(ERROR,
			(swan_errcode(SWAN_UNAUTHORIZED_ACCESS),
			 errmsg("role \"%s\" is not allowed to use a studio", db_role),
			 errhint("The studio's owner can allow it with swan_allow().")));
}

/* Returns the studios in which the current role is listed or which it owns. */
List *
studio_candidates(void)
{
	Oid			role = GetUserId();
	char	   *db_role = GetUserNameFromId(role, false);
	List	   *candidates = NIL;
	ListCell   *cell;

	foreach(cell, studio_list())
	{
		Studio	   *studio = lfirst(cell);

		if (studio_listing(studio, db_role) || studio_is_owner(studio, role))
			candidates = lappend(candidates, studio);
	}
	if (candidates == NIL && studio_list() != NIL)
		not_listed(db_role);
	return candidates;
}

/*
 * Picks the studio that the current role's calls are about: the one that it
 * names, or swanalloc.studio names, or the only candidate there is.  A name
 * selects; it authorises nothing.
 */
static Studio *
pick_studio(const char *name)
{
	List	   *candidates = studio_candidates();
	ListCell   *cell;

	if (name == NULL && swan_studio_setting && swan_studio_setting[0])
		name = swan_studio_setting;
	if (name == NULL && list_length(candidates) > 1)
		ereport(ERROR,
				(swan_errcode(SWAN_STUDIO_NOT_FOUND),
				 errmsg("several studios are open to role \"%s\"",
						GetUserNameFromId(GetUserId(), false)),
				 errhint("Say which one with SET swanalloc.studio; swan_studios() lists them.")));
	foreach(cell, candidates)
	{
		Studio	   *studio = lfirst(cell);

		if (name == NULL || strcmp(studio->name, name) == 0)
			return studio;
	}
	if (name && find_studio(name))
		not_listed(GetUserNameFromId(GetUserId(), false));
	no_studio(name);
	return NULL;				/* keep compiler quiet */
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
				(swan_errcode(SWAN_UNAUTHORIZED_ACCESS),
				 errmsg("must be owner of studio \"%s\"", studio->name),
				 errhint("The owner of its tables is the owner of a studio.")));
	return studio;
}

/* Locks the tables of a studio, as far as they are there. */
static void
lock_tables(Studio *studio, LOCKMODE lockmode)
{
	for (int i = 0; i < STUDIO_NTABLES; i++)
	{
		if (OidIsValid(studio->tables[i]))
			LockRelationOid(studio->tables[i], lockmode);
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
		if (studios_stale())
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
	foreach(cell, studio_list())
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
