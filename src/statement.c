/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  Running SQL: the frame of a call, saved plans, and their results.
 *
 * This is the only file that calls SPI.  Statements run as the owner of the
 * studio's tables, under a search_path of ours, as core's foreign key triggers
 * do; frames are closed by call_end(), or by the transaction when an error
 * jumps over it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "deferred.h"
#include "error.h"
#include "statement.h"
#include "template.h"

/* what SPI_prepare_cursor() is told; few rows are to be begun with at once */
static const int plan_options[] = {
	[PLAN_GENERIC] = CURSOR_OPT_GENERIC_PLAN,
	[PLAN_FEW_ROWS] = CURSOR_OPT_GENERIC_PLAN | CURSOR_OPT_FAST_PLAN,
	[PLAN_CUSTOM] = CURSOR_OPT_CUSTOM_PLAN,
};

/* a plan of a studio; the key is the statement's address */
typedef struct SavedPlan
{
	const Statement *statement;
	SPIPlanPtr	plan;
} SavedPlan;

/* the frames that are open now, innermost first */
static Call *top_call = NULL;

/*
 * Keeps the rows of somebody else's table out of an error's DETAIL, where
 * constraints show them: we run as the owner, the caller may not see them.
 */
static void
hide_details_callback(void *arg)
{
	Call	   *call = (Call *) arg;

	if (call->hide_details &&
		ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		errdetail("The row is not shown to a role without SELECT on the table.");
}

/* Opens a frame in which statements run as the given role. */
Call *
call_begin_as(Oid userid, const char *search_path)
{
	Call	   *call = MemoryContextAllocZero(CurTransactionContext, sizeof(Call));

	call->kind = CALL_REGISTRY;
	call->caller = GetUserId();
	call->result_context = CurrentMemoryContext;
	call->subid = GetCurrentSubTransactionId();
	call->below = top_call;

	GetUserIdAndSecContext(&call->saved_userid, &call->saved_sec_context);
	SetUserIdAndSecContext(userid,
						   call->saved_sec_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	call->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", search_path,
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);

	call->error_callback.callback = hide_details_callback;
	call->error_callback.arg = call;
	call->error_callback.previous = error_context_stack;
	error_context_stack = &call->error_callback;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	top_call = call;
	return call;
}

/* Sets a parameter until the frame is closed. */
void
call_set_parameter(Call *call, const char *name, const char *value)
{
	Assert(call == top_call);
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Opens the frame of a call on a studio. */
Call *
call_begin(Studio *studio, CallKind kind)
{
	Call	   *call;

	if (kind == CALL_WRITER)
	{
		for (call = top_call; call != NULL; call = call->below)
		{
			if (call->kind == CALL_WRITER || call->kind == CALL_GUARD)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("a trigger must not change credits or bookings during a swanalloc call"),
						 errhint("Do it after the call, in the same transaction.")));
		}
	}

	call = call_begin_as(studio->owner, studio->search_path);
	call->kind = kind;
	call->studio = studio;
	if (kind == CALL_READER)
		call_restrict(call);
	else
		deferred_begin(call);
	call->hide_details =
		pg_class_aclcheck(studio->tables[TABLE_USERS], call->caller, ACL_SELECT) != ACLCHECK_OK ||
		pg_class_aclcheck(studio->tables[TABLE_SESSIONS], call->caller, ACL_SELECT) != ACLCHECK_OK;
	call_set_now(call);
	return call;
}

/* Closes the innermost frame; user and settings are again as they were. */
void
call_end(Call *call)
{
	Assert(call == top_call);

	deferred_end(call);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	error_context_stack = call->error_callback.previous;
	AtEOXact_GUC(false, call->guc_level);	/* also what a trigger SET */
	SetUserIdAndSecContext(call->saved_userid, call->saved_sec_context);
	top_call = call->below;
	pfree(call);
}

/* Returns the innermost frame, or NULL. */
Call *
call_innermost(void)
{
	return top_call;
}

/* Returns whether a frame is open: somebody up the stack is at work. */
bool
call_under_way(void)
{
	return top_call != NULL;
}

/* Notes what "now" is for the call; a writer does that after its last lock. */
void
call_set_now(Call *call)
{
	call->now = GetCurrentTimestamp();
}

/* Frees a plan together with the memory that knows of it. */
static void
free_plan(void *arg)
{
	SPI_freeplan((SPIPlanPtr) arg);
}

