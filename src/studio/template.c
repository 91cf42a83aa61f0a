/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Putting a studio's own names into the text of a statement.
 *
 * Statements are written over the names that a studio of our own making has,
 * in braces:
 *
 *		{users} {sessions} {ledger} {lots} {holds} {waits}
 *				the qualified name of a table
 *		{schema} {extschema}
 *				the schema of our tables, and that of our functions
 *		{ledger_ids}
 *				the sequence of the ledger's ids, as a regclass
 *		{old_bookings}
 *				how live bookings count that came with attached tables, as a text
 *		{reach}
 *				how far back searches for overlaps reach, as an interval
 *		{booking_rule}, {cost_rule}
 *				what the setting of that name names
 *		{assignments}
 *				likewise; where it is unset, whoever has or had a session with whom
 *		{counted_from}
 *				after which ledger row totals count, as a number, see totals.c
 *		{users.email} {sessions.status}
 *				the name of a column, to assign to
 *		{u.email} {t.email} {a.email} {s.status} {o.status}
 *				a column of users (alias u, t or a) or sessions (s or o), to read;
 *				where the table has no such column, what stands for it
 *		{g.totals} {ledger.totals} {h.since} {l.good_for}
 *				likewise of ledger (g), holds (h) and lots (l), for what not every studio has
 *		{s.status:scheduled,confirmed}
 *				whether the status is one of those, as labels that the column can have
 *		{s.status:}
 *				the status in our words; {s.status} is the application's label
 *		{label confirmed}
 *				the application's label for a status, as a text
 *		{sessions.status=expression}
 *				the expression, as a value that the column takes
 *		{kept} {kept s}
 *				", " and the columns of sessions that a slot keeps which is opened
 *				again, to assign to or to read; as many in both, or none
 *		{live s} {live u} {any u}
 *				whether a row is there: not where the application has deleted it
 *				softly; or is there, whatever became of it.  Every statement that
 *				reads a row of users or sessions says which, see check_rows()
 *		{?sessions.booked_at:text} {?ledger:text}
 *				the text, only where the table has the column, or there is the table
 *		{!sessions:text}
 *				the text, only where what is written to the table may be changed:
 *				by somebody else's trigger or rule, or in a partition
 *		('{scheduled,confirmed}')
 *				stays as it is: an array, of the type of what it is compared with
 *
 * What a column holds reads the same in every studio: times are timestamptz,
 * and roles have our names.
 *
 * A studio in the making is a Studio too, of which only the names are known, see
 * setup.c and attach.c.  What it has no name for must not be in the text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "studio/hook.h"
#include "studio/template.h"
#include "studio/version.h"

static const char *expand_into(StringInfo out, Studio *studio, const char *p,
							   bool wanted, bool nested);

static const char *const table_labels[STUDIO_NTABLES] = {
	"users", "sessions", "ledger", "lots", "holds", "waits"
};

/* Returns which table a name in braces stands for, or -1. */
static int
find_table(const char *name)
{
	for (int i = 0; i < STUDIO_NTABLES; i++)
	{
		if (strcmp(name, table_labels[i]) == 0)
			return i;
	}
	return -1;
}

/* Returns the table that an alias in braces reads from. */
static StudioTable
table_of_alias(const char *alias)
{
	static const char *const aliases[] = {"uta", "so", "g", "l", "h"};

	for (int i = 0; i < lengthof(aliases) && strlen(alias) == 1; i++)
	{
		if (strchr(aliases[i], alias[0]))
			return i;
	}
	elog(ERROR, "unknown alias \"%s\" in a statement", alias);
}

/* Returns the column of a table that is called so in our own studios. */
static StudioColumnId
find_column(StudioTable table, const char *name)
{
	for (int i = 0; i < STUDIO_NKNOWN; i++)
	{
		if (studio_column_defs[i].table == table &&
			strcmp(studio_column_defs[i].name, name) == 0)
			return i;
	}
	elog(ERROR, "unknown column \"%s\" in a statement", name);
}

