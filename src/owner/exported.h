/*-------------------------------------------------------------------------
 *
 * exported.h
 *	  Reading what swan_export_studio() has written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_EXPORTED_H
#define SWAN_EXPORTED_H

#include "compat.h"
#include "swanalloc.h"

#include "utils/jsonb.h"

pg_noreturn extern void exported_refuse(const char *member);
extern Jsonb *exported_object(Jsonb *object, const char *name, bool list);
extern char *exported_text(Jsonb *object, const char *name);
extern bool exported_bool(Jsonb *object, const char *name);
extern void exported_check(Jsonb *exported);

#endif							/* SWAN_EXPORTED_H */
