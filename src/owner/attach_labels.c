/*-------------------------------------------------------------------------
 *
 * attach_labels.c
 *	  What the labels of an application's status mean to a studio.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "call/columns.h"
#include "owner/attach.h"

/* a status that no row of a studio has, for what is nobody's business */
static const char ignored[] = "ignored";

/* Notes what one label means. */
static void
note_label(Attachment *att, char *theirs, const JsonbValue *value, bool ordered)
{
	OwnName    *name = palloc0(sizeof(OwnName));
	ListCell   *cell;

	name->theirs = theirs;
	name->ours = value->type == jbvString ?
		pnstrdup(value->val.string.val, value->val.string.len) : "";
	if (!studio_is_status(name->ours) && strcmp(name->ours, ignored) != 0)
	{
		attach_refuse(att, "statuses", theirs, "there is no such status",
					  "a label means available, requested, scheduled, confirmed, completed, cancelled, blocked or ignored");
		return;
	}
	foreach(cell, att->status_names)
	{
		OwnName    *before = lfirst(cell);

		if (strcmp(before->theirs, theirs) == 0)
			attach_refuse(att, "statuses", theirs, "the label is named twice", "name it once");
		else if (!ordered && strcmp(before->ours, name->ours) == 0 &&
				 strcmp(name->ours, ignored) != 0)
			attach_refuse(att, "statuses", theirs,
						  psprintf("\"%s\" means %s too, and which is to be written is not said",
								   before->theirs, name->ours),
						  "pass a list of objects, in which the first is the one");
	}
	att->status_names = lappend(att->status_names, name);
}

/*
 * Reads the option "statuses": an object, or a list of objects, since the members
 * of one are in no order.
 */
void
attach_read_statuses(Attachment *att, const JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	member;
	char	   *label = NULL;
	bool		ordered;

	if (value->type != jbvBinary)
	{
		attach_refuse(att, "statuses", NULL, "it must be an object, or a list of objects",
					  "pass {\"statuses\": {\"its label\": \"scheduled\"}}");
		return;
	}
	ordered = JsonContainerIsArray(value->val.binary.data);
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &member, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			label = pnstrdup(member.val.string.val, member.val.string.len);
		else if (token == WJB_VALUE)
		{
			Assert(label);		/* a key comes before its value */
			note_label(att, label, &member, ordered);
		}
		else if (token == WJB_ELEM)
			attach_refuse(att, "statuses", NULL, "it must be an object, or a list of objects",
						  "pass {\"statuses\": {\"its label\": \"scheduled\"}}");
	}
}

/* Appends what the registry has to know of the labels, in their order. */
void
attach_append_statuses(Attachment *att, StringInfo json)
{
	ListCell   *cell;
	const char *before = "";

	if (att->status_names == NIL)
		return;
	appendStringInfoString(json, ", \"statuses\": [");
	foreach(cell, att->status_names)
	{
		OwnName    *name = lfirst(cell);

		appendStringInfo(json, "%s{", before);
		escape_json(json, name->theirs);
		appendStringInfoString(json, ": ");
		escape_json(json, name->ours);
		appendStringInfoChar(json, '}');
		before = ", ";
	}
	appendStringInfoChar(json, ']');
}

/* Looks whether the column can hold a label for each status that is always written. */
void
attach_check_labels(Attachment *att)
{
	static const char *const written[] = {
		"available", "scheduled", "confirmed", "completed", "cancelled"
	};
	Studio	   *studio = attach_names(att);
	const StudioColumn *column = &studio->columns[SESSIONS_STATUS];
	StringInfoData missing;
	AttrNumber	attnum = get_attnum(att->sessions, column->name);
	Oid			type;
	int32		typmod = -1;
	Oid			collation;

	if (attnum == InvalidAttrNumber || !OidIsValid(column->type))
		return;
	get_atttypetypmodcoll(att->sessions, attnum, &type, &typmod, &collation);
	initStringInfo(&missing);
	for (int i = 0; i < lengthof(written); i++)
	{
		List	   *labels = studio_status_labels(studio, written[i]);

		if (labels == NIL)
			appendStringInfo(&missing, "%s%s", missing.len == 0 ? "" : ", ", written[i]);
		else if (type == VARCHAROID && typmod >= 0 &&
				 typmod - VARHDRSZ < pg_mbstrlen(linitial(labels)))
		{
			attach_refuse(att, "sessions.status", column->name,
						  "the column is too short for the status",
						  psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE text",
								   studio_table_name(att->sessions), quote_identifier(column->name)));
			return;
		}
	}
	if (missing.len > 0)
		attach_refuse(att, "sessions.status", column->name,
					  psprintf("the enum has no label %s", missing.data),
					  "add it with ALTER TYPE ... ADD VALUE, or say with {\"statuses\": {\"its label\": \"scheduled\"}} which label means it");
}

#define LABEL_COLUMNS(first, next) \
	first(LABEL_TEXT, "{s.status}::pg_catalog.text AS label") \
	next(LABEL_ROWS, "pg_catalog.count(*)") \
	next(LABEL_MEANS, "pg_catalog.min({s.status:})")

RESULT_COLUMNS(LABEL_COLUMNS);

/* Returns whether a label stands in the first column of some rows. */
static bool
is_in_rows(Rows rows, const char *label)
{
	for (uint64 i = 0; i < rows.nrows; i++)
	{
		if (strcmp(row_text(rows, i, LABEL_TEXT), label) == 0)
			return true;
	}
	return false;
}

/* Names the labels of an enum that no row has yet, and that mean nothing to us. */
static void
look_at_unused_labels(Attachment *att, Rows used)
{
	Studio	   *studio = attach_names(att);
	Oid			type = studio->columns[SESSIONS_STATUS].type;
	CatCList   *labels = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));

	for (int i = 0; i < labels->n_members; i++)
	{
		Form_pg_enum entry = (Form_pg_enum) GETSTRUCT(&labels->members[i]->tuple);
		const char *label = NameStr(entry->enumlabel);

		if (studio_status_of(studio, label) == NULL && !is_in_rows(used, label))
			attach_report(att, "statuses", pstrdup(label), ignored,
						  "rows that are nobody's business: 0; so is what is written with it from now on");
	}
	ReleaseSysCacheList(labels);
}

/*
 * Says what becomes of labels that are not our own words, and of how many rows;
 * there may be such rows or not.
 */
void
attach_look_at_labels(Attachment *att, Call *call, bool in_rows)
{
	Rows		result = {0};

	if (in_rows)
		result = attach_query(att, call, "SELECT" SELECT_LIST(LABEL_COLUMNS)
							  " FROM {sessions} s WHERE {live s} AND {s.status} IS NOT NULL"
							  " GROUP BY 1 ORDER BY 1");
	look_at_unused_labels(att, result);
	for (uint64 i = 0; i < result.nrows; i++)
	{
		const char *label = row_text(result, i, LABEL_TEXT);
		const char *means = row_text(result, i, LABEL_MEANS);
		long long	n = row_int(result, i, LABEL_ROWS);

		if (strcmp(label, means) == 0 && studio_is_status(label))
			continue;
		if (studio_is_status(means))
			attach_report(att, "statuses", label, "found",
						  psprintf("means %s; rows: %lld", means, n));
		else
			attach_report(att, "statuses", label, ignored,
						  psprintf("rows that are nobody's business: %lld", n));
	}
}
