/*-------------------------------------------------------------------------
 *
 * slot.h
 *	  Rows of the sessions table: slots and bookings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SLOT_H
#define SWAN_SLOT_H

#include "compat.h"
#include "call/columns.h"
#include "studio/query.h"

typedef enum SlotStatus
{
	STATUS_AVAILABLE,
	STATUS_SCHEDULED,
	STATUS_CONFIRMED,
	STATUS_COMPLETED,
	STATUS_CANCELLED,
	STATUS_REQUESTED,			/* a client asks for it; takes nobody's time */
	STATUS_BLOCKED,				/* takes its trainer's time, and is nobody's */
	STATUS_OTHER				/* a label of the application's own */
} SlotStatus;

typedef struct Slot
{
	int64		id;
	int64		user_id;		/* NO_ID while nobody has it */
	int64		trainer_id;
	SlotStatus	status;
	const char *label;			/* the status as the application calls it */
	TimestampTz date;			/* NO_TIME of a row that is no slot */
	int32		duration;		/* minutes */
	bool		deducted;		/* did it take a credit? */
	TimestampTz booked_at;
	int64		class_id;		/* NO_ID of what is no place of a class */
	const char *cancel_reason;	/* to be written, not read */
	int32		cost;			/* credits that booking it takes */
	int32		credits;		/* that it has taken: its receipt */
	const char *kind;			/* what sort of session it is, or NULL */
	const char *notes;			/* the application's, or NULL; not written */
	bool		confirmed;		/* was it ever? */
} Slot;

/* of a slot, for slot_of_row() */
#define SLOT_COLUMNS(first, next) \
	first(SLOT_ID, "{s.id}") \
	next(SLOT_USER_ID, "{s.user_id}") \
	next(SLOT_TRAINER_ID, "{s.trainer_id}") \
	next(SLOT_STATUS, "{s.status}") \
	next(SLOT_DATE, "{s.session_date}") \
	next(SLOT_DURATION, "{s.duration}") \
	next(SLOT_DEDUCTED, "{s.session_deducted}") \
	next(SLOT_BOOKED_AT, "{s.booked_at}") \
	next(SLOT_CLASS_ID, "{s.class_id}") \
	next(SLOT_COST, "{s.cost}") \
	next(SLOT_CREDITS, "{s.credits}") \
	next(SLOT_KIND, "{s.kind}") \
	next(SLOT_NOTES, "{s.notes}") \
	next(SLOT_CONFIRMED, "{s.confirmed}")
#define SLOT_NCOLUMNS	SLOT_CONFIRMED

RESULT_COLUMNS(SLOT_COLUMNS);

/* what slot_write() needs to see of what it wrote */
#define SLOT_WRITTEN	"{!sessions: RETURNING" SELECT_LIST(SLOT_COLUMNS) "}"

/* what slot_write() passes: id, the new value of each column, now, who acts and why */
#define SLOT_WRITE_ARGS \
	12, {INT8OID, INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, INT4OID, \
	BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID, INT4OID}, PLAN_SIMPLE

/* to assign where a session takes credits, or gives them back */
#define SLOT_CHARGE \
	"{?sessions.session_deducted:, {sessions.session_deducted} = $7}" \
	"{?sessions.credits:, {sessions.credits} = $12}"

/* to assign in every UPDATE of a slot */
#define SLOT_TOUCH \
	"{?sessions.updated_at:, {sessions.updated_at} = {sessions.updated_at=$9}}"

/* when a slot ends, where the application keeps that: to write in an INSERT, or to
 * assign in an UPDATE of date or duration */
#define SLOT_END_COLUMN		"{?sessions.ends_at:, {sessions.ends_at}}"
#define SLOT_END_VALUE(date, minutes) \
	"{?sessions.ends_at:, " SLOT_END_OF(date, minutes) "}"
#define SLOT_SET_END \
	"{?sessions.ends_at:, {sessions.ends_at} = " SLOT_END_OF("$5", "$6") "}"
#define SLOT_END_OF(date, minutes) \
	"{sessions.ends_at=" date " OPERATOR(pg_catalog.+)" \
	" pg_catalog.make_interval(mins => " minutes ")}"

/* to write in every INSERT into sessions, for what has no default with ORMs */
#define SLOT_NEW_COLUMNS \
	"{?sessions.session_deducted:, {sessions.session_deducted}}" \
	"{?sessions.credits:, {sessions.credits}}" \
	"{?sessions.confirmed:, {sessions.confirmed}}" \
	"{?sessions.created_at:, {sessions.created_at}}" \
	"{?sessions.updated_at:, {sessions.updated_at}}"