/* Appends a column to read, as what it is to us. */
static void
expand_reading(StringInfo out, Studio *studio, StudioColumnId id, const char *alias)
{
	const StudioColumn *column = &studio->columns[id];
	const char *quoted;
	ListCell   *cell;

	if (column->name == NULL)
	{
		appendStringInfoString(out, studio_column_defs[id].absent);
		return;
	}
	quoted = quote_identifier(column->name);
	if (column->type == TIMESTAMPOID)
		appendStringInfo(out, "%s(%s, %s.%s)", version_clock_function("swan.instant"),
						 quote_literal_cstr(column->time_zone), alias, quoted);
	else if (id == USERS_ROLE && studio->role_names)
	{
		appendStringInfoString(out, "(CASE");
		foreach(cell, studio->role_names)
		{
			OwnName    *role = lfirst(cell);

			appendStringInfo(out, " WHEN %s.%s::pg_catalog.text OPERATOR(pg_catalog.=) %s THEN %s",
							 alias, quoted, quote_literal_cstr(role->theirs),
							 quote_literal_cstr(role->ours));
		}
		appendStringInfo(out, " ELSE %s.%s::pg_catalog.text END)", alias, quoted);
	}
	else
		appendStringInfo(out, "%s.%s", alias, quoted);
}

/* Appends a status in our words; one that has none of them is the application's. */
static void
expand_our_status(StringInfo out, Studio *studio, const char *alias)
{
	StringInfoData label;
	ListCell   *cell;

	initStringInfo(&label);
	expand_reading(&label, studio, SESSIONS_STATUS, alias);
	appendStringInfoString(&label, "::pg_catalog.text");
	if (studio->status_names == NIL)
	{
		appendStringInfoString(out, label.data);
		return;
	}
	appendStringInfoString(out, "(CASE");
	foreach(cell, studio->status_names)
	{
		OwnName    *name = lfirst(cell);

		appendStringInfo(out, " WHEN %s OPERATOR(pg_catalog.=) %s THEN %s", label.data,
						 quote_literal_cstr(name->theirs), quote_literal_cstr(name->ours));
	}
	appendStringInfo(out, " ELSE %s END)", label.data);
}

/* Appends an element to the text of an array. */
static void
append_element(StringInfo array, const char *element)
{
	appendStringInfoString(array, array->len == 0 ? "{\"" : ",\"");
	for (const char *p = element; *p; p++)
	{
		if (*p == '"' || *p == '\\')
			appendStringInfoChar(array, '\\');
		appendStringInfoChar(array, *p);
	}
	appendStringInfoChar(array, '"');
}

/*
 * Appends whether a row has one of some statuses: a comparison of the bare column,
 * which an index can serve.
 */
static void
expand_statuses(StringInfo out, Studio *studio, const char *alias, const char *statuses)
{
	List	   *labels;
	ListCell   *cell;
	StringInfoData array;

	if (*statuses == '\0')
	{
		expand_our_status(out, studio, alias);
		return;
	}
	labels = studio_status_labels(studio, statuses);

	if (labels == NIL)
	{
		appendStringInfoString(out, "false");
		return;
	}
	expand_reading(out, studio, SESSIONS_STATUS, alias);
	if (list_length(labels) == 1)
	{
		appendStringInfo(out, " OPERATOR(pg_catalog.=) %s",
						 quote_literal_cstr(linitial(labels)));
		return;
	}
	initStringInfo(&array);
	foreach(cell, labels)
		append_element(&array, lfirst(cell));
	appendStringInfoChar(&array, '}');
	appendStringInfo(out, " OPERATOR(pg_catalog.=) ANY (%s)", quote_literal_cstr(array.data));
}

/* Appends an expression of ours as a value that a column takes. */
static void
expand_value(StringInfo out, Studio *studio, StudioColumnId id, const char *expression)
{
	const StudioColumn *column = &studio->columns[id];

	if (id == SESSIONS_STATUS && expression[0] == '\'') /* a word of ours */
		expression = quote_literal_cstr(studio_status_label(studio,
															pnstrdup(expression + 1, strlen(expression) - 2)));
	if (column->type == TIMESTAMPOID)
		appendStringInfo(out, "%s(%s, %s)", version_clock_function("swan.local_time"),
						 quote_literal_cstr(column->time_zone), expression);
	else if (studio_column_defs[id].kind == COLUMN_LABEL && column->type != TEXTOID)
		appendStringInfo(out, "%s::%s", expression, format_type_be_qualified(column->type));
	else if (column->type == VARCHAROID)
		/* an explicit cast cuts what does not fit */
		appendStringInfo(out, "(%s)::%s", expression,
						 format_type_with_typemod(column->type, column->typmod));
	else
		appendStringInfoString(out, expression);
}

