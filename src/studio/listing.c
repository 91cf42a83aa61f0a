/*-------------------------------------------------------------------------
 *
 * listing.c
 *	  What the registry says of a database role.
 *
 * A backend reads the rows of a role when the role first calls, and keeps them
 * until a message says that swan.role, or a role, has changed.
 *
 * A row counts for the role of its name if that is the role that was listed
 * (one made anew under its name is a stranger) and if the role is content:
 * whoever listed it had its privileges, or it has said so by swan_accept().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "call/columns.h"
#include "studio/listing.h"

PG_FUNCTION_INFO_V1(swan_oid_of_role);

/* the listings of a role, those that do not count yet included */
typedef struct RoleListings
{
	Oid			role;			/* the key */
	List	   *listings;
} RoleListings;

/* what we know, as of the change that "loaded" counts */
static HTAB *roles = NULL;
static RoleListings *latest = NULL; /* whose role asked last */
static MemoryContext roles_context = NULL;
static uint64 changes = 1;
static uint64 loaded = 0;
static Oid	registry_role = InvalidOid;

#define LISTING_COLUMNS(first, next) \
	first(LISTING_STUDIO, "r.studio") \
	next(LISTING_AS_WHAT, "r.as_what") \
	next(LISTING_USER_ID, "r.user_id") \
	next(LISTING_ACCEPTED, "r.accepted")

RESULT_COLUMNS(LISTING_COLUMNS);

static const char listings_query[] =
"SELECT" SELECT_LIST(LISTING_COLUMNS) " FROM swan.role r"
" WHERE r.db_role OPERATOR(pg_catalog.=) $1"
" AND (r.role_oid OPERATOR(pg_catalog.=) $2) IS NOT FALSE";

/* how a listing is without effect; one row for each studio and reason */
static const char inspection[] =
"SELECT r.studio, 0, pg_catalog.concat('roles that are listed and have not agreed by"
" SELECT swan_accept(', pg_catalog.quote_literal(r.studio), '): ',"
" pg_catalog.left(pg_catalog.string_agg(r.db_role, ', ' ORDER BY r.db_role), 200))"
" FROM swan.role r WHERE NOT r.accepted GROUP BY r.studio"
" UNION ALL"
" SELECT r.studio, 0, pg_catalog.concat('roles that were made anew since they were listed,"
" and need swan_allow() again: ',"
" pg_catalog.left(pg_catalog.string_agg(r.db_role, ', ' ORDER BY r.db_role), 200))"
" FROM swan.role r JOIN pg_catalog.pg_roles p"
" ON p.rolname OPERATOR(pg_catalog.=) r.db_role"
" WHERE p.oid OPERATOR(pg_catalog.<>) r.role_oid GROUP BY r.studio"
" UNION ALL"
" SELECT r.studio, 0, pg_catalog.concat('roles that are listed under a name they have no more,"
" and need swan_allow() under their own: ',"
" pg_catalog.left(pg_catalog.string_agg(pg_catalog.concat(r.db_role, ' (now ', p.rolname, ')'), ', '"
" ORDER BY r.db_role), 200))"
" FROM swan.role r JOIN pg_catalog.pg_roles p"
" ON p.oid OPERATOR(pg_catalog.=) r.role_oid"
" WHERE p.rolname OPERATOR(pg_catalog.<>) r.db_role GROUP BY r.studio"
" ORDER BY 1, 3";

/* Returns whether a role or a listing has changed since we read any. */
bool
listings_stale(void)
{
	return loaded != changes;
}

/* Returns whether a role can be listed as that. */
bool
listing_is_kind(const char *as_what)
{
	return strcmp(as_what, "person") == 0 || strcmp(as_what, "backend") == 0 ||
		strcmp(as_what, "system") == 0 || strcmp(as_what, "reader") == 0;
}

/* Returns the kind of listing of that name. */
static ListingKind
parse_listing(const char *name)
{
	if (strcmp(name, "person") == 0)
		return LISTED_PERSON;
	if (strcmp(name, "backend") == 0)
		return LISTED_BACKEND;
	if (strcmp(name, "system") == 0)
		return LISTED_SYSTEM;
	return LISTED_READER;
}

