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

extern Datum details_of(int npairs,...);
extern int64 details_number(Datum details, const char *name, int64 if_absent);

#endif							/* SWAN_DETAILS_H */
