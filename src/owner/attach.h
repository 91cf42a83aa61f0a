/*-------------------------------------------------------------------------
 *
 * attach.h
 *	  An application's tables on their way to become a studio.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_ATTACH_H
#define SWAN_ATTACH_H

#include "nodes/execnodes.h"
#include "utils/jsonb.h"

#include "studio/query.h"
#include "studio/studio.h"

typedef struct Attachment
{
	ReturnSetInfo *rsinfo;		/* the report goes there */
	MemoryContext context;		/* of what outlives a frame */
	Oid			extension_namespace;	/* where our functions are */
	Oid			users;
	Oid			sessions;
	char	   *studio;
	Jsonb	   *options;		/* the argument "columns" */
	bool		dry_run;
	bool		adopts;			/* a studio as it was elsewhere? */
	char	   *old_bookings;
	int64		longest;		/* minutes that no slot exceeds */
	bool		has_guards;		/* of a studio that there is not? */
	bool		known;			/* are tables or schema those of a studio? */
	bool		continues;		/* are our tables there already? */
	char	   *names[STUDIO_NCOLUMNS]; /* NULL where there is none */
	List	   *status_names;	/* of OwnName */
	char	   *zones[STUDIO_NCOLUMNS];
	Oid			other_users;	/* to whom the sessions' foreign key leads */
	bool		complete[STUDIO_NCOLUMNS];	/* all whom it names are there */
	bool		ignores_missing;	/* or need not be */
	const char *problem;		/* the first thing that stands in the way */
	const char *hint;
} Attachment;

/* attach.c */
extern void attach_report(Attachment *att, const char *item, const char *column,
						  const char *state, const char *action);
extern void attach_refuse(Attachment *att, const char *item, const char *column,
						  const char *problem, const char *action);
extern void attach_check_table(Attachment *att, Oid relid, const char *item,
							   StudioColumnId key);
extern void attach_check_other_studios(Attachment *att);
extern void attach_hold_tables(Attachment *att);
extern void attach_refuse_problem(Attachment *att);

/* attach_columns.c */
extern char *attach_option(Attachment *att, const char *object, const char *name,
						   bool *present);
extern bool attach_is_named(Attachment *att, StudioColumnId id);
extern void attach_find_columns(Attachment *att);

/* attach_suggest.c */
extern const char *attach_likely_column(Attachment *att, StudioColumnId id, bool fits);

/* attach_names.c */
extern Studio *attach_names(Attachment *att);
extern Rows attach_query(Attachment *att, Call *call, const char *text);

/* attach_labels.c */
extern void attach_read_statuses(Attachment *att, const JsonbValue *value);
extern void attach_append_statuses(Attachment *att, StringInfo json);
extern void attach_check_labels(Attachment *att);
extern void attach_look_at_labels(Attachment *att, Call *call, bool in_rows);

/* attach_check.c */
extern void attach_check_options(Attachment *att);
extern void attach_check_doubles(Attachment *att);
extern void attach_check_required(Attachment *att);
extern void attach_check_generated(Attachment *att);
extern void attach_check_class(Attachment *att);
extern void attach_check_indexes(Attachment *att);
extern void attach_propose_indexes(Attachment *att);
extern void attach_check_schema(Attachment *att);

/* attach_people.c */
extern void attach_check_people(Attachment *att);
extern void attach_look_for_people(Attachment *att, Call *call);

/* attach_leftovers.c */
extern void attach_check_our_tables(Attachment *att);
extern bool attach_has_waits(Attachment *att);
extern void attach_check_triggers(Attachment *att);
extern void attach_lock_tables(Attachment *att);
extern void attach_look_at_ids(Attachment *att, Call *call);
extern void attach_drop_leftovers(Attachment *att, Call *call);

/* attach_rows.c */
extern void attach_look_at_rows(Attachment *att);
extern void attach_look_again(Attachment *att);

/* attach_make.c */
extern void attach_make(Attachment *att);

#endif							/* SWAN_ATTACH_H */
