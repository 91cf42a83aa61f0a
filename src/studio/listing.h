/*-------------------------------------------------------------------------
 *
 * listing.h
 *	  What the registry says of a database role.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_LISTING_H
#define SWAN_LISTING_H

#include "studio/query.h"

/* what a database role is to a studio */
typedef enum ListingKind
{
	LISTED_PERSON,
	LISTED_BACKEND,
	LISTED_SYSTEM,
	LISTED_READER
} ListingKind;

typedef struct Listing
{
	char	   *studio;
	ListingKind kind;
	int64		user_id;		/* of a person */
	bool		accepted;		/* or does it wait for the role? */
} Listing;

extern bool listings_stale(void);
extern Listing *listing_find(const char *studio, Oid role);
extern bool listing_is_kind(const char *as_what);
extern bool listing_is_pending(const char *studio, Oid role);
extern char *listing_describe(const char *db_role, const char *as_what,
							  int64 user_id, const char *studio);
extern Rows inspect_listings(Call *call);
extern void listing_init(void);

#endif							/* SWAN_LISTING_H */
