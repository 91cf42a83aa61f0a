/*-------------------------------------------------------------------------
 *
 * feed.h
 *	  The feed of ledger rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_FEED_H
#define SWAN_FEED_H

#include "swanalloc.h"

extern char *feed_start(void);
extern bool feed_is_of_here(const char *feed);

#endif							/* SWAN_FEED_H */
