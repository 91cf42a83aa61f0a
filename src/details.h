/*-------------------------------------------------------------------------
 *
 * details.h
 *	  Numbers in the ledger's column "details".
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_DETAILS_H
#define SWAN_DETAILS_H

#include "swanalloc.h"

extern Datum details_of(const char *name1, int64 value1,
						const char *name2, int64 value2);
extern int64 details_number(Datum details, const char *name, int64 if_absent);

#endif							/* SWAN_DETAILS_H */