/* Makes the table of a studio's plans. */
static void
make_plan_table(Studio *studio)
{
	HASHCTL		ctl;

	ctl.keysize = sizeof(const Statement *);
	ctl.entrysize = sizeof(SavedPlan);
	ctl.hcxt = studio->context;
	studio->plans = hash_create("swanalloc plans", 64, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Returns the plan of a statement for the studio of the call, made at its
 * first use.  It lives as long as what we know of the studio: when a name
 * changes, registry.c starts over and the text is made anew.
 */
static SPIPlanPtr
get_plan(Call *call, const Statement *statement)
{
	Studio	   *studio = call->studio;
	SavedPlan  *saved;
	MemoryContextCallback *callback;
	SPIPlanPtr	plan;
	char	   *text;

	if (studio->plans == NULL)
		make_plan_table(studio);
	saved = hash_search(studio->plans, &statement, HASH_FIND, NULL);
	if (saved != NULL)
		return saved->plan;

	text = expand_template(studio, statement->text);

	plan = SPI_prepare_cursor(text, statement->nargs,
							  unconstify(Oid *, &statement->argtypes[0]),
							  plan_options[statement->plan]);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s",
			 SPI_result_code_string(SPI_result), text);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	callback = MemoryContextAlloc(studio->context, sizeof(MemoryContextCallback));
	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(studio->context, callback);
	saved = hash_search(studio->plans, &statement, HASH_ENTER, NULL);
	saved->plan = plan;
	return plan;
}

/* Splits arguments into the arrays that SPI takes. */
static void
split_arguments(int nargs, const NullableDatum *args, Datum *values, char *nulls)
{
	Assert(nargs <= STATEMENT_MAX_ARGS);
	for (int i = 0; i < nargs; i++)
	{
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
}

/* Collects what the last SPI call left, before another one overwrites it. */
static Rows
take_result(int code, const char *text)
{
	Rows		result;

	if (code != SPI_OK_SELECT && code != SPI_OK_INSERT_RETURNING &&
		code != SPI_OK_UPDATE_RETURNING && code != SPI_OK_DELETE_RETURNING &&
		code != SPI_OK_INSERT && code != SPI_OK_UPDATE &&
		code != SPI_OK_DELETE)
		elog(ERROR, "unexpected SPI result %s: %s",
			 SPI_result_code_string(code), text);
	result.nrows = SPI_processed;
	result.table = SPI_tuptable;
	return result;
}

/* what a statement sees */
typedef enum View
{
	VIEW_CALLER,				/* what the caller's query sees */
	VIEW_OWN,					/* what the transaction sees, and has done */
	VIEW_LATEST					/* that, and all that is committed by now */
} View;

/* Runs the saved plan of a statement. */
static Rows
run_statement(Call *call, const Statement *statement,
			  const NullableDatum *args, View view)
{
	SPIPlanPtr	plan = get_plan(call, statement);
	Datum		values[STATEMENT_MAX_ARGS];
	char		nulls[STATEMENT_MAX_ARGS];
	Snapshot	snapshot = InvalidSnapshot;
	int			code;

	split_arguments(statement->nargs, args, values, nulls);
	if (view == VIEW_LATEST && IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();	/* be sure to see our own work */
		snapshot = GetLatestSnapshot();
	}
	code = SPI_execute_snapshot(plan, values, nulls, snapshot, InvalidSnapshot,
								view == VIEW_CALLER, true, 0);
	return take_result(code, statement->text);
}

/*
 * Runs a query for the answer of a reader: it sees what the caller's query sees,
 * so that everything in the answer is of one moment.
 */
Rows
statement_read(Call *call, const Statement *statement, const NullableDatum *args)
{
	if (call->kind != CALL_READER)	/* would miss what the call has written */
		elog(ERROR, "a writer reads like a reader: %s", statement->text);
	return run_statement(call, statement, args, VIEW_CALLER);
}

/*
 * Runs a query that looks or locks: it sees what the transaction sees and what
 * it has done so far.  Under READ COMMITTED that is what is committed by now;
 * above, a row may be too new to be seen, and then nobody must conclude that
 * there is none.
 */
Rows
statement_look(Call *call, const Statement *statement, const NullableDatum *args)
{
	return run_statement(call, statement, args, VIEW_OWN);
}

/*
 * Runs a query whose answer must not be older than the locks we hold: under
 * REPEATABLE READ and above with the latest snapshot, since a row that somebody
 * merely locked raises no error there, and he may have written others.
 */
Rows
statement_recheck(Call *call, const Statement *statement, const NullableDatum *args)
{
	return run_statement(call, statement, args, VIEW_LATEST);
}

/*
 * Runs a query that sees what others have committed, but of this transaction
 * only what it did before the command "until".
 */
Rows
statement_look_back(Call *call, const Statement *statement,
					const NullableDatum *args, CommandId until)
{
	SPIPlanPtr	plan = get_plan(call, statement);
	Datum		values[STATEMENT_MAX_ARGS];
	char		nulls[STATEMENT_MAX_ARGS];
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());	/* a copy */
	Rows		result;

	split_arguments(statement->nargs, args, values, nulls);
	snapshot->curcid = until;
	result = take_result(SPI_execute_snapshot(plan, values, nulls, snapshot,
											  InvalidSnapshot, true, true, 0),
						 statement->text);
	UnregisterSnapshot(snapshot);
	return result;
}

/*
 * Called when a query for a row has found none: under REPEATABLE READ and above
 * the row may only be newer than the transaction's snapshot, and then the caller
 * is to retry.  A reader's answer may be as old as its snapshot.
 */
void
statement_confirm_none(Call *call, const Statement *statement,
					   const NullableDatum *args, StatementRun run)
{
	if (run == statement_look && IsolationUsesXactSnapshot() &&
		statement_recheck(call, statement, args).nrows > 0)
		swan_serialization_failure();
}

/*
 * Runs a statement of the engine that writes to one table of the studio, with
 * a token for the guards: "rows" says what happens to the guarded rows.
 */
Rows
statement_change(Call *call, const Statement *statement,
				 const NullableDatum *args, StudioTable table,
				 CmdType command, const TokenEntry *rows, int nrows)
{
	Token	   *token = token_push(call->studio->tables[table], command,
								   rows, nrows);
	Rows		result = run_statement(call, statement, args, VIEW_OWN);

	token_pop(token);
	return result;
}

/*
 * Likewise for an INSERT into one of our own tables of what a query of its finds,
 * which like that of statement_recheck() must not be older than our locks.
 */
Rows
statement_insert(Call *call, const Statement *statement,
				 const NullableDatum *args, StudioTable table)
{
	Token	   *token = token_push(call->studio->tables[table], CMD_INSERT, NULL, 0);
	Rows		result = run_statement(call, statement, args, VIEW_LATEST);

	token_pop(token);
	return result;
}

/*
 * Runs a statement that is not worth a saved plan: our own bookkeeping.  It
 * sees the latest state, whatever the transaction's snapshot is, because what
 * it reads is cached beyond the transaction.
 */
Rows
statement_once(Call *call, const char *text, int nargs,
			   const Oid *argtypes, const NullableDatum *args)
{
	Datum		values[STATEMENT_MAX_ARGS];
	char		nulls[STATEMENT_MAX_ARGS];
	Snapshot	snapshot = InvalidSnapshot;
	SPIPlanPtr	plan;
	int			code;

	split_arguments(nargs, args, values, nulls);
	plan = SPI_prepare(text, nargs, unconstify(Oid *, argtypes));
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s",
			 SPI_result_code_string(SPI_result), text);
	if (IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
	}
	code = SPI_execute_snapshot(plan, values, nulls, snapshot, InvalidSnapshot,
								false, true, 0);
	return take_result(code, text);
}

