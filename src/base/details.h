/*-------------------------------------------------------------------------
 *
 * details.h
 *	  What the ledger's column "details" says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DETAILS_H
#define SWAN_DETAILS_H

#include "swanalloc.h"

#include "lib/stringinfo.h"

extern Datum details_of(int npairs,...);
extern Datum details_forced(void);
extern Datum details_with_number(Datum details, const char *name, int64 value);
extern Datum details_guest(bool forced);
extern int64 details_number(Datum details, const char *name, int64 if_absent);
extern int64 *details_ids(Datum details, const char *name, int *n);
extern char *details_text(Datum details, const char *name);
extern void details_append_extension(StringInfo json, TimestampTz from,
									 TimestampTz to);
extern Datum details_of_end(TimestampTz from, TimestampTz to);
extern Datum details_of_suspension(TimestampTz since, TimestampTz until, bool put_off);

#endif							/* SWAN_DETAILS_H */
