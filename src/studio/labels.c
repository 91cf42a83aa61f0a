/*-------------------------------------------------------------------------
 *
 * labels.c
 *	  The labels that an application's column has for our statuses.
 *
 * A column of an enum need not have every label of ours: no row has one that it
 * lacks, and a statement that named it would fail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "studio/studio.h"

/*
 * Returns whether a column can hold a label.  One that was added to an enum by a
 * transaction that is under way cannot be named yet.
 */
static bool
can_hold(const StudioColumn *column, const char *label)
{
	HeapTuple	tuple;
	bool		usable;

	if (!OidIsValid(column->type) || !type_is_enum(column->type))
		return true;
	tuple = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(column->type),
							CStringGetDatum(label));
	if (!HeapTupleIsValid(tuple))
		return false;
	usable = !EnumUncommitted(((Form_pg_enum) GETSTRUCT(tuple))->oid);
	ReleaseSysCache(tuple);
	return usable;
}

/*
 * Returns the labels that mean one of some statuses of ours, which are divided by
 * commas.
 */
List *
studio_status_labels(Studio *studio, const char *statuses)
{
	List	   *labels = NIL;
	char	   *rest = pstrdup(statuses);
	char	   *status;

	while ((status = strsep(&rest, ",")) != NULL)
	{
		if (can_hold(&studio->columns[SESSIONS_STATUS], status))
			labels = lappend(labels, status);
	}
	return labels;
}
