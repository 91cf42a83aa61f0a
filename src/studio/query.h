/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Queries over the tables of any studio: saved plans, and what they see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_QUERY_H
#define SWAN_QUERY_H

#include "call/sql.h"
#include "call/token.h"
#include "studio/studio.h"

/* how a statement is planned */
typedef enum PlanKind
{
	PLAN_GENERIC,				/* once, for whatever arguments */
	PLAN_SIMPLE,				/* likewise, and run without the executor
								 * where it can be, see plan/simple.c */
	PLAN_CUSTOM					/* for the arguments at hand */
} PlanKind;

/*
 * A statement over the tables of any studio.  Names in braces are replaced
 * by those of the studio at hand, see expand_template().
 */
typedef struct StudioQuery
{
	const char *text;
	int			nargs;
	Oid			argtypes[SQL_MAX_ARGS];
	PlanKind	plan;
} StudioQuery;

/* a way to run a query, which is a choice of what it sees */
typedef Rows (*QueryRun) (Call *call, const StudioQuery *query,
						  const NullableDatum *args);

extern Rows query_read(Call *call, const StudioQuery *query,
					   const NullableDatum *args);
extern Rows query_look(Call *call, const StudioQuery *query,
					   const NullableDatum *args);
extern Rows query_recheck(Call *call, const StudioQuery *query,
						  const NullableDatum *args);
extern Rows query_look_back(Call *call, const StudioQuery *query,
							const NullableDatum *args, CommandId until);
extern void query_confirm_none(Call *call, const StudioQuery *query,
							   const NullableDatum *args, QueryRun run);
extern Rows query_change(Call *call, const StudioQuery *query,
						 const NullableDatum *args, StudioTable table,
						 CmdType command,
						 const TokenEntry *rows, int nrows);
extern bool query_is_direct(Call *call, const StudioQuery *query);
extern bool query_table_is_empty(Call *call, StudioTable table);
extern Rows query_insert(Call *call, const StudioQuery *query,
						 const NullableDatum *args, StudioTable table);

#endif							/* SWAN_QUERY_H */