#define SLOT_NEW_VALUES(now) \
	"{?sessions.session_deducted:, false}{?sessions.credits:, 0}{?sessions.confirmed:, false}" \
	"{?sessions.created_at:, {sessions.created_at=" now "}}" \
	"{?sessions.updated_at:, {sessions.updated_at=" now "}}"

/* the rows that a line is for: a slot that is of no class, or the places of one */
#define SLOT_OF_LINE(alias, line) \
	"{live " alias "} AND (({" alias ".id} OPERATOR(pg_catalog.=) " line \
	" AND {" alias ".class_id} IS NULL)" \
	"{?sessions.class_id: OR {" alias ".class_id} OPERATOR(pg_catalog.=) " line "})"

/* the CHECK of the status as 0.1.0 made it, as the catalog says it; not for templates */
#define SLOT_STATUS_CHECK_BEFORE \
	"'CHECK ((status = ANY (''{available,scheduled,confirmed,completed,cancelled}''::text[])))'"

/* whether a row is a slot that nobody has */
#define SLOT_IS_OPEN(alias) \
	"{" alias ".session_date} IS NOT NULL AND {" alias ".user_id} IS NULL" \
	" AND {" alias ".status:available}"

/*
 * Whether a session is a client's, in a search for the first or last by date that
 * is ORDER BY client, date.  As a range it keeps the planner from looking for him
 * in an index by date alone, among everybody's sessions.
 */
#define SLOT_IS_OF(alias, user) \
	"{" alias ".user_id} OPERATOR(pg_catalog.>=) " user \
	" AND {" alias ".user_id} OPERATOR(pg_catalog.<=) " user

/* whether somebody is going to come, as slot_is_live() says it */
#define SLOT_IS_LIVE(alias) \
	"{" alias ".status:scheduled,confirmed}"

/* which rows take the time of their trainer, as slot_takes_time() says it */
#define SLOT_TAKES_TIME(alias) \
	"{" alias ".status:available,scheduled,confirmed,completed,blocked}"

/* which rows are no place of the class $param, if that is given */
#define SLOT_BESIDE(alias, param) \
	"{?sessions.class_id:(" param " IS NULL OR {" alias ".class_id} IS NULL" \
	" OR {" alias ".class_id} OPERATOR(pg_catalog.<>) " param ") AND }"

/* a slot of no minutes, or less, takes nobody's time */
#define SLOT_LASTS(alias) \
	"COALESCE({" alias ".duration}, 60) OPERATOR(pg_catalog.>) 0"

/* a slot's end, in SQL */
#define SLOT_END(alias) \
	"{" alias ".session_date} OPERATOR(pg_catalog.+)" \
	" pg_catalog.make_interval(mins => COALESCE({" alias ".duration}, 60))"

/* how many credits a session says that it took, in SQL; a receipt says it better than a flag */
#define SLOT_RECEIPT(alias) \
	"COALESCE({" alias ".credits}, CASE WHEN {" alias ".session_deducted} THEN 1 ELSE 0 END)"

/* the slots that may overlap from $start to $end, by an index on the date */
#define SLOT_OVERLAPS(alias, start, end) \
	"{" alias ".session_date} OPERATOR(pg_catalog.<) " end \
	" AND {" alias ".session_date} OPERATOR(pg_catalog.>) (" \
	start " OPERATOR(pg_catalog.-) {reach})" \
	" AND (" SLOT_END(alias) ") OPERATOR(pg_catalog.>) " start \
	" AND " SLOT_LASTS(alias)

/* the slots of the trainer $1, or the live bookings of the client $1, from $2 to $3 */
#define SLOT_KEEPS_TRAINER \
	"{s.trainer_id} OPERATOR(pg_catalog.=) $1" \
	" AND " SLOT_OVERLAPS("s", "$2", "$3") \
	" AND " SLOT_TAKES_TIME("s")
#define SLOT_KEEPS_CLIENT \
	"{s.user_id} OPERATOR(pg_catalog.=) $1" \
	" AND " SLOT_OVERLAPS("s", "$2", "$3") \
	" AND " SLOT_IS_LIVE("s")

/*
 * Which slots of the trainer do so where the time was widened on both sides by a buffer, which
 * is kept between sessions: blocked time is none.
 */