/* Appends a name that the studio must have by now. */
static void
expand_known(StringInfo out, const char *word, const char *name)
{
	if (name == NULL)
		elog(ERROR, "\"%s\" of the studio is not known in a statement", word);
	appendStringInfoString(out, name);
}

/* Appends the columns that a slot keeps, of an alias or bare. */
static void
expand_kept(StringInfo out, Studio *studio, const char *alias)
{
	ListCell   *cell;

	foreach(cell, studio_kept_columns(studio))
		appendStringInfo(out, ", %s%s%s", alias, *alias ? "." : "",
						 quote_identifier(lfirst(cell)));
}

/* Appends whether a row that is read is one that the application has not deleted. */
static void
expand_live(StringInfo out, Studio *studio, const char *alias)
{
	const char *name = studio->columns[table_of_alias(alias) == TABLE_USERS ?
									   USERS_DELETED_AT : SESSIONS_DELETED_AT].name;

	if (name)
		appendStringInfo(out, "%s.%s IS NULL", alias, quote_identifier(name));
	else
		appendStringInfoString(out, "true");
}

/* Appends what a word without a dot stands for. */
static void
expand_word(StringInfo out, Studio *studio, const char *word)
{
	int			table = find_table(word);

	if (table >= 0)
		expand_known(out, word, studio->table_names[table]);
	else if (strcmp(word, "schema") == 0)
		expand_known(out, word, studio->schema ? quote_identifier(studio->schema) : NULL);
	else if (strcmp(word, "extschema") == 0)
		expand_known(out, word, studio->extschema ? quote_identifier(studio->extschema) : NULL);
	else if (strcmp(word, "ledger_ids") == 0)
		appendStringInfo(out, "'%u'::pg_catalog.regclass", studio->ledger_sequence);
	else if (strcmp(word, "old_bookings") == 0)
		appendStringInfoString(out, studio->old_bookings == OLD_BOOKINGS_CHARGED ? "'charged'" :
							   studio->old_bookings == OLD_BOOKINGS_FLAG ? "'flag'" : "'free'");
	else if (strcmp(word, "booking_rule") == 0 || strcmp(word, "cost_rule") == 0)
		expand_known(out, word, studio->settings.hooks[word[0] == 'b' ? HOOK_BOOKING_RULE : HOOK_COST_RULE]);
	else if (strcmp(word, "assignments") == 0 && studio->settings.hooks[HOOK_ASSIGNMENTS])
		appendStringInfoString(out, studio->settings.hooks[HOOK_ASSIGNMENTS]);
	else if (strcmp(word, "assignments") == 0)
		expand_into(out, studio, hook_no_assignments, true, false);
	else if (strcmp(word, "counted_from") == 0)
		appendStringInfo(out, INT64_FORMAT, studio_counted_from(studio));
	else if (strncmp(word, "label ", 6) == 0)
		appendStringInfoString(out, quote_literal_cstr(studio_status_label(studio, word + 6)));
	else if (strncmp(word, "live ", 5) == 0)
		expand_live(out, studio, word + 5);
	else if (strncmp(word, "any ", 4) == 0)
		appendStringInfoString(out, "true");
	else if (strcmp(word, "kept") == 0)
		expand_kept(out, studio, "");
	else if (strncmp(word, "kept ", 5) == 0)
		expand_kept(out, studio, word + 5);
	else if (strcmp(word, "reach") == 0)
		appendStringInfo(out, "'%d minutes'::pg_catalog.interval", studio->reach);
	else
		elog(ERROR, "unknown word \"%s\" in a statement", word);
}

