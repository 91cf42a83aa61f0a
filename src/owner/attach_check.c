/*-------------------------------------------------------------------------
 *
 * attach_check.c
 *	  What stands in the way of attaching, but for columns and rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "studio/template.h"
#include "account/client.h"
#include "owner/attach.h"

/* columns of sessions that the engine writes in every INSERT */
static const StudioColumnId always_written[] = {
	SESSIONS_STATUS, SESSIONS_DATE, SESSIONS_TRAINER_ID, SESSIONS_DURATION,
	SESSIONS_DEDUCTED, SESSIONS_CONFIRMED, SESSIONS_CREATED_AT, SESSIONS_UPDATED_AT,
	SESSIONS_ENDS_AT
};

/* columns that it writes at some time */
static const StudioColumnId ever_written[] = {
	USERS_BALANCE, USERS_UPDATED_AT, SESSIONS_USER_ID, SESSIONS_TRAINER_ID,
	SESSIONS_STATUS, SESSIONS_DATE, SESSIONS_DURATION, SESSIONS_NOTES,
	SESSIONS_BOOKED_AT, SESSIONS_DEDUCTED, SESSIONS_CONFIRMED,
	SESSIONS_CREATED_AT, SESSIONS_UPDATED_AT, SESSIONS_CLASS_ID, SESSIONS_ENDS_AT,
	SESSIONS_CANCELLED_AT, SESSIONS_CANCELLED_BY, SESSIONS_CANCEL_REASON,
	SESSIONS_CREDITS
};

/* Returns whether a name is that of a column of ours, in full or in short. */
static bool
is_column(const char *name)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		if (strcmp(name, studio_column_label(i)) == 0 ||
			strcmp(name, studio_column_defs[i].name) == 0)
			return true;
	}
	return false;
}

/* Returns whether an application's role can be called so by us. */
static bool
is_role(const JsonbValue *value)
{
	static const char *const roles[] = {"client", "trainer", "staff", "admin"};

	for (int i = 0; value->type == jbvString && i < lengthof(roles); i++)
	{
		if (value->val.string.len == strlen(roles[i]) &&
			strncmp(value->val.string.val, roles[i], value->val.string.len) == 0)
			return true;
	}
	return false;
}

/* Checks the members of an object among the options. */
static void
check_member(Attachment *att, const char *object, const char *name, const JsonbValue *value)
{
	if (strcmp(object, "roles") == 0)
	{
		if (!is_role(value))
			attach_refuse(att, "roles", name, "a role is client, trainer, staff or admin",
						  "pass {\"roles\": {\"its label\": \"trainer\"}}");
	}
	else if (!is_column(name) || value->type != jbvString)
		attach_refuse(att, object, name, "there is no such column",
					  "name a column of ours, as in {\"sessions.session_date\": \"UTC\"}");
}

/* Checks an option that has one value. */
static void
check_only_value(Attachment *att, const char *name, const JsonbValue *value, const char *only)
{
	if (value->type != jbvString || value->val.string.len != strlen(only) ||
		strncmp(value->val.string.val, only, strlen(only)) != 0)
		attach_refuse(att, name, NULL, psprintf("it can only be %s", only),
					  "correct it, or leave it out");
}

/* Checks one of the options. */
static void
check_option(Attachment *att, const char *name, JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	member;
	char	   *member_name = NULL;

	if (strcmp(name, "roles") == 0 || strcmp(name, "time_zones") == 0)
	{
		if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		{
			attach_refuse(att, name, NULL, "it must be an object",
						  psprintf("pass {\"%s\": {\"...\": \"...\"}}", name));
			return;
		}
		it = JsonbIteratorInit(value->val.binary.data);
		while ((token = JsonbIteratorNext(&it, &member, true)) != WJB_DONE)
		{
			if (token == WJB_KEY)
				member_name = pnstrdup(member.val.string.val, member.val.string.len);
			else if (token == WJB_VALUE)
			{
				Assert(member_name);
				check_member(att, name, member_name, &member);
			}
		}
	}
	else if (strcmp(name, "statuses") == 0)
		attach_read_statuses(att, value);
	else if (strcmp(name, "time_zone") == 0 || strcmp(name, "old_bookings") == 0)
	{
		if (value->type != jbvString)
			attach_refuse(att, name, NULL, "it must be a string",
						  psprintf("pass {\"%s\": \"...\"}", name));
	}
	else if (strcmp(name, "rls") == 0)
		check_only_value(att, name, value, "bypass");
	else if (strcmp(name, "missing_users") == 0)
		check_only_value(att, name, value, "ignore");
	else if (!is_column(name))
		attach_refuse(att, name, NULL, "there is no such option or column",
					  "the reference lists what the argument columns takes");
	else if (value->type != jbvString && value->type != jbvNull)
		attach_refuse(att, name, NULL, "the name of a column must be a string, or null for none",
					  psprintf("pass {\"%s\": \"its name\"}", name));
}

