/*-------------------------------------------------------------------------
 *
 * studio.h
 *	  What a backend knows of a studio: tables, columns, settings, roles.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_STUDIO_H
#define SWAN_STUDIO_H

#include "swanalloc.h"

#include "access/attnum.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"

/*
 * The tables; the first two are the application's, and the last is missing where
 * an earlier version made the studio
 */
typedef enum StudioTable
{
	TABLE_USERS,
	TABLE_SESSIONS,
	TABLE_LEDGER,
	TABLE_LOTS,
	TABLE_HOLDS,
	TABLE_WAITS
} StudioTable;
#define STUDIO_NTABLES (TABLE_WAITS + 1)

/* columns that a table may have under another name, or not at all */
typedef enum StudioColumnId
{
	USERS_ID,
	USERS_FIRST_NAME,
	USERS_LAST_NAME,
	USERS_EMAIL,
	USERS_ROLE,
	USERS_BALANCE,
	USERS_CREATED_AT,
	USERS_UPDATED_AT,
	USERS_DELETED_AT,
	SESSIONS_ID,
	SESSIONS_USER_ID,
	SESSIONS_TRAINER_ID,
	SESSIONS_STATUS,
	SESSIONS_DATE,
	SESSIONS_DURATION,
	SESSIONS_NOTES,
	SESSIONS_BOOKED_AT,
	SESSIONS_DEDUCTED,
	SESSIONS_CONFIRMED,
	SESSIONS_CREATED_AT,
	SESSIONS_UPDATED_AT,
	SESSIONS_CLASS_ID,
	SESSIONS_DELETED_AT,
	SESSIONS_ENDS_AT,
	SESSIONS_CANCELLED_AT,
	SESSIONS_CANCELLED_BY,
	SESSIONS_CANCEL_REASON,
	SESSIONS_COST,
	SESSIONS_CREDITS,
	SESSIONS_KIND,

	/* of our own tables: what studios lack that an earlier version made */
	LEDGER_TOTALS,
	LEDGER_SUSPENDED,
	HOLDS_SINCE,
	LOTS_VALID_FOR,
	LOTS_GOOD_FOR
} StudioColumnId;
#define STUDIO_NCOLUMNS (SESSIONS_KIND + 1) /* of the application */
#define STUDIO_NKNOWN	(LOTS_GOOD_FOR + 1)

/* what a column holds, in whichever of the types that can hold it */
typedef enum ColumnKind
{
	COLUMN_ID,					/* bigint or integer */
	COLUMN_NUMBER,				/* integer */
	COLUMN_TEXT,				/* text or varchar */
	COLUMN_LABEL,				/* text, varchar or an enum */
	COLUMN_TIME,				/* timestamptz, or timestamp of a named zone */
	COLUMN_MARK,				/* a time, of which it only matters that there
								 * is one */
	COLUMN_FLAG,				/* boolean */
	COLUMN_NUMBERS,				/* integer[] */
	COLUMN_PERIOD,				/* tstzrange */
	COLUMN_INSTANT,				/* timestamptz only */
	COLUMN_INTERVAL,			/* interval */
	COLUMN_WORDS				/* text[] */
} ColumnKind;
#define STUDIO_NKINDS (COLUMN_WORDS + 1)

typedef struct StudioColumn
{
	char	   *name;			/* unquoted; NULL where the table has none */
	AttrNumber	attnum;
	Oid			type;
	int32		typmod;
	char	   *time_zone;		/* of a timestamp without one */
} StudioColumn;

/* what the application calls a role or a status of ours */
typedef struct OwnName
{
	char	   *theirs;
	char	   *ours;
} OwnName;

typedef enum GuardMode
{
	GUARD_OFF,
	GUARD_RECORD,
	GUARD_REFUSE
} GuardMode;

/* how live bookings count that were made before a studio was attached */
typedef enum OldBookings
{
	OLD_BOOKINGS_FREE,
	OLD_BOOKINGS_CHARGED,
	OLD_BOOKINGS_FLAG			/* as session_deducted says */
} OldBookings;

/* what trainers and staff do on their own, if the studio lets them */
typedef enum Task
{
	TASK_OPEN,					/* open, move and close slots */
	TASK_REQUEST,				/* ask for a session for a client */
	TASK_BOOK,					/* book, hold, exchange, move bookings */
	TASK_COMPLETE,
	TASK_CANCEL,				/* cancel bookings */
	TASK_RETURN,				/* decide whether a credit comes back */
	TASK_PURCHASE				/* sell credits */
} Task;
#define NTASKS	(TASK_PURCHASE + 1)

/* whose they are, a bit for each */
#define STAFF_TASKS		(1 << TASK_PURCHASE)
#define TRAINER_TASKS	((1 << NTASKS) - 1 - STAFF_TASKS)

/* what a setting names of the application's, see hook.c */
typedef enum StudioHook
{
	HOOK_BOOKING_RULE,
	HOOK_ASSIGNMENTS,
	HOOK_COST_RULE
} StudioHook;
#define STUDIO_NHOOKS (HOOK_COST_RULE + 1)