#define SLOT_KEEPS_BUFFER(buffer) \
	"(NOT {s.status:blocked} OR ({s.session_date} OPERATOR(pg_catalog.<) ($3 OPERATOR(pg_catalog.-) " buffer ")" \
	" AND (" SLOT_END("s") ") OPERATOR(pg_catalog.>) ($2 OPERATOR(pg_catalog.+) " buffer ")))"

extern SlotStatus slot_parse_status(const Studio *studio, const char *label);
extern const char *slot_status_name(SlotStatus status);
extern void slot_set_status(const Studio *studio, Slot *slot, SlotStatus status);
extern void slot_set_label(const Studio *studio, Slot *slot, const char *label);
extern bool slot_of_row(const Studio *studio, Rows result, uint64 row, int before,
						Slot *slot);
extern TimestampTz slot_end(const Slot *slot);
extern bool slot_is_open(const Slot *slot);
extern bool slot_is_live(const Slot *slot);
extern bool slot_is_booking(const Slot *slot);
extern bool slot_is_request(const Slot *slot);
extern bool slot_takes_time(const Slot *slot);
extern bool slot_has_begun(Call *call, const Slot *slot);
extern void slot_charge(Slot *slot, int32 credits);
extern void slot_fit(Studio *studio, Slot *slot);
extern void slot_check_columns(Call *call, const Slot *slot);
extern RowImage slot_image(const Slot *slot);
extern bool slot_look_for(Call *call, const StudioQuery *query, const NullableDatum *args,
						  QueryRun run, Slot *slot);
extern bool slot_find(Call *call, int64 id, Slot *slot);
extern bool slot_look_at(Call *call, int64 id, Slot *slot, QueryRun run);
extern void slot_require(Call *call, int64 id, Slot *slot);
pg_noreturn extern void slot_interfered(Call *call, StudioTable table, const char *with,
										int64 session_id);
extern int64 slot_insert(Call *call, const StudioQuery *statement,
						 const NullableDatum *args, Slot *slot);
extern int64 slot_insert_open(Call *call, Slot *slot);
extern TimestampTz slot_end_of(TimestampTz start, int32 duration);
pg_noreturn extern void session_not_found(int64 id);
extern void slot_write(Call *call, const StudioQuery *statement,
					   const Slot *before, Slot *after);
extern int64 slot_trainer_overlap(Call *call, int64 trainer_id,
								  TimestampTz start, TimestampTz end,
								  int64 buffer, int64 but_not, int64 but_class);
extern int64 slot_buffer(const Studio *studio, const Slot *slot);
extern int	slot_buffer_hint(Call *call);
extern int64 slot_client_overlap(Call *call, int64 user_id,
								 TimestampTz start, TimestampTz end,
								 int64 but_not, int64 but_class);
extern int64 slot_look_for_client_overlap(Call *call, int64 user_id,
										  TimestampTz start, TimestampTz end,
										  int64 but_not, int64 but_class,
										  QueryRun run);
extern int64 slot_look_for_trainer_overlap(Call *call, int64 trainer_id,
										   TimestampTz start, TimestampTz end,
										   int64 buffer, int64 but_not, int64 but_class,
										   QueryRun run);
extern void reach_measure(Studio *studio);

/* unbooked.c */
extern void slot_insert_unbooked(Call *call, Slot *slot, const char *notes);

/* copied.c */
extern int64 slot_insert_copy(Call *call, const Slot *slot);

/* held.c */
extern bool slot_find_hold(Call *call, int64 session_id, int64 *user_id,
						   TimestampTz *until, QueryRun run);
extern bool slot_is_held_from(Call *call, int64 session_id, int64 user_id, QueryRun run);
extern void slot_make_hold(Call *call, int64 session_id, int64 user_id,
						   TimestampTz until, TimestampTz since);
extern TimestampTz slot_held_since(Call *call, int64 session_id, QueryRun run);
extern void slot_lapse_hold(Call *call, int64 session_id);
extern void slot_end_hold(Call *call, int64 session_id);
extern bool slot_holds_any(Call *call, int64 user_id, QueryRun run);

/* class.c */
extern bool class_find_place(Call *call, int64 class_id, int64 user_id,
							 QueryRun run, Slot *place);
extern Rows class_places(Call *call, int64 class_id);
extern void class_begin(Call *call, int64 id);
extern int64 class_stray(Call *call, const Slot *slot, bool *alone);
extern bool class_has_others(Call *call, int64 id);

#endif							/* SWAN_SLOT_H */
