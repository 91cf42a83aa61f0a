/*-------------------------------------------------------------------------
 *
 * call.h
 *	  The frame of a call: as whom it runs, for whom, and until when.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CALL_H
#define SWAN_CALL_H

#include "swanalloc.h"

#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

/* what kind of call a frame belongs to */
typedef enum CallKind
{
	CALL_READER,				/* writes nothing */
	CALL_WRITER,				/* a swan_* function that changes something */
	CALL_GUARD,					/* a trigger of ours */
	CALL_REGISTRY				/* our own bookkeeping */
} CallKind;

struct Studio;
struct Actor;

/* One swan_* call: who asked, as whom statements run, and when it is. */
typedef struct Call
{
	CallKind	kind;
	struct Studio *studio;		/* NULL in our own bookkeeping */
	struct Actor *actor;		/* set by actor.c; NULL in a guard */
	Oid			owner;			/* as whom statements run */
	Oid			caller;			/* current_user when the call began */
	TimestampTz now;			/* see call_set_now() */
	LOCKMODE	held;			/* in which all tables of the studio are
								 * locked, NoLock: not by the call itself */
	bool		hide_details;	/* may the caller not see the tables? */
	void		(*before_end) (struct Call *call);	/* what is left to do
													 * then, or NULL */
	List	   *queued_before;	/* tables with deferred triggers, see
								 * deferred.c */
	MemoryContext context;		/* the frame's own, this struct included */
	MemoryContext result_context;	/* where results are to live */
	const char *search_path;	/* under which statements run */
	bool		sql_open;		/* see sql_open() */
	const char *asking;			/* which setting's code of the application
								 * runs */

	/* how things were before */
	Oid			saved_userid;
	int			saved_sec_context;
	int			guc_level;		/* 0 as long as no parameter is set */
	SubTransactionId subid;
	ErrorContextCallback error_callback;
	struct Call *below;
} Call;

extern Call *call_begin_as(Oid userid, const char *search_path);
extern void call_end(Call *call);
extern Call *call_innermost(void);
extern bool call_under_way(void);
extern void call_set_now(Call *call);
extern void call_guard_parameters(Call *call);
extern void call_set_parameter(Call *call, const char *name, const char *value);
extern void call_init(void);

#endif							/* SWAN_CALL_H */
