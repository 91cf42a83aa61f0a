/*-------------------------------------------------------------------------
 *
 * actor.h
 *	  Who is asking, and may they.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ACTOR_H
#define SWAN_ACTOR_H

#include "studio/query.h"

/* in the order of their power over a studio, but for the reader */
typedef enum ActorRole
{
	ROLE_NOBODY,				/* a backend that names no person */
	ROLE_READER,
	ROLE_CLIENT,
	ROLE_TRAINER,
	ROLE_STAFF,
	ROLE_ADMIN,
	ROLE_SYSTEM
} ActorRole;

/* who may call a function; a client or trainer only for what is his own */
#define MAY_CLIENT		(1 << ROLE_CLIENT)
#define MAY_TRAINER		(1 << ROLE_TRAINER)
#define MAY_STAFF		(1 << ROLE_STAFF)
#define MAY_ADMIN		(1 << ROLE_ADMIN)
#define MAY_SYSTEM		(1 << ROLE_SYSTEM)
#define MAY_READER		(1 << ROLE_READER)
#define MAY_NOBODY		(1 << ROLE_NOBODY)

#define MAY_ADMINS		(MAY_ADMIN | MAY_SYSTEM)
#define MAY_OFFICE		(MAY_STAFF | MAY_ADMINS)
#define MAY_PERSONS		(MAY_CLIENT | MAY_TRAINER | MAY_OFFICE)
#define MAY_ALL			(MAY_PERSONS | MAY_READER | MAY_NOBODY)

typedef struct Actor
{
	ActorRole	role;
	int64		user_id;		/* the person, or NO_ID */
	const char *source;			/* how we know */
	const char *db_role;		/* current_user */
} Actor;

/* entry of a function without an actor argument */
#define NO_ACTOR_ARGUMENT	(-1)

extern Call *actor_enter(FunctionCallInfo fcinfo, CallKind kind,
						 int actor_argument, int may);
extern bool actor_is(Call *call, int may);
extern bool actor_force(Call *call, FunctionCallInfo fcinfo, int n);
extern void actor_require_task(Call *call, Task task);
extern void actor_require_own(Call *call, int64 user_id, const char *sentence);
extern void actor_require_client(Call *call, int64 user_id);
extern void actor_require_trainer(Call *call, int64 user_id);
extern void actor_refuse(Call *call, const char *sentence);

#endif							/* SWAN_ACTOR_H */
