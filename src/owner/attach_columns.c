/*-------------------------------------------------------------------------
 *
 * attach_columns.c
 *	  Which columns of an application's tables are those of a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/zone.h"
#include "owner/attach.h"

/* what a column costs that an application does not have */
static const char *const absence[STUDIO_NCOLUMNS] = {
	[USERS_FIRST_NAME] = "messages and lists go without first names",
	[USERS_LAST_NAME] = "messages and lists go without last names",
	[USERS_EMAIL] = "clients are not found by e-mail",
	[USERS_ROLE] = "every person is a client; let roles be listed as system or reader",
	[USERS_CREATED_AT] = "lists go without the date of registration",
	[USERS_UPDATED_AT] = "none is kept",
	[USERS_DELETED_AT] = "whoever has a row is there",
	[SESSIONS_TRAINER_ID] = "slots have no trainer and are not checked for his time",
	[SESSIONS_DURATION] = "every slot lasts 60 minutes",
	[SESSIONS_NOTES] = "session records go without notes",
	[SESSIONS_BOOKED_AT] = "when a slot was booked is in the ledger only",
	[SESSIONS_DEDUCTED] = "whether a booking took a credit is in the ledger only",
	[SESSIONS_CONFIRMED] = "the status alone says what is confirmed",
	[SESSIONS_CREATED_AT] = "none is kept",
	[SESSIONS_UPDATED_AT] = "none is kept",
	[SESSIONS_CLASS_ID] = "there are no classes",
	[SESSIONS_DELETED_AT] = "every row is there",
	[SESSIONS_ENDS_AT] = "when a slot ends is what its start and duration come to",
	[SESSIONS_CANCELLED_AT] = "when a booking was cancelled is in the ledger only",
	[SESSIONS_CANCELLED_BY] = "who cancelled a booking is in the ledger only",
	[SESSIONS_CANCEL_REASON] = "why a booking was cancelled is in the ledger only",
	[SESSIONS_COST] = "every session costs one credit",
	[SESSIONS_CREDITS] = "how many credits a session took is in the ledger only",
	[SESSIONS_KIND] = "credits are good for every session",
};

