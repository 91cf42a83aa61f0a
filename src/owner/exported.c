/*-------------------------------------------------------------------------
 *
 * exported.c
 *	  Reading what swan_export_studio() has written.
 *
 * It comes from elsewhere, and anybody can write some.  What gets into the registry is read
 * by every backend, so it must be such as can be read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/value.h"
#include "utils/fmgrprotos.h"

#include "base/details.h"
#include "base/error.h"
#include "studio/listing.h"
#include "studio/studio.h"
#include "owner/exported.h"

/* what was exported, in the order of its writing */
static const char *const exported_members[] = {
	"version", "studio", "users", "sessions", "own", "backfilled", "created_at",
	"columns", "feed", "closed_at", "closed_reason", "settings", "roles", NULL
};

/* and of that, in "columns" */
static const char *const column_members[] = {
	"names", "time_zones", "roles", "statuses", "old_bookings", "longest", "counted_from", NULL
};

/* and of each listing, in "roles" */
static const char *const role_members[] = {
	"db_role", "as_what", "user_id", "accepted", NULL
};

/* Answers what swan_export_studio() has not written. */
void
exported_refuse(const char *member)
{
	ereport(ERROR,
			(swan_error(SWAN_INVALID_ARGUMENT),
			 errmsg("\"%s\" is not as swan_export_studio() writes it", member),
			 errhint("Pass what swan_export_studio() returned where the studio was.")));
}

/* Returns a member of an object that must be one of that type. */
static JsonbValue
need_member(Jsonb *object, const char *name, enum jbvType type)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, strlen(name), &value) == NULL ||
		value.type != type)
		exported_refuse(name);
	return value;
}

/* Returns a member that is an object, or a list. */
Jsonb *
exported_object(Jsonb *object, const char *name, bool list)
{
	JsonbValue	value = need_member(object, name, jbvBinary);

	if (JsonContainerIsArray(value.val.binary.data) != list)
		exported_refuse(name);
	return JsonbValueToJsonb(&value);
}

/* Returns a member that is a text. */
char *
exported_text(Jsonb *object, const char *name)
{
	JsonbValue	value = need_member(object, name, jbvString);

	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* Returns a member that is a text, or NULL for null. */
char *
exported_text_or_null(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, strlen(name), &value) != NULL &&
		value.type == jbvNull)
		return NULL;
	return exported_text(object, name);
}

/* Returns a member that is true or false. */
bool
exported_bool(Jsonb *object, const char *name)
{
	return need_member(object, name, jbvBool).val.boolean;
}

/* Returns one of the listings in "roles". */
ExportedRole
exported_role(Jsonb *roles, uint32 n)
{
	Jsonb	   *object = JsonbValueToJsonb(getIthJsonbValueFromContainer(&roles->root, n));
	ExportedRole role = {
		.db_role = exported_text(object, "db_role"),
		.as_what = exported_text(object, "as_what"),
		.user_id = details_number(JsonbPGetDatum(object), "user_id", NO_ID),
		.accepted = exported_bool(object, "accepted")
	};

	return role;
}

/* Refuses members that nobody would look at: what was exported must not get lost. */
static void
refuse_unknown(Jsonb *object, const char *const *known)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		int			i = 0;
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (known[i] == NULL)
			exported_refuse(name);
	}
}

/* Refuses a number of "columns" that the registry could not be read with. */
static void
check_number(Jsonb *columns, const char *name, int64 max)
{
	JsonbValue	value;
	char	   *text;
	char	   *end;
	int64		number;

	if (getKeyJsonValueFromContainer(&columns->root, name, strlen(name), &value) == NULL)
		return;
	if (value.type != jbvNumeric)
		exported_refuse(name);
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || number < 0 || number > max)
		exported_refuse(name);
}

/* Refuses a feed without a place, or whose bases do not ascend from 0. */
static void
check_feed(const char *feed)
{
	int64		last = -1;
	int			dashes = 0;
	const char *p;
	char	   *end;

	if (feed == NULL)
		return;
	for (p = feed; *p; p++)
		dashes += *p == '-';
	if (dashes != 3 || strspn(feed, "0123456789-.") != strlen(feed))
		exported_refuse("feed");
	p = strrchr(feed, '-');
	do
	{
		int64		base;

		errno = 0;
		base = strtoll(++p, &end, 10);
		if (errno != 0 || end == p || base <= last || (last < 0 && base != 0))
			exported_refuse("feed");
		last = base;
		p = end;
	} while (*p == '.');
	if (*p != '\0')
		exported_refuse("feed");
}

/* Refuses names of columns that are not known here, or are no names. */
static void
check_names(Jsonb *names)
{
	const char *known[STUDIO_NCOLUMNS + 1] = {NULL};

	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
		known[i] = studio_column_label(i);
	refuse_unknown(names, known);
	for (int i = 0; i < STUDIO_NCOLUMNS; i++)
	{
		if (getKeyJsonValueFromContainer(&names->root, known[i], strlen(known[i]), NULL) != NULL)
			(void) exported_text(names, known[i]);
	}
}

/* Refuses listings that are none, or of one role twice. */
static void
check_roles(Jsonb *roles)
{
	List	   *names = NIL;

	for (uint32 i = 0; i < JsonContainerSize(&roles->root); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&roles->root, i);
		ExportedRole role;

		if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
			exported_refuse("roles");
		role = exported_role(roles, i);
		refuse_unknown(JsonbValueToJsonb(element), role_members);
		if (!listing_is_kind(role.as_what) ||
			(strcmp(role.as_what, "person") == 0) != (role.user_id != NO_ID))
			exported_refuse("as_what");
		if (list_member(names, makeString(role.db_role)))
			exported_refuse("db_role");
		names = lappend(names, makeString(role.db_role));
	}
}

/* Refuses an object that cannot be what swan_export_studio() returned. */
void
exported_check(Jsonb *exported)
{
	Jsonb	   *columns;

	refuse_unknown(exported, exported_members);
	(void) exported_text(exported, "version");
	columns = exported_object(exported, "columns", false);
	refuse_unknown(columns, column_members);
	check_names(exported_object(columns, "names", false));
	check_number(columns, "longest", PG_INT32_MAX);
	check_number(columns, "counted_from", PG_INT64_MAX);
	check_feed(exported_text_or_null(exported, "feed"));
	if ((exported_text_or_null(exported, "closed_at") == NULL) !=
		(exported_text_or_null(exported, "closed_reason") == NULL))
		exported_refuse("closed_at");
	check_roles(exported_object(exported, "roles", true));
}