typedef struct StudioSettings
{
	GuardMode	guard_balance;
	GuardMode	guard_sessions;
	int32		grant_max;
	int32		purchase_max;
	int32		low_threshold;
	Interval	cancel_window;
	bool		admin_books_free;
	int32		hold_max;
	bool		trainer_overlap;	/* allowed? */
	char	   *time_zone;
	char	   *search_path;	/* NULL: the studio's schemas */
	bool		session_records;
	Interval	book_notice;
	bool		has_horizon;
	Interval	book_horizon;
	int32		live_max;		/* -1: any number */
	int64		buffer;			/* microseconds */
	int			trainer_may;	/* a bit for each Task */
	int			staff_may;
	bool		hold_credit;	/* does a hold need one? */
	Interval	hold_total;
	char	   *hooks[STUDIO_NHOOKS];	/* qualified and quoted; NULL: none */
	Interval	wait_offer;
} StudioSettings;

typedef struct Studio
{
	MemoryContext context;		/* holds all of this */
	uint64		as_of;			/* see registry.c */
	char	   *name;
	char	   *owned_by;		/* who made it, for when its tables are gone */
	bool		own;			/* made by swan_create_studio? */
	bool		backfilled;		/* has every client a ledger? */
	TimestampTz made_at;		/* or attached */
	OldBookings old_bookings;	/* live bookings from before that */
	int32		reach;			/* minutes that no slot exceeds, see reach.c */
	int64		counted_from;	/* ledger rows up to this one may have missed
								 * what became of sessions, see totals.c */
	TimestampTz closed_at;		/* of one that is closed */
	char	   *closed_reason;	/* NULL: it is open */
	char	   *column_names[STUDIO_NCOLUMNS];	/* where attached */
	char	   *time_zones[STUDIO_NCOLUMNS];
	List	   *role_names;		/* of OwnName */
	List	   *status_names;	/* of OwnName, in the order of their writing */
	StudioSettings settings;
	Oid			tables[STUDIO_NTABLES]; /* users and sessions as registered */

	/* what follows is known once "described" */
	bool		described;
	const char *broken;			/* NULL, or why the studio cannot be used */
	Oid			owner;
	char	   *schema;			/* of users and of our tables */
	char	   *extschema;		/* of our functions; known to who makes a
								 * studio */
	char	   *table_names[STUDIO_NTABLES];	/* qualified and quoted; NULL
												 * for waits that are not
												 * there */
	bool		alterable[STUDIO_NTABLES];	/* may what is written change? */
	Oid			ledger_sequence;	/* of the ledger's ids */
	StudioColumn columns[STUDIO_NKNOWN];
	char	   *search_path;	/* what its statements run under */
	HTAB	   *plans;			/* see query.c */
} Studio;

/* one logical column: its name in a studio of our own making, and what reads
 * instead of it where an attached table has none */
typedef struct StudioColumnDef
{
	StudioTable table;
	ColumnKind	kind;
	const char *name;
	const char *absent;			/* NULL: required */
	bool		later;			/* unknown to 0.1.0: in an own studio it is
								 * ours only if the registry says so */
	bool		named;			/* attached only where it is named, since
								 * others call something else so */
	bool		attached_only;	/* our own studios have none, and one that
								 * only is called so is the application's
								 * affair */
} StudioColumnDef;

/* describe.c */
extern const StudioColumnDef studio_column_defs[STUDIO_NKNOWN];
extern const char *const studio_own_table_names[STUDIO_NTABLES];
extern const Oid studio_column_types[STUDIO_NKINDS][2];

extern const char *studio_table_label(StudioTable table);
extern const char *studio_column_label(StudioColumnId id);
extern char *studio_table_name(Oid relid);
extern Oid	studio_table_owner(Oid relid);
extern bool studio_has_its_names(const Studio *studio);
extern bool studio_column_fits(ColumnKind kind, Oid type);
extern void studio_find_tables(Studio *studio);
extern void studio_describe(Studio *studio);

/* labels.c */
extern List *studio_read_names(Jsonb *object, MemoryContext context);
extern bool studio_is_status(const char *word);
extern List *studio_status_labels(const Studio *studio, const char *wanted);
extern const char *studio_status_label(const Studio *studio, const char *status);
extern const char *studio_status_of(const Studio *studio, const char *label);

/* tasks.c */
extern const char *task_name(Task task);
extern int	tasks_of(const char *list, int known);

/* kept.c */
extern List *studio_kept_columns(const Studio *studio);

/* registry.c */
extern List *studio_list(void);
extern List *studio_list_for_guards(void);
extern bool studios_stale(void);
extern bool studio_is_stale(const Studio *studio);
extern void studios_forget(void);
extern Oid	studio_registry_owner(void);
extern void studio_note(const char *name, const char *what, int64 value);
extern CommandId studio_guarded_since(Studio *studio);
extern int64 studio_counted_from(const Studio *studio);
extern void studio_init(void);

/* studio.c */
extern void studio_check(Studio *studio);
extern void studio_check_open(const Studio *studio);
extern void studio_require(const char *name);
extern int	studio_hint_upgrade(const Studio *studio);
extern bool studio_is_owner(Studio *studio, Oid role);
extern List *studio_candidates(const char *name);
extern Studio *studio_preferred(List *candidates);
extern Studio *studio_of_caller(const char *name, LOCKMODE lockmode);
extern Studio *studio_of_owner(const char *name);
extern Studio *studio_of_owner_to_write(const char *name);
extern Studio *studio_of_owner_alone(const char *name, LOCKMODE lockmode);
extern void studio_lock_at_once(const Oid *tables, const LOCKMODE *lockmodes, int n);
extern Studio *studio_of_relation(Oid relid, StudioTable table);
extern void studio_look_at(Studio *studio);

#endif							/* SWAN_STUDIO_H */
