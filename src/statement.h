/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  Running SQL: the frame of a call, saved plans, and their results.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_STATEMENT_H
#define SWAN_STATEMENT_H

#include "swanalloc.h"

#include "executor/spi.h"
#include "nodes/nodes.h"
#include "utils/builtins.h"

#include "studio.h"
#include "token.h"

#define STATEMENT_MAX_ARGS	20

/* how a statement is planned */
typedef enum PlanKind
{
	PLAN_GENERIC,				/* once, for whatever arguments */
	PLAN_FEW_ROWS,				/* likewise, for the first rows to come soon */
	PLAN_CUSTOM					/* for the arguments at hand */
} PlanKind;

/*
 * A statement over the tables of any studio.  Names in braces are replaced
 * by those of the studio at hand, see expand_template().
 */
typedef struct Statement
{
	const char *text;
	int			nargs;
	Oid			argtypes[STATEMENT_MAX_ARGS];
	PlanKind	plan;
} Statement;

/* what kind of call a frame belongs to */
typedef enum CallKind
{
	CALL_READER,				/* writes nothing */
	CALL_WRITER,				/* a swan_* function that changes something */
	CALL_GUARD,					/* a trigger of ours */
	CALL_REGISTRY				/* our own bookkeeping */
} CallKind;

struct Actor;

/* One swan_* call: who asked, as whom statements run, and when it is. */
typedef struct Call
{
	CallKind	kind;
	Studio	   *studio;
	struct Actor *actor;		/* set by actor.c; NULL in a guard */
	Oid			caller;			/* current_user when the call began */
	TimestampTz now;			/* see call_set_now() */
	bool		hide_details;	/* may the caller not see the tables? */
	bool		runs_deferred;	/* see deferred.c */
	List	   *queued_before;	/* tables with deferred triggers then */
	MemoryContext result_context;	/* where results are to live */

	/* how things were before */
	Oid			saved_userid;
	int			saved_sec_context;
	int			guc_level;
	SubTransactionId subid;
	ErrorContextCallback error_callback;
	struct Call *below;
} Call;

/* the rows of one statement; they live until the call ends */
typedef struct Rows
{
	uint64		nrows;
	SPITupleTable *table;
} Rows;

extern Call *call_begin(Studio *studio, CallKind kind);
extern Call *call_begin_as(Oid userid, const char *search_path);
extern bool call_works_for_others(const Call *call, Oid owner);
extern void call_restrict(Call *call);
extern void rights_init(void);
extern void call_end(Call *call);
extern Call *call_innermost(void);
extern bool call_under_way(void);
extern void call_set_now(Call *call);
extern void call_set_parameter(Call *call, const char *name, const char *value);
extern Datum call_return_row(Call *call, FunctionCallInfo fcinfo,
							 Datum *values, bool *nulls);
extern void call_put_result(FunctionCallInfo fcinfo, Rows result);

/* a way to run a query, which is a choice of what it sees */
typedef Rows (*StatementRun) (Call *call, const Statement *statement,
							  const NullableDatum *args);

extern Rows statement_read(Call *call, const Statement *statement,
						   const NullableDatum *args);
extern Rows statement_look(Call *call, const Statement *statement,
						   const NullableDatum *args);
extern Rows statement_recheck(Call *call, const Statement *statement,
							  const NullableDatum *args);
extern Rows statement_look_back(Call *call, const Statement *statement,
								const NullableDatum *args, CommandId until);
extern void statement_confirm_none(Call *call, const Statement *statement,
								   const NullableDatum *args, StatementRun run);
extern Rows statement_change(Call *call, const Statement *statement,
							 const NullableDatum *args, StudioTable table,
							 CmdType command,
							 const TokenEntry *rows, int nrows);
extern Rows statement_insert(Call *call, const Statement *statement,
							 const NullableDatum *args, StudioTable table);
extern Rows statement_once(Call *call, const char *text, int nargs,
						   const Oid *argtypes, const NullableDatum *args);
extern void statement_scope_begin(void);
extern void statement_scope_end(void);
extern void statement_commit(void);
extern void statement_utility(Call *call, const char *text);

extern bool row_isnull(Rows result, uint64 row, int column);
extern int64 row_id(Rows result, uint64 row, int column);
extern int64 row_int(Rows result, uint64 row, int column);
extern bool row_bool(Rows result, uint64 row, int column);
extern char *row_text(Rows result, uint64 row, int column);
extern TimestampTz row_time(Rows result, uint64 row, int column);
extern Datum row_datum(Rows result, uint64 row, int column, bool *isnull);

extern NullableDatum arg_ids(const int64 *ids, int n);
extern void statement_init(void);

/*
 * Arguments of a statement
 */
static inline NullableDatum
arg_of(Datum value, bool isnull)
{
	NullableDatum arg;

	arg.value = value;
	arg.isnull = isnull;
	return arg;
}

static inline NullableDatum
arg_null(void)
{
	return arg_of((Datum) 0, true);
}

static inline NullableDatum
arg_id(int64 id)
{
	return arg_of(Int64GetDatum(id), id == NO_ID);
}

static inline NullableDatum
arg_int(int32 n)
{
	return arg_of(Int32GetDatum(n), false);
}

static inline NullableDatum
arg_bool(bool b)
{
	return arg_of(BoolGetDatum(b), false);
}

static inline NullableDatum
arg_text(const char *s)
{
	if (s == NULL)
		return arg_null();
	return arg_of(CStringGetTextDatum(s), false);
}

static inline NullableDatum
arg_time(TimestampTz t)
{
	return arg_of(TimestampTzGetDatum(t), t == NO_TIME);
}

static inline NullableDatum
arg_datum(Datum value)
{
	return arg_of(value, false);
}

#endif							/* SWAN_STATEMENT_H */
