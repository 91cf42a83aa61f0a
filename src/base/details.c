/*-------------------------------------------------------------------------
 *
 * details.c
 *	  What the ledger's column "details" says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/details.h"
#include "base/zone.h"

/* Returns an object of numbers: pairs of a name and an int64; NO_ID is left out. */
Datum
details_of(int npairs,...)
{
	StringInfoData json;
	va_list		args;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	va_start(args, npairs);
	for (int i = 0; i < npairs; i++)
	{
		const char *name = va_arg(args, const char *);
		int64		value = va_arg(args, int64);

		if (value != NO_ID)
			appendStringInfo(&json, "%s\"%s\": " INT64_FORMAT, json.len > 1 ? ", " : "", name, value);
	}
	va_end(args);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Returns an object that says that a rule was passed over. */
Datum
details_forced(void)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum("{\"forced\": true}"));
}

/* Returns an object that says that a booking is for somebody whom its client brings. */
Datum
details_guest(bool forced)
{
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(forced ? "{\"guest\": true, \"forced\": true}" :
											   "{\"guest\": true}"));
}

/* Returns the object, which may be 0 for none at all, with one more number. */
Datum
details_with_number(Datum details, const char *name, int64 value)
{
	Datum		more = details_of(1, name, value);

	return details == (Datum) 0 ? more :
		DirectFunctionCall2(jsonb_concat, details, more);
}

/* Looks for a member of the object, which may be 0 for none at all. */
static bool
find_member(Datum details, const char *name, enum jbvType type, JsonbValue *value)
{
	Jsonb	   *object = details == (Datum) 0 ? NULL : DatumGetJsonbP(details);

	return object != NULL && JB_ROOT_IS_OBJECT(object) &&
		getKeyJsonValueFromContainer(&object->root, name, strlen(name), value) != NULL &&
		value->type == type;
}

/* Returns a number of the object. */
int64
details_number(Datum details, const char *name, int64 if_absent)
{
	JsonbValue	value;

	if (!find_member(details, name, jbvNumeric, &value))
		return if_absent;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8,
											 NumericGetDatum(value.val.numeric)));
}

/* Returns a text of the object, or NULL. */
char *
details_text(Datum details, const char *name)
{
	JsonbValue	value;

	if (!find_member(details, name, jbvString, &value))
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* Appends that a lot's end was put off, to an object that has no more to say. */
void
details_append_extension(StringInfo json, TimestampTz from, TimestampTz to)
{
	appendStringInfo(json, "\"extended_from\": \"%s\", \"extended_to\": ",
					 zone_json_time(from));
	if (to == NO_TIME)
		appendStringInfoString(json, "null}");
	else
		appendStringInfo(json, "\"%s\"}", zone_json_time(to));
}
