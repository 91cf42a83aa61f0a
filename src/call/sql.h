/*-------------------------------------------------------------------------
 *
 * sql.h
 *	  Running SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SQL_H
#define SWAN_SQL_H

#include "swanalloc.h"

#include "executor/spi.h"
#include "utils/plancache.h"
#include "utils/snapshot.h"

#include "call/rows.h"

#define SQL_MAX_ARGS	20

extern void sql_open(void);
extern void sql_close(Call *call);
extern Snapshot sql_latest_snapshot(void);
extern SPIPlanPtr sql_keep(const char *text, int nargs, const Oid *argtypes, int options);
extern CachedPlanSource *sql_plan_source(SPIPlanPtr plan);
extern void sql_free(SPIPlanPtr plan);
extern Rows sql_run(SPIPlanPtr plan, const char *text, int nargs,
					const NullableDatum *args, Snapshot snapshot, bool read_only);
extern Rows sql_once(Call *call, const char *text, int nargs,
					 const Oid *argtypes, const NullableDatum *args);
extern void sql_utility(Call *call, const char *text);
extern void sql_scope_begin(void);
extern void sql_scope_end(void);
extern void sql_commit(void);

#endif							/* SWAN_SQL_H */
