/*-------------------------------------------------------------------------
 *
 * studio.c
 *	  Which studio a call is about.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
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
				 errhint("Say which one: SET swanalloc.studio = '%s'.",
						 ((Studio *) linitial(candidates))->name)));
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

/*
 * Returns the studio of the current role's calls, locked and looked up; the
 * name may be NULL.
 */
Studio *
studio_of_caller(const char *name, LOCKMODE lockmode)
{
	Studio	   *studio;

	do
	{
		AcceptInvalidationMessages();
		studio = pick_studio(name);
		studio_look_up(studio, lockmode);
	} while (studios_stale());
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
	Studio	   *studio;

	do
	{
		AcceptInvalidationMessages();
		studio = name ? find_studio(name) : pick_studio(NULL);
		if (studio == NULL)
			no_studio(name);
		if (!studio_is_owner(studio, GetUserId()))
			ereport(ERROR,
					(swan_errcode(SWAN_UNAUTHORIZED_ACCESS),
					 errmsg("must be owner of studio \"%s\"", studio->name),
					 errhint("The owner of its tables is the owner of a studio.")));
		studio_look_up(studio, AccessShareLock);
	} while (studios_stale());
	return studio;
}

/* Returns whether a table is one of the studio's, by registry and schema. */
static bool
is_table_of(Studio *studio, Oid relid)
{
	Oid			namespace;

	if (studio->tables[TABLE_USERS] == relid || studio->tables[TABLE_SESSIONS] == relid)
		return true;
	namespace = get_rel_namespace(studio->tables[TABLE_USERS]);
	for (int i = TABLE_LEDGER; i < STUDIO_NTABLES; i++)
	{
		if (get_relname_relid(studio_own_table_names[i], namespace) == relid)
			return true;
	}
	return false;
}

/*
 * Returns the studio that a table belongs to, looked up, or NULL.  For
 * triggers: their table is locked, and stays as it is.
 */
Studio *
studio_of_relation(Oid relid)
{
	Studio	   *found;

	do
	{
		ListCell   *cell;

		AcceptInvalidationMessages();
		found = NULL;
		foreach(cell, studio_list())
		{
			if (is_table_of(lfirst(cell), relid))
			{
				found = lfirst(cell);
				break;
			}
		}
		if (found && !found->looked_up)
			studio_look_up(found, AccessShareLock);
	} while (studios_stale());
	return found;
}
