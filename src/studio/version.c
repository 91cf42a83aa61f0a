/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Whether the extension's SQL is of the version that this library is.
 *
 * Who installs a new library has the older SQL until he runs ALTER EXTENSION, and
 * a session that began before has the older library for as long as it lasts.
 * Calls are refused then; triggers guard as they did, with what the registry had
 * in 0.1.0.
 *
 * Arguments and answers of a function are not always what they were in another
 * version.  So where they change, SQL calls the function by another symbol: the
 * older library does not have it, and the symbol of before only refuses here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "studio/studio.h"
#include "studio/version.h"

#define OUR_VERSION		CppAsString2(SWANALLOC_VERSION)

/* that of the SQL, as of when the registry was read; cut where it is very long */
static char version_of_sql[NAMEDATALEN] = OUR_VERSION;

/* Looks which version the SQL is of. */
void
version_look(void)
{
	Relation	extensions = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;
	Datum		version;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("swanalloc"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "extension \"swanalloc\" does not exist");
	version = heap_getattr(tuple, Anum_pg_extension_extversion,
						   RelationGetDescr(extensions), &isnull);
	strlcpy(version_of_sql, TextDatumGetCString(version), sizeof(version_of_sql));
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
}

/* Returns whether SQL and library belong together, as far as was looked. */
bool
version_is_ours(void)
{
	return strcmp(version_of_sql, OUR_VERSION) == 0;
}

/* Refuses to work for SQL of another version. */
void
version_require(void)
{
	if (version_is_ours())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the SQL of extension swanalloc is of version %s, its library of version %s",
					version_of_sql, OUR_VERSION),
			 errhint("ALTER EXTENSION swanalloc UPDATE; sessions that began before the library was installed must connect anew.")));
}

/*
 * Returns what converts between instants and the clocks of a zone, in statements
 * of guards too: a function of ours, which SQL of another version may not have.
 */
const char *
version_clock_function(const char *ours)
{
	return version_is_ours() ? ours : "pg_catalog.timezone";
}

/*
 * Answers a call by a symbol of 0.1.0.  What it hands over is not what we would
 * read, so nothing of it is looked at.
 */
static Datum
refuse_earlier(void)
{
	(void) studio_list();		/* refuses, as all calls do */
	elog(ERROR, "a function of swanalloc 0.1.0 was called");
}

#define FUNCTION_OF_0_1(name) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return refuse_earlier(); \
	} \
	extern int	no_such_variable

FUNCTION_OF_0_1(swan_act_as);
FUNCTION_OF_0_1(swan_book);
FUNCTION_OF_0_1(swan_book_many);
FUNCTION_OF_0_1(swan_can_book);
FUNCTION_OF_0_1(swan_cancel);
FUNCTION_OF_0_1(swan_client);
FUNCTION_OF_0_1(swan_clients);
FUNCTION_OF_0_1(swan_complete);
FUNCTION_OF_0_1(swan_confirm);
FUNCTION_OF_0_1(swan_credits);
FUNCTION_OF_0_1(swan_extend);
FUNCTION_OF_0_1(swan_grant);
FUNCTION_OF_0_1(swan_grant_many);
FUNCTION_OF_0_1(swan_hold);
FUNCTION_OF_0_1(swan_liability);
FUNCTION_OF_0_1(swan_move);
FUNCTION_OF_0_1(swan_open);
FUNCTION_OF_0_1(swan_purchase);
FUNCTION_OF_0_1(swan_reinstate);
FUNCTION_OF_0_1(swan_reschedule);
FUNCTION_OF_0_1(swan_reverse);
FUNCTION_OF_0_1(swan_revoke);
FUNCTION_OF_0_1(swan_schedule);
FUNCTION_OF_0_1(swan_settings);
FUNCTION_OF_0_1(swan_slots);
FUNCTION_OF_0_1(swan_statement);
FUNCTION_OF_0_1(swan_studios);
FUNCTION_OF_0_1(swan_summary);
FUNCTION_OF_0_1(swan_verify);
