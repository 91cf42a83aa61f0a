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

#endif							/* SWAN_FEED_H */
