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

/* Returns the numbers of a list in the object; none if there is no such list. */
int64 *
details_ids(Datum details, const char *name, int *n)
{
	JsonbValue	value;
	int64	   *ids;

	*n = 0;
	if (!find_member(details, name, jbvBinary, &value) ||
		!JsonContainerIsArray(value.val.binary.data))
		return NULL;
	ids = palloc((JsonContainerSize(value.val.binary.data) + 1) * sizeof(int64));
	for (uint32 i = 0; i < JsonContainerSize(value.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(value.val.binary.data, i);

		if (element->type == jbvNumeric)
			ids[(*n)++] = DatumGetInt64(DirectFunctionCall1(numeric_int8,
															NumericGetDatum(element->val.numeric)));
	}
	return ids;
}

/* Appends a time to an object; it is NULL for never. */
static void
append_time(StringInfo json, const char *name, TimestampTz at)
{
	if (at == NO_TIME)
		appendStringInfo(json, "\"%s\": null", name);
	else
		appendStringInfo(json, "\"%s\": \"%s\"", name, zone_json_time(at));
}

/* Appends that a lot was given another end, to an object that has no more to say. */
void
details_append_extension(StringInfo json, TimestampTz from, TimestampTz to)
{
	append_time(json, "extended_from", from);
	appendStringInfoString(json, ", ");
	append_time(json, "extended_to", to);
	appendStringInfoChar(json, '}');
}

/* Returns an object that says only that. */
Datum
details_of_end(TimestampTz from, TimestampTz to)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	details_append_extension(&json, from, to);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Returns an object that says when a client books nothing. */
Datum
details_of_suspension(TimestampTz since, TimestampTz until, bool put_off)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_time(&json, "since", since);
	appendStringInfoString(&json, ", ");
	append_time(&json, "until", until);
	appendStringInfoString(&json, put_off ? ", \"put_off\": true}" : "}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}
