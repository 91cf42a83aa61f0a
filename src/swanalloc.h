/*-------------------------------------------------------------------------
 *
 * swanalloc.h
 *	  What every file of the extension may rely on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWANALLOC_H
#define SWANALLOC_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

/*
 * A NULL id, and a NULL time.  No sequence gets to the one, and no timestamp is
 * the other: -infinity is one less, and everything else far away.
 */
#define NO_ID		PG_INT64_MIN
#define NO_TIME		(PG_INT64_MIN + 1)

/* the schema of the registry tables; made by the extension's script */
#define SWAN_REGISTRY_SCHEMA	"swan"

/* what a text argument is cut to, or may be long at the most */
#define SWAN_REASON_MAX			255
#define SWAN_KEY_MAX			255

/* a slot of ours lasts a day at the most; an application's may last longer */
#define SWAN_DURATION_MAX		1440
#define SWAN_DURATION_DEFAULT	60

/* slots that one swan_open may make */
#define SWAN_REPEAT_MAX			1000

/* so many credits a session takes */
#define SWAN_COST_MAX			100

/* so many clients have room in one class */
#define SWAN_PLACES_MAX			500

/* settings, see swanalloc.c */
extern char *swan_studio_setting;
extern char *swan_actor_setting;
extern bool swan_direct_rows;

#endif							/* SWANALLOC_H */