/* Forgets the listings of every role. */
static void
forget_listings(void)
{
	HASHCTL		ctl;

	roles = NULL;
	latest = NULL;
	if (roles_context)
		MemoryContextReset(roles_context);
	else
		roles_context = AllocSetContextCreate(TopMemoryContext,
											  "swanalloc listings",
											  ALLOCSET_SMALL_SIZES);
	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(RoleListings);
	ctl.hcxt = roles_context;
	roles = hash_create("swanalloc roles", 8, &ctl,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Reads the listings of a role. */
static RoleListings *
load_listings(Oid role)
{
	static const Oid argtypes[] = {TEXTOID, OIDOID};
	NullableDatum args[] = {
		arg_text(GetUserNameFromId(role, false)),
		{.value = ObjectIdGetDatum(role),.isnull = false}
	};
	Call	   *call = call_begin_as(studio_registry_owner(), "pg_catalog, pg_temp");
	List	   *listings = NIL;
	RoleListings *entry;
	Rows		result;

	result = sql_once(call, listings_query, 2, argtypes, args);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(roles_context);
		Listing    *listing = palloc(sizeof(Listing));

		listing->studio = pstrdup(row_text(result, i, LISTING_STUDIO));
		listing->kind = parse_listing(row_text(result, i, LISTING_AS_WHAT));
		listing->user_id = row_id(result, i, LISTING_USER_ID);
		listing->accepted = row_bool(result, i, LISTING_ACCEPTED);
		listings = lappend(listings, listing);
		MemoryContextSwitchTo(old);
	}
	call_end(call);
	entry = hash_search(roles, &role, HASH_ENTER, NULL);
	entry->listings = listings;
	return entry;
}

/* Returns the row of a studio for a role, whether it counts yet or not. */
static Listing *
find_row(const char *studio, Oid role)
{
	ListCell   *cell;

	if (listings_stale())
	{
		forget_listings();
		registry_role = get_relname_relid("role",
										  get_namespace_oid(SWAN_REGISTRY_SCHEMA, false));
		loaded = changes;		/* what changes from here on is not seen */
	}
	if (latest == NULL || latest->role != role)
		latest = hash_search(roles, &role, HASH_FIND, NULL);
	if (latest == NULL)
		latest = load_listings(role);
	foreach(cell, latest->listings)
	{
		Listing    *listing = lfirst(cell);

		if (strcmp(listing->studio, studio) == 0)
			return listing;
	}
	return NULL;
}

/*
 * Returns how a role is listed in a studio, or NULL if it is not, or not yet.
 * What is returned is good until the next look.
 */
Listing *
listing_find(const char *studio, Oid role)
{
	Listing    *listing = find_row(studio, role);

	return listing && listing->accepted ? listing : NULL;
}

/* Returns whether a role is listed in a studio, and has not agreed yet. */
bool
listing_is_pending(const char *studio, Oid role)
{
	Listing    *listing = find_row(studio, role);

	return listing && !listing->accepted;
}

/* Returns what a listing says, in a sentence. */
char *
listing_describe(const char *db_role, const char *as_what, int64 user_id,
				 const char *studio)
{
	if (user_id != NO_ID)
		return psprintf("role %s is user %lld of studio %s",
						db_role, (long long) user_id, studio);
	return psprintf("role %s is %s of studio %s", db_role, as_what, studio);
}

/* Returns (studio, 0, problem), as inspect_studios(), of listings without effect. */
Rows
inspect_listings(Call *call)
{
	return sql_once(call, inspection, 0, NULL, NULL);
}

/*
 * swan.oid_of_role(): which role has a name when it is listed.  A generated
 * column asks for it to be called immutable; what the column holds is as of the
 * writing of the row, which is what we are after.
 */
Datum
swan_oid_of_role(PG_FUNCTION_ARGS)
{
	Oid			role = get_role_oid(text_to_cstring(PG_GETARG_TEXT_PP(0)), true);

	if (!OidIsValid(role))
		PG_RETURN_NULL();
	PG_RETURN_OID(role);
}

/* Notes that a listing has changed. */
static void
relation_callback(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == registry_role)
		changes++;
}

/* Notes that a role was made, renamed or dropped. */
static void
role_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/* Called once when the library is loaded. */
void
listing_init(void)
{
	CacheRegisterRelcacheCallback(relation_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, role_callback, (Datum) 0);
}
