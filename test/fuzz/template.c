/*-------------------------------------------------------------------------
 *
 * template.c
 *	  What puts a studio's names into statements, under libFuzzer: any text as a
 *	  statement, and any names, which must not make it another statement.
 *
 *-------------------------------------------------------------------------
 */
#include "standins.h"

#include "../../src/studio/describe.c"
#include "../../src/studio/labels.c"
#include "../../src/studio/template.c"

const char	hook_no_assignments[] = "(SELECT {s.trainer_id}, {s.user_id} FROM {sessions} s WHERE {live s})";

/* every way in which a statement names something */
static const char statement[] =
"SELECT {u.first_name}, {u.role}, {s.session_date}, {s.status}, {s.status:}, {s.status:scheduled,confirmed},"
" {s.status:cancelled}, {label confirmed}, {ledger_ids}, {old_bookings}, {reach}, {booking_rule}{kept s}"
" FROM {users} u, {sessions} s, {ledger} g WHERE {live u} AND {live s} AND g.kind = ANY ('{a,b}')"
"{?sessions.booked_at: AND {s.booked_at} > 1}{?waits: AND {s.id} = 1}{!sessions: AND true}"
" AND EXISTS (SELECT FROM {assignments} b);"
" UPDATE {sessions} SET {sessions.status='scheduled'}, {sessions.notes=$1}, {sessions.session_date=$2}";

static List *kept;

/* Returns a text in quotes, with what is in "doubled" twice. */
static char *
quoted(const char *begin, const char *text, const char *end, const char *doubled)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, begin);
	for (; *text; text++)
	{
		if (strchr(doubled, *text))
			appendStringInfoChar(&out, *text);
		appendStringInfoChar(&out, *text);
	}
	appendStringInfoString(&out, end);
	return out.data;
}

/* Returns a name as SQL has it, always in quotes. */
const char *
quote_identifier(const char *ident)
{
	return quoted("\"", ident, "\"", "\"");
}

/* Returns a text as SQL has it, in the way of the server. */
char *
quote_literal_cstr(const char *rawstr)
{
	return quoted(strchr(rawstr, '\\') ? "E'" : "'", rawstr, "'", "'\\");
}

List *
studio_kept_columns(const Studio *studio)
{
	return kept;
}

int64
studio_counted_from(const Studio *studio)
{
	return 7;
}

const char *
version_clock_function(const char *ours)
{
	return ours;
}

bool
type_is_enum(Oid typid)
{
	return false;
}

char *
format_type_be_qualified(Oid type_oid)
{
	return pstrdup("app.label");
}

char *
format_type_with_typemod(Oid type_oid, int32 typemod)
{
	return pstrdup("character varying(30)");
}

/* Returns a statement without what is in quotes; refuses one that ends within them. */
static char *
skeleton(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	while (*text)
	{
		bool		escapes = text[0] == 'E' && text[1] == '\'';
		char		quote = text[escapes ? 1 : 0];

		if (quote != '\'' && quote != '"')
		{
			appendStringInfoChar(&out, *text++);
			continue;
		}
		appendStringInfoChar(&out, quote);
		for (text += escapes ? 2 : 1;; text++)
		{
			if (*text == '\0')
				abort();
			if (*text == quote && text[1] != quote)
				break;
			if (*text == quote || (escapes && *text == '\\'))
				text++;
		}
		text++;
	}
	return out.data;
}

/*
 * Names a studio's own: the lines of a text, again and again.  Returns whether none is a
 * status of ours, which would mean itself.
 */
static bool
name_studio(Studio *studio, char *text)
{
	static char *const ours[] = {"scheduled", "scheduled", "confirmed", "cancelled"};
	List	   *names = NIL;
	char	   *name;
	int			n = 0;

	while ((name = strsep(&text, "\n")) != NULL)
	{
		if (studio_is_status(name))
			return false;
		names = lappend(names, name);
	}
#define NEXT_NAME ((char *) list_nth(names, n++ % list_length(names)))
	memset(studio, 0, sizeof(Studio));
	studio->name = NEXT_NAME;
	studio->schema = studio->extschema = NEXT_NAME;
	kept = lappend(lappend(NIL, NEXT_NAME), NEXT_NAME);
	for (int i = 0; i < STUDIO_NKNOWN; i++)
	{
		studio->columns[i].name = NEXT_NAME;
		studio->columns[i].type = i == SESSIONS_DATE ? TIMESTAMPOID : i == SESSIONS_NOTES ? VARCHAROID :
			i == SESSIONS_STATUS ? NAMEOID : TEXTOID;
		studio->columns[i].time_zone = NEXT_NAME;
	}
	for (int i = 0; i < STUDIO_NTABLES; i++)
		studio->table_names[i] = psprintf("%s.%s", quote_identifier(studio->schema), quote_identifier(NEXT_NAME));
	studio->settings.hooks[HOOK_BOOKING_RULE] = psprintf("%s.%s", quote_identifier(NEXT_NAME), quote_identifier(NEXT_NAME));
	for (int i = 0; i < lengthof(ours); i++)
	{
		OwnName    *own = palloc(sizeof(OwnName));

		own->theirs = NEXT_NAME;
		own->ours = ours[i];
		studio->status_names = lappend(studio->status_names, own);
		if (i > 0)
			continue;
		own = palloc(sizeof(OwnName));
		own->theirs = NEXT_NAME;
		own->ours = "client";
		studio->role_names = lappend(NIL, own);
	}
	return true;
}

/* The labels of several statuses are an array of just those. */
static void
try_array(List *labels)
{
	StringInfoData array;
	const char *p;
	ListCell   *cell;

	initStringInfo(&array);
	foreach(cell, labels)
		append_element(&array, lfirst(cell));
	appendStringInfoChar(&array, '}');
	p = array.data;
	foreach(cell, labels)
	{
		p += 2;					/* the brace or comma, and the quote */
		for (const char *label = lfirst(cell); *label; label++)
		{
			if (*p == '\\')
				p++;
			else if (*p == '"')
				abort();
			if (*p++ != *label)
				abort();
		}
		if (*p++ != '"')
			abort();
	}
	if (strcmp(p, "}") != 0)
		abort();
}

static void
try_text(int how, char *text)
{
	Studio		studio;
	char	   *plain;

	(void) name_studio(&studio, pstrdup("a\nb\nc"));
	if (how % 2 == 0)
	{
		(void) expand_template(&studio, text);
		return;
	}
	plain = skeleton(expand_template(&studio, statement));
	if (!name_studio(&studio, text))
		return;
	if (strcmp(skeleton(expand_template(&studio, statement)), plain) != 0)
		abort();
	try_array(studio_status_labels(&studio, "scheduled,confirmed"));
}