/* Appends what a name in braces stands for. */
static void
expand_name(StringInfo out, Studio *studio, char *name)
{
	char	   *dot = strchr(name, '.');
	char	   *expression = strchr(name, '=');
	char	   *statuses = expression ? NULL : strchr(name, ':');
	int			table;
	StudioColumnId id;

	if (dot == NULL)
	{
		expand_word(out, studio, name);
		return;
	}

	*dot = '\0';
	if (expression)
		*expression++ = '\0';
	table = find_table(name);
	if (table >= 0)
	{
		id = find_column(table, dot + 1);
		if (studio->columns[id].name == NULL)
			elog(ERROR, "studio \"%s\" has no column for \"%s\"",
				 studio->name, dot + 1);
		if (expression)
			expand_value(out, studio, id, expression);
		else
			appendStringInfoString(out, quote_identifier(studio->columns[id].name));
		return;
	}
	if (statuses)
	{
		*statuses++ = '\0';
		if (find_column(table_of_alias(name), dot + 1) != SESSIONS_STATUS)
			elog(ERROR, "column \"%s\" has no statuses", dot + 1);
		expand_statuses(out, studio, name, statuses);
		return;
	}
	expand_reading(out, studio, find_column(table_of_alias(name), dot + 1), name);
}

/* Returns which table a condition in braces is about. */
static StudioTable
table_of_condition(const char *name)
{
	int			table = find_table(name);

	if (table < 0)
		elog(ERROR, "unknown table \"%s\" in a statement", name);
	return table;
}

/*
 * Returns whether a condition holds: "?table" or "?table.column", that there is
 * such a one, or "!table", that what is written there may be changed.
 */
static bool
condition_holds(Studio *studio, char mark, char *name)
{
	char	   *dot = strchr(name, '.');

	if (mark == '!')
		return studio->alterable[table_of_condition(name)];
	if (dot == NULL)
		return studio->table_names[table_of_condition(name)] != NULL;
	*dot = '\0';
	return studio->columns[find_column(table_of_condition(name), dot + 1)].name != NULL;
}

/*
 * Appends text up to its end, or to the brace that closes a condition; returns
 * where it stopped.  What is not wanted is read all the same, to find its end.
 */
static const char *
expand_into(StringInfo out, Studio *studio, const char *p,
			bool wanted, bool nested)
{
	while (*p)
	{
		const char *end;
		char	   *name;
		bool		conditional;

		if (nested && *p == '}')
			return p + 1;
		if (strncmp(p, "('{", 3) == 0)
		{
			end = strstr(p, "}')");
			if (end == NULL)
				elog(ERROR, "unclosed array in a statement");
			if (wanted)
				appendBinaryStringInfo(out, p, end + 3 - p);
			p = end + 3;
			continue;
		}
		if (*p != '{')
		{
			if (wanted)
				appendStringInfoChar(out, *p);
			p++;
			continue;
		}

		conditional = p[1] == '?' || p[1] == '!';
		end = p + strcspn(p, conditional ? ":" : "}");
		if (*end == '\0')
			elog(ERROR, "unclosed brace in a statement");
		if (conditional)
		{
			char		mark = p[1];

			name = pnstrdup(p + 2, end - p - 2);
			p = expand_into(out, studio, end + 1,
							wanted && condition_holds(studio, mark, name), true);
		}
		else
		{
			name = pnstrdup(p + 1, end - p - 1);
			if (wanted)
				expand_name(out, studio, name);
			p = end + 1;
		}
		pfree(name);
	}
	if (nested)
		elog(ERROR, "unclosed condition in a statement");
	return p;
}

/* Returns how often a text is in another. */
static int
count_text(const char *text, const char *part)
{
	int			n = 0;

	for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
		n++;
	return n;
}

/*
 * Refuses a statement that reads rows of users or sessions and does not say
 * whether deleted ones count.
 */
static void
check_rows(const char *text)
{
	for (const char *alias = "u\0t\0a\0s\0o\0"; *alias; alias += 2)
	{
		const char *table = table_labels[table_of_alias(alias)];
		const char *row = psprintf("{%s} %s", table, alias);
		int			nread = count_text(text, psprintf("%s ", row)) +
		count_text(text, psprintf("%s,", row)) -
		count_text(text, psprintf("UPDATE %s ", row));

		if (nread > count_text(text, psprintf("{live %s}", alias)) +
			count_text(text, psprintf("{any %s}", alias)))
			elog(ERROR, "a statement does not say whether deleted %s count: %s", table, text);
	}
}

/* Returns the statement's text with the studio's names in it. */
char *
expand_template(Studio *studio, const char *text)
{
	StringInfoData out;

	check_rows(text);
	initStringInfo(&out);
	expand_into(&out, studio, text, true, false);
	return out.data;
}