/*
 * Opens a scope within a call: what is allocated and read in it is freed at its
 * end.  For whatever is done once for each of many clients.
 */
void
statement_scope_begin(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/* Closes the innermost scope. */
void
statement_scope_end(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/* Commits, in a procedure that was called outside a transaction block. */
void
statement_commit(void)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	SPI_commit();
	statement_scope_end();
}

/* Runs a utility command, with names already quoted by the caller. */
void
statement_utility(Call *call, const char *text)
{
	int			code = SPI_execute(text, false, 0);

	if (code != SPI_OK_UTILITY)
		elog(ERROR, "unexpected SPI result %s: %s",
			 SPI_result_code_string(code), text);
}

/* Drops the frames that an aborted subtransaction left open. */
static void
abort_calls(SubTransactionId subid)
{
	while (top_call != NULL && top_call->subid >= subid)
		top_call = top_call->below;
	token_abort(subid);
}

/* At the end of a transaction no frame and no token is left. */
static void
transaction_callback(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		abort_calls(InvalidSubTransactionId);
}

/* Nor is one of a subtransaction that was rolled back. */
static void
subtransaction_callback(SubXactEvent event, SubTransactionId subid,
						SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		abort_calls(subid);
}

/* Called once when the library is loaded. */
void
statement_init(void)
{
	RegisterXactCallback(transaction_callback, NULL);
	RegisterSubXactCallback(subtransaction_callback, NULL);
}