/* Returns a member of the argument "columns", or NULL; is it there at all? */
char *
attach_option(Attachment *att, const char *object, const char *name, bool *present)
{
	JsonbValue	value;
	JsonbContainer *container = &att->options->root;

	if (present)
		*present = false;
	if (object)
	{
		if (getKeyJsonValueFromContainer(container, object, strlen(object), &value) == NULL ||
			value.type != jbvBinary)
			return NULL;
		container = value.val.binary.data;
	}
	if (!JsonContainerIsObject(container) ||
		getKeyJsonValueFromContainer(container, name, strlen(name), &value) == NULL)
		return NULL;
	if (present)
		*present = true;
	if (value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* Returns an option of a column, under its full name or its short one. */
static char *
column_option(Attachment *att, const char *object, StudioColumnId id, bool *present)
{
	char	   *value = attach_option(att, object, studio_column_label(id), present);

	/* both tables have an id */
	if (value == NULL && !(present && *present) && id != USERS_ID && id != SESSIONS_ID)
		value = attach_option(att, object, studio_column_defs[id].name, present);
	return value;
}

/* Returns whether the argument "columns" names a column, or says by null that there is none. */
bool
attach_is_named(Attachment *att, StudioColumnId id)
{
	bool		present;

	(void) column_option(att, NULL, id, &present);
	return present;
}

/* Returns "first_name" as "firstName", or folded as "firstname". */
static char *
camel_case(const char *name, bool folded)
{
	char	   *result = palloc(strlen(name) + 1);
	char	   *out = result;

	for (const char *p = name; *p; p++)
	{
		if (*p != '_')
			*out++ = *p;
		else if (p[1])
			*out++ = folded ? *++p : pg_toupper((unsigned char) *++p);
	}
	*out = '\0';
	return result;
}

/* Returns the name that a table has for a column of ours, or NULL. */
static char *
find_column_name(Attachment *att, StudioColumnId id, Oid relid)
{
	const char *name = studio_column_defs[id].name;
	char	   *candidates[3];
	bool		present;
	char	   *given = column_option(att, NULL, id, &present);

	if (present)
		return given;
	if (studio_column_defs[id].named)	/* its name alone says nothing */
		return NULL;
	candidates[0] = pstrdup(name);
	candidates[1] = camel_case(name, false);
	candidates[2] = camel_case(name, true);
	for (int i = 0; i < lengthof(candidates); i++)
	{
		if (get_attnum(relid, candidates[i]) != InvalidAttrNumber)
			return candidates[i];
	}
	return NULL;
}

/*
 * Returns why a column that is only called like one of ours is none, or NULL: one
 * that applications need not have is not looked for with more than its name.
 */
static const char *
not_ours(Attachment *att, StudioColumnId id, Oid relid, const char *name)
{
	AttrNumber	attnum = get_attnum(relid, name);
	Oid			type = get_atttype(relid, attnum);

	if (attach_is_named(att, id) || !studio_column_defs[id].attached_only)
		return NULL;
	if (!studio_column_fits(studio_column_defs[id].kind, type))
		return psprintf("column %s is of type %s", quote_identifier(name), format_type_be(type));
	if (studio_column_defs[id].kind == COLUMN_MARK)
		return NULL;
	if (get_attgenerated(relid, attnum) != '\0')
		return psprintf("the server computes column %s", quote_identifier(name));
	if (type == TIMESTAMPOID && column_option(att, "time_zones", id, NULL) == NULL &&
		attach_option(att, NULL, "time_zone", NULL) == NULL)
		return psprintf("nothing says of what zone the times in column %s are",
						quote_identifier(name));
	return NULL;
}

/* Returns the table that has a column. */
static Oid
table_of(Attachment *att, StudioColumnId id)
{
	return studio_column_defs[id].table == TABLE_USERS ? att->users : att->sessions;
}

/* Returns the type that a column can be given, as it is written in SQL. */
static const char *
type_to_give(StudioColumnId id)
{
	switch (studio_column_defs[id].kind)
	{
		case COLUMN_ID:
			return "bigint";
		case COLUMN_NUMBER:
			return "integer";
		case COLUMN_TIME:
		case COLUMN_MARK:
			return "timestamptz";
		case COLUMN_FLAG:
			return "boolean";
		default:
			return "text";
	}
}

/* Says what to do about a column of a type that will not do. */
static const char *
type_remedy(Attachment *att, StudioColumnId id, const char *name)
{
	if (studio_column_defs[id].kind == COLUMN_ID)
		return studio_column_defs[id].absent == NULL ?
			"keys must be integer or bigint; with others tables cannot be attached" :
			psprintf("keys must be integer or bigint; pass {\"%s\": null} if it is to be left alone",
					 studio_column_label(id));
	return psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s%s",
					studio_table_name(table_of(att, id)), quote_identifier(name), type_to_give(id),
					studio_column_defs[id].absent == NULL ? "" :
					psprintf(", or pass {\"%s\": null}", studio_column_label(id)));
}

/* Says how a column that must be there, and was not found, can be named. */
static const char *
naming_remedy(Attachment *att, StudioColumnId id)
{
	const char *label = studio_column_label(id);
	const char *name = attach_likely_column(att, id, true);

	if (att->adopts)
		return "let it be called as where the studio was; of attached tables \"columns\" of what was exported can say otherwise";
	if (name)
		return psprintf("perhaps it is column %s: pass {\"%s\": \"%s\"} as columns",
						quote_identifier(name), label, name);
	name = attach_likely_column(att, id, false);
	if (name)
		return psprintf("perhaps it is column %s, which is of type %s: %s", quote_identifier(name),
						format_type_be(get_atttype(table_of(att, id),
												   get_attnum(table_of(att, id), name))),
						type_remedy(att, id, name));
	return psprintf("pass {\"%s\": \"its name\"} as columns", label);
}

/* Reports a column that need not be there, and was not found. */
static void
report_absent(Attachment *att, StudioColumnId id)
{
	const char *label = studio_column_label(id);
	const char *name = attach_is_named(att, id) ? NULL : attach_likely_column(att, id, true);

	attach_report(att, label, NULL, "absent",
				  name == NULL ? absence[id] :
				  psprintf("%s; perhaps it is column %s: {\"%s\": \"%s\"}", absence[id],
						   quote_identifier(name), label, name));
}

/* Looks at one column, and says what it is or why it will not do. */
static void
check_column(Attachment *att, StudioColumnId id)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	Oid			relid = table_of(att, id);
	const char *label = studio_column_label(id);
	char	   *name = att->names[id];
	AttrNumber	attnum = name ? get_attnum(relid, name) : InvalidAttrNumber;
	Oid			type;
	int32		typmod;
	Oid			collation;
	const char *problem;
	const char *hint;

	if (name && attnum == InvalidAttrNumber)
	{
		att->names[id] = NULL;
		attach_refuse(att, label, name, "there is no such column", naming_remedy(att, id));
		att->names[id] = name;
		return;
	}
	problem = name ? not_ours(att, id, relid, name) : NULL;
	if (problem)
	{
		att->names[id] = NULL;
		attach_report(att, label, NULL, "absent", psprintf("%s; %s", absence[id], problem));
		return;
	}
	if (name == NULL)
	{
		if (def->absent == NULL)
			attach_refuse(att, label, NULL, "no column is called so", naming_remedy(att, id));
		else
			report_absent(att, id);
		return;
	}

	get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
	if (!studio_column_fits(def->kind, type))
		attach_refuse(att, label, name, psprintf("type %s will not do", format_type_be(type)),
					  type_remedy(att, id, name));
	else if (type == TIMESTAMPOID && def->kind == COLUMN_TIME)
	{
		att->zones[id] = column_option(att, "time_zones", id, NULL);
		if (att->zones[id] == NULL)
			att->zones[id] = attach_option(att, NULL, "time_zone", NULL);
		problem = att->zones[id] ? zone_problem(att->zones[id], &hint) : NULL;
		if (problem)
			attach_refuse(att, label, name, problem, hint);
		else if (att->zones[id] == NULL)
			attach_refuse(att, label, name, "timestamp without time zone",
						  psprintf("pass {\"time_zones\": {\"%s\": \"UTC\"}} with the zone its times are of",
								   label));
		else
			attach_report(att, label, name, "found", psprintf("times of zone %s", att->zones[id]));
	}
	else
		attach_report(att, label, name, "found", NULL);
}

/* Finds every column: the names first, so that none that is found is proposed for another. */
void
attach_find_columns(Attachment *att)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
		att->names[i] = find_column_name(att, i, table_of(att, i));
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
		check_column(att, i);
}
