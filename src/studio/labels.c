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

/* Reads what an application calls our words, by its own: objects, in a list or not. */
List *
studio_read_names(Jsonb *object, MemoryContext context)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	OwnName    *name = NULL;
	List	   *names = NIL;
	MemoryContext old = MemoryContextSwitchTo(context);

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			name = palloc0(sizeof(OwnName));
			name->theirs = pnstrdup(value.val.string.val, value.val.string.len);
		}
		else if (token == WJB_VALUE && value.type == jbvString)
		{
			Assert(name);		/* a key comes before its value */
			name->ours = pnstrdup(value.val.string.val, value.val.string.len);
			names = lappend(names, name);
		}
	}
	MemoryContextSwitchTo(old);
	return names;
}

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

/* what a session can be, in our words */
static const char *const statuses[] = {
	"available", "scheduled", "confirmed", "completed", "cancelled",
	"requested", "blocked", NULL
};

/* Returns whether a word is a status of ours. */
bool
studio_is_status(const char *word)
{
	for (int i = 0; statuses[i]; i++)
	{
		if (strcmp(statuses[i], word) == 0)
			return true;
	}
	return false;
}

/* Returns what a label of the application's is mapped to, or NULL. */
static const char *
mapped(const Studio *studio, const char *label)
{
	ListCell   *cell;

	foreach(cell, studio->status_names)
	{
		OwnName    *name = lfirst(cell);

		if (strcmp(name->theirs, label) == 0)
			return name->ours;
	}
	return NULL;
}

/*
 * Returns the status that a label means, or NULL: one that is not mapped means
 * itself, if it is a word of ours.
 */
const char *
studio_status_of(const Studio *studio, const char *label)
{
	const char *status = mapped(studio, label);

	if (status == NULL)
		status = label;
	return studio_is_status(status) ? status : NULL;
}

/*
 * Returns the labels that mean one of some statuses of ours, which are divided by
 * commas; of each status the one that is written comes first.
 */
List *
studio_status_labels(const Studio *studio, const char *wanted)
{
	const StudioColumn *column = &studio->columns[SESSIONS_STATUS];
	List	   *labels = NIL;
	char	   *rest = pstrdup(wanted);
	char	   *status;

	while ((status = strsep(&rest, ",")) != NULL)
	{
		ListCell   *cell;

		foreach(cell, studio->status_names)
		{
			OwnName    *name = lfirst(cell);

			if (strcmp(name->ours, status) == 0 && can_hold(column, name->theirs))
				labels = lappend(labels, name->theirs);
		}
		if (mapped(studio, status) == NULL && can_hold(column, status))
			labels = lappend(labels, status);
	}
	return labels;
}

/* Returns the label that is written for a status; our own word if there is none. */
const char *
studio_status_label(const Studio *studio, const char *status)
{
	List	   *labels = studio->status_names ? studio_status_labels(studio, status) : NIL;

	return labels ? (const char *) linitial(labels) : status;
}
