/*-------------------------------------------------------------------------
 *
 * attach_suggest.c
 *	  What a column may be called that was not found by its name.
 *
 * A column of the right type that nothing else was found for is proposed where
 * the words of its name are like ours.  Nothing is taken for granted: who
 * attaches the tables names it, or does not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_constraint.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "owner/attach.h"

/*
 * How words of such a name begin, in the order of preference.  Where there are
 * two, one begins with the first, and the other is anywhere in the name.
 */
static const char *const likely[STUDIO_NCOLUMNS][10] = {
	[USERS_FIRST_NAME] = {"first", "given", "forename"},
	[USERS_LAST_NAME] = {"last name", "surname", "family"},
	[USERS_EMAIL] = {"email", "mail"},
	[USERS_ROLE] = {"role"},
	[USERS_BALANCE] = {"available", "credit", "balance", "remaining", "session", "token"},
	[USERS_CREATED_AT] = {"created", "inserted", "registered", "joined"},
	[USERS_UPDATED_AT] = {"updated", "modified", "changed"},
	[USERS_DELETED_AT] = {"deleted", "removed", "archived"},
	[SESSIONS_USER_ID] = {"user", "client", "customer", "member", "student", "attendee"},
	[SESSIONS_TRAINER_ID] = {"trainer", "coach", "instructor", "teacher", "staff", "provider"},
	[SESSIONS_STATUS] = {"status", "state"},
	[SESSIONS_DATE] = {"session date", "start", "begin", "date", "time"},
	[SESSIONS_DURATION] = {"duration", "minutes", "length"},
	[SESSIONS_NOTES] = {"note", "comment", "remark"},
	[SESSIONS_BOOKED_AT] = {"booked", "booking", "reserved"},
	[SESSIONS_DEDUCTED] = {"deducted", "session deducted", "charged"},
	[SESSIONS_CONFIRMED] = {"confirmed"},
	[SESSIONS_CREATED_AT] = {"created", "inserted"},
	[SESSIONS_UPDATED_AT] = {"updated", "modified", "changed"},
	[SESSIONS_CLASS_ID] = {"class"},
	[SESSIONS_DELETED_AT] = {"deleted", "removed", "archived"},
	[SESSIONS_ENDS_AT] = {"end", "finish", "until"},
	[SESSIONS_CANCELLED_AT] = {"cancel"},
	[SESSIONS_CANCELLED_BY] = {"cancel by"},
	[SESSIONS_CANCEL_REASON] = {"cancel reason"},
	[SESSIONS_COST] = {"cost", "credits required", "credits needed"},
	[SESSIONS_CREDITS] = {"credits deducted", "credits used", "credits taken", "credit", "deducted"},
	[SESSIONS_KIND] = {"kind", "session type", "type"},
};

/* Returns whether a letter is a capital, in names that programs make. */
static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Returns whether a word begins at a place in a name: after an underscore, or with a capital. */
static bool
word_begins(const char *name, const char *at)
{
	return at == name || at[-1] == '_' ||
		(is_capital(*at) && !is_capital(at[-1]));
}

/* Returns how many words a name has. */
static int
count_words(const char *name)
{
	int			n = 0;

	for (const char *p = name; *p; p++)
		n += *p != '_' && word_begins(name, p);
	return n;
}

/* Returns whether a name of not too many words is like some of ours. */
static bool
is_like(const char *name, const char *words, int most)
{
	const char *second = strchr(words, ' ');
	int			length = second ? second - words : strlen(words);
	char	   *lower = asc_tolower(name, strlen(name));

	if (second && strstr(lower, second + 1) == NULL)
		return false;
	for (const char *p = name; *p; p++)
	{
		if (word_begins(name, p) && pg_strncasecmp(p, words, length) == 0)
			return count_words(name) <= most + (second != NULL);
	}
	return false;
}

/* Returns whether a column is one of those that were found. */
static bool
is_taken(Attachment *att, StudioTable table, const char *name)
{
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		if (studio_column_defs[i].table == table && att->names[i] &&
			strcmp(att->names[i], name) == 0)
			return true;
	}
	return false;
}

/* Returns whether a foreign key leads from a column of sessions to the users. */
static bool
refers_to_users(Attachment *att, Relation rel, AttrNumber attnum)
{
	ListCell   *cell;

	foreach(cell, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fkey = lfirst(cell);

		if (fkey->nkeys == 1 && fkey->conkey[0] == attnum && fkey->confrelid == att->users)
			return true;
	}
	return false;
}

/* Returns the shortest name like some words of a column that can, or cannot, hold ours, or NULL. */
static const char *
find_likely(Attachment *att, Relation rel, StudioColumnId id, const char *words, bool fits)
{
	const StudioColumnDef *def = &studio_column_defs[id];
	TupleDesc	desc = RelationGetDescr(rel);
	int			most = def->kind == COLUMN_LABEL ? 2 : 3;
	const char *found = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		char	   *name = NameStr(attr->attname);

		if (attr->attisdropped || is_taken(att, def->table, name) ||
			studio_column_fits(def->kind, attr->atttypid) != fits)
			continue;
		if (words ? !is_like(name, words, most) : !refers_to_users(att, rel, attr->attnum))
			continue;
		if (found == NULL || strlen(name) < strlen(found))
			found = pstrdup(name);
	}
	return found;
}

/* Returns the one column of a table's primary key, if it can, or cannot, hold ours, or NULL. */
static const char *
find_key(Relation rel, bool fits)
{
	Bitmapset  *key = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	AttrNumber	attnum;

	if (bms_membership(key) != BMS_SINGLETON)
		return NULL;
	attnum = bms_singleton_member(key) + FirstLowInvalidHeapAttributeNumber;
	if (studio_column_fits(COLUMN_ID, TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid) != fits)
		return NULL;
	return get_attname(RelationGetRelid(rel), attnum, false);
}

/*
 * Returns the name of a column that may be the one that was not found, or NULL:
 * of the right type, or, to say why it is not, of another.
 */
const char *
attach_likely_column(Attachment *att, StudioColumnId id, bool fits)
{
	StudioTable table = studio_column_defs[id].table;
	Relation	rel = relation_open(table == TABLE_USERS ? att->users : att->sessions,
									AccessShareLock);
	const char *found = NULL;

	for (int i = 0; likely[id][i] && found == NULL; i++)
		found = find_likely(att, rel, id, likely[id][i], fits);
	if (id == USERS_ID || id == SESSIONS_ID)
		found = find_key(rel, fits);
	if (found == NULL && fits && (id == SESSIONS_USER_ID || id == SESSIONS_TRAINER_ID))
		found = find_likely(att, rel, id, NULL, true);
	relation_close(rel, AccessShareLock);
	return found;
}