/* Checks the argument "columns": a typo must not pass for a default. */
void
attach_check_options(Attachment *att)
{
	JsonbIterator *it = JsonbIteratorInit(&att->options->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			Assert(name);		/* a key comes before its value */
			check_option(att, name, &value);
		}
	}
}

/*
 * Looks for columns that were found for two purposes: what is written to one
 * would change the other.
 */
void
attach_check_doubles(Attachment *att)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (att->names[i] && att->names[j] && strcmp(att->names[i], att->names[j]) == 0 &&
				studio_column_defs[i].table == studio_column_defs[j].table)
				attach_refuse(att, studio_column_label(i), att->names[i],
							  psprintf("the column is taken for %s already", studio_column_label(j)),
							  "correct its name in the argument columns; null is for what there is no column for");
		}
	}
}

/* Returns whether a column of sessions is one of those, by its name. */
static bool
is_written(Attachment *att, const char *name)
{
	for (int i = 0; i < lengthof(always_written); i++)
	{
		const char *written = att->names[always_written[i]];

		if (written && strcmp(written, name) == 0)
			return true;
	}
	return false;
}

/*
 * Looks for columns of sessions that must be set in every INSERT, and of which
 * the engine knows nothing.
 */
void
attach_check_required(Attachment *att)
{
	Relation	rel = relation_open(att->sessions, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		char	   *name = NameStr(attr->attname);

		if (attr->attisdropped || !attr->attnotnull || attr->atthasdef ||
			attr->attidentity != '\0' || is_written(att, name))
			continue;
		if (att->names[SESSIONS_CLASS_ID] && strcmp(att->names[SESSIONS_CLASS_ID], name) == 0)
			continue;			/* see attach_check_class() */
		if (att->names[SESSIONS_ID] && strcmp(att->names[SESSIONS_ID], name) == 0)
			attach_report(att, "sessions.id", name, "found",
						  "it has no default: swan_open() will fail, and reopening, and session_records");
		else if (att->names[SESSIONS_USER_ID] && strcmp(att->names[SESSIONS_USER_ID], name) == 0)
			attach_refuse(att, "sessions.user_id", name, "an open slot has no client",
						  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL",
								   RelationGetRelationName(rel), quote_identifier(name)));
		else
			attach_refuse(att, psprintf("sessions column %s", name), name,
						  "it must be set in every INSERT, and swan_open() does not know it",
						  psprintf("give it a default with ALTER TABLE %s ALTER COLUMN %s SET DEFAULT",
								   quote_identifier(RelationGetRelationName(rel)),
								   quote_identifier(name)));
	}
	relation_close(rel, AccessShareLock);
}

/* Looks for columns that the engine writes, and the server computes. */
void
attach_check_generated(Attachment *att)
{
	for (int i = 0; i < lengthof(ever_written); i++)
	{
		StudioColumnId id = ever_written[i];
		Oid			relid = studio_column_defs[id].table == TABLE_USERS ? att->users : att->sessions;

		if (att->names[id] && get_attnum(relid, att->names[id]) != InvalidAttrNumber &&
			get_attgenerated(relid, get_attnum(relid, att->names[id])) != '\0')
			attach_refuse(att, studio_column_label(id), att->names[id],
						  "generated columns cannot be written",
						  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION%s",
								   studio_table_name(relid), quote_identifier(att->names[id]),
								   studio_column_defs[id].absent == NULL ? "" :
								   psprintf(", or pass {\"%s\": null}", studio_column_label(id))));
	}
}

/* Looks whether the owner may put our tables beside his. */
void
attach_check_schema(Attachment *att)
{
	Oid			namespace = get_rel_namespace(att->users);
	Oid			owner = studio_table_owner(att->users);

	if (!att->continues && !swan_may_create_in(namespace, owner))
		attach_refuse(att, "swan_ledger", NULL, "the owner may not create tables in the schema",
					  psprintf("GRANT CREATE ON SCHEMA %s TO %s",
							   quote_identifier(get_namespace_name(namespace)),
							   quote_identifier(GetUserNameFromId(owner, false))));
}

/* Returns whether an index begins with a column. */
static bool
has_index_on(Oid relid, AttrNumber attnum)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	bool		found = false;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (((Form_pg_index) GETSTRUCT(tuple))->indkey.values[0] == attnum)
			found = true;
		ReleaseSysCache(tuple);
	}
	relation_close(rel, AccessShareLock);
	return found;
}

/*
 * Returns the table that a foreign key of a column of sessions refers to, or InvalidOid;
 * one to the id of sessions themselves is none.
 */
static Oid
refers_elsewhere(Attachment *att, Relation rel, AttrNumber attnum)
{
	AttrNumber	id = att->names[SESSIONS_ID] ?
	get_attnum(att->sessions, att->names[SESSIONS_ID]) : InvalidAttrNumber;
	ListCell   *cell;

	foreach(cell, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fkey = lfirst(cell);

		for (int i = 0; i < fkey->nkeys; i++)
		{
			if (fkey->conkey[i] == attnum &&
				(fkey->confrelid != att->sessions || fkey->confkey[i] != id))
				return fkey->confrelid;
		}
	}
	return InvalidOid;
}

