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

/* a listing of a role */
typedef struct ExportedRole
{
	char	   *db_role;
	char	   *as_what;
	int64		user_id;		/* of a person, else NO_ID */
	bool		accepted;
} ExportedRole;

pg_noreturn extern void exported_refuse(const char *member);
extern Jsonb *exported_object(Jsonb *object, const char *name, bool list);
extern char *exported_text(Jsonb *object, const char *name);
extern char *exported_text_or_null(Jsonb *object, const char *name);
extern bool exported_bool(Jsonb *object, const char *name);
extern ExportedRole exported_role(Jsonb *roles, uint32 n);
extern void exported_check(Jsonb *exported);

#endif							/* SWAN_EXPORTED_H */
