/*-------------------------------------------------------------------------
 *
 * attach_people.c
 *	  Whether a table of users holds the people whom the sessions name.
 *
 * An application may have another table of that name, or of that kind: credits
 * would be kept for people who are not those that come.  Foreign keys say who is
 * meant; where there are none, the rows do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_constraint.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "call/columns.h"
#include "owner/attach.h"

/* columns of sessions that name a person */
static const StudioColumnId people[] = {SESSIONS_USER_ID, SESSIONS_TRAINER_ID};

#define STRANGERS_COLUMNS(first, next) \
	first(STRANGERS_COUNT, "pg_catalog.count(*)") \
	next(STRANGERS_FIRST, "pg_catalog.min(x.id)") \
	next(STRANGERS_ROWS, "pg_catalog.sum(x.n)::pg_catalog.int8")

RESULT_COLUMNS(STRANGERS_COLUMNS);

/* who is in such a column and not among the users */
#define STRANGERS(column) \
	"SELECT" SELECT_LIST(STRANGERS_COLUMNS) " FROM" \
	" (SELECT " column " AS id, pg_catalog.count(*) AS n FROM {sessions} s" \
	" WHERE {live s} AND " column " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {users} u" \
	" WHERE {any u} AND {u.id} OPERATOR(pg_catalog.=) " column ") GROUP BY 1) x"

/* in the order of people[] */
static const char *const strangers[] = {
	STRANGERS("{s.user_id}"), STRANGERS("{s.trainer_id}")
};

/* where the foreign keys of a column lead */
typedef struct Reference
{
	bool		right;			/* to the key of users */
	bool		validated;		/* and every row complies */
	Oid			relid;			/* else to this table */
	AttrNumber	attnum;			/* and this column of it */
} Reference;

/* Returns whether every row complies with a constraint. */
static bool
is_validated(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	bool		validated;

	if (!HeapTupleIsValid(tuple))
		return false;
	validated = ((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;
	ReleaseSysCache(tuple);
	return validated;
}

/* Looks where the foreign keys of a column of sessions lead. */
static Reference
find_reference(Attachment *att, AttrNumber attnum)
{
	AttrNumber	key = get_attnum(att->users, att->names[USERS_ID]);
	Relation	rel = relation_open(att->sessions, AccessShareLock);
	Reference	found = {0};
	ListCell   *cell;

	foreach(cell, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fkey = lfirst(cell);

		for (int i = 0; i < fkey->nkeys; i++)
		{
			if (fkey->conkey[i] != attnum)
				continue;
			if (fkey->confrelid == att->users && fkey->confkey[i] == key)
			{
				found.right = true;
				found.validated = found.validated || is_validated(fkey->conoid);
			}
			else
			{
				found.relid = fkey->confrelid;
				found.attnum = fkey->confkey[i];
			}
		}
	}
	relation_close(rel, AccessShareLock);
	return found;
}

/* Refuses a table that is not the one a column of sessions refers to. */
static void
refuse_reference(Attachment *att, StudioColumnId id, const Reference *found)
{
	const char *action;

	if (found->relid == att->users)
		action = psprintf("pass {\"users.id\": \"%s\"}",
						  get_attname(found->relid, found->attnum, false));
	else if (id == SESSIONS_USER_ID || found->relid == att->other_users)
		action = psprintf("pass that table as users: swan_attach(%s, ...)",
						  quote_literal_cstr(studio_table_name(found->relid)));
	else
		action = "a trainer is one of the users: pass the table that has clients and trainers,"
			" or {\"sessions.trainer_id\": null}";
	attach_refuse(att, studio_column_label(id), att->names[id],
				  psprintf("its foreign key refers to column %s of %s",
						   quote_identifier(get_attname(found->relid, found->attnum, false)),
						   studio_table_name(found->relid)),
				  action);
}

/* Looks whether the foreign keys of sessions lead to the users. */
void
attach_check_people(Attachment *att)
{
	for (int i = 0; i < lengthof(people); i++)
	{
		const char *name = att->names[people[i]];
		AttrNumber	attnum = name ? get_attnum(att->sessions, name) : InvalidAttrNumber;
		Reference	found;

		if (attnum == InvalidAttrNumber || att->names[USERS_ID] == NULL)
			continue;
		found = find_reference(att, attnum);
		if (!found.right && OidIsValid(found.relid))
		{
			if (people[i] == SESSIONS_USER_ID)
				att->other_users = found.relid;
			refuse_reference(att, people[i], &found);
		}
		att->complete[people[i]] = found.validated;
	}
}

/* Looks for people whom the sessions name, and who are not among the users. */
void
attach_look_for_people(Attachment *att, Call *call)
{
	for (int i = 0; i < lengthof(people); i++)
	{
		const char *name = att->names[people[i]];
		const char *problem;
		Rows		result;

		if (name == NULL || att->complete[people[i]])
			continue;
		result = attach_query(att, call, strangers[i]);
		if (row_int(result, 0, STRANGERS_COUNT) == 0)
			continue;
		problem = psprintf("people who are not in %s: %lld, in %lld rows, the first of them %lld",
						   studio_table_name(att->users),
						   (long long) row_int(result, 0, STRANGERS_COUNT),
						   (long long) row_int(result, 0, STRANGERS_ROWS),
						   (long long) row_int(result, 0, STRANGERS_FIRST));
		if (att->ignores_missing)
			attach_report(att, studio_column_label(people[i]), name, "found", problem);
		else
			attach_refuse(att, studio_column_label(people[i]), name, problem,
						  "pass the table that has them, or {\"missing_users\": \"ignore\"} if they were deleted");
	}
}