/* Looks whether a row can be no place of a class, or of one of ours, and how those of one are found. */
void
attach_check_class(Attachment *att)
{
	const char *name = att->names[SESSIONS_CLASS_ID];
	AttrNumber	attnum = name ? get_attnum(att->sessions, name) : InvalidAttrNumber;
	Relation	rel;
	Oid			other;

	if (attnum == InvalidAttrNumber ||
		!studio_column_fits(COLUMN_ID, get_atttype(att->sessions, attnum)))
		return;					/* refused already */
	rel = relation_open(att->sessions, AccessShareLock);
	if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attnotnull)
		attach_refuse(att, studio_column_label(SESSIONS_CLASS_ID), name,
					  "a slot that is no place of a class has NULL there, and the column is NOT NULL",
					  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL, or leave it out of the argument columns: then there are no classes",
							   quote_identifier(RelationGetRelationName(rel)),
							   quote_identifier(name)));
	else if (OidIsValid(other = refers_elsewhere(att, rel, attnum)))
		attach_refuse(att, studio_column_label(SESSIONS_CLASS_ID), name,
					  psprintf("its foreign key refers to %s, and a class is called by the id of its first session",
							   studio_table_name(other)),
					  psprintf("name a column of its own for classes, say ALTER TABLE %s ADD COLUMN class_of bigint, or leave it out of the argument columns: then there are no classes",
							   studio_table_name(att->sessions)));
	else if (!has_index_on(att->sessions, attnum) && att->names[SESSIONS_ID])
		attach_report(att, studio_column_label(SESSIONS_CLASS_ID), name, "found",
					  psprintf("no index begins with it, so calls about classes read all of the table: "
							   "CREATE INDEX CONCURRENTLY ON %s (%s, %s) WHERE %s IS NOT NULL",
							   studio_table_name(att->sessions), quote_identifier(name),
							   quote_identifier(att->names[SESSIONS_ID]),
							   quote_identifier(name)));
	relation_close(rel, AccessShareLock);
}

/* Says which index every call would miss. */
void
attach_check_indexes(Attachment *att)
{
	static const StudioColumnId owners[] = {SESSIONS_USER_ID, SESSIONS_TRAINER_ID};

	for (int i = 0; i < lengthof(owners); i++)
	{
		const char *name = att->names[owners[i]];
		AttrNumber	attnum = name ? get_attnum(att->sessions, name) : InvalidAttrNumber;

		if (attnum != InvalidAttrNumber && att->names[SESSIONS_DATE] &&
			!has_index_on(att->sessions, attnum))
			attach_report(att, studio_column_label(owners[i]), name, "found",
						  psprintf("no index begins with it, so many calls read all of the table: "
								   "CREATE INDEX CONCURRENTLY ON %s (%s, %s)",
								   studio_table_name(att->sessions),
								   quote_identifier(name),
								   quote_identifier(att->names[SESSIONS_DATE])));
	}
}

/*
 * Returns a proposal of ours as a person would type it, who has nothing
 * between himself and pg_catalog, with the names of the tables in it.
 */
static char *
as_typed(Attachment *att, const char *proposal)
{
	static const char *const shorter[][2] = {
		{"OPERATOR(pg_catalog.||)", "||"}, {"pg_catalog.text", "text"}
	};
	Datum		typed = CStringGetTextDatum(proposal);

	for (int i = 0; i < lengthof(shorter); i++)
		typed = DirectFunctionCall3Coll(replace_text, C_COLLATION_OID, typed,
										CStringGetTextDatum(shorter[i][0]),
										CStringGetTextDatum(shorter[i][1]));
	return expand_template(attach_names(att), TextDatumGetCString(typed));
}

/*
 * Proposes the indexes that lists of clients need, see client.h: those of our
 * own studios, on the columns of these tables.
 */
void
attach_propose_indexes(Attachment *att)
{
	if (att->names[USERS_FIRST_NAME] == NULL || att->names[USERS_LAST_NAME] == NULL ||
		att->names[USERS_EMAIL] == NULL || att->names[USERS_ID] == NULL)
		return;
	attach_report(att, "swan_clients", NULL, "proposed",
				  as_typed(att, "to list clients by name without sorting all of them:"
						   " CREATE INDEX CONCURRENTLY ON {users} ("
						   NAME_KEY("{users.first_name}", "{users.last_name}") ", {users.id})"));
	attach_report(att, "swan_clients", NULL, "proposed",
				  as_typed(att, "to search them without reading all of them, with the extension pg_trgm:"
						   " CREATE INDEX CONCURRENTLY ON {users} USING gin ("
						   SEARCHED_TEXT("{users.first_name}", "{users.last_name}", "{users.email}")
						   " gin_trgm_ops)"));
}
