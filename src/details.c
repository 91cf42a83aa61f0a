/*-------------------------------------------------------------------------
 *
 * details.c
 *	  Numbers in the ledger's column "details".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "details.h"

/* Returns an object of one number, or of two. */
Datum
details_of(const char *name1, int64 value1, const char *name2, int64 value2)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"%s\": " INT64_FORMAT, name1, value1);
	if (name2)
		appendStringInfo(&json, ", \"%s\": " INT64_FORMAT, name2, value2);
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Returns a number of the object, which may be 0 for none at all. */
int64
details_number(Datum details, const char *name, int64 if_absent)
{
	JsonbValue	value;

	if (details == (Datum) 0 ||
		getKeyJsonValueFromContainer(&DatumGetJsonbP(details)->root,
									 name, strlen(name), &value) == NULL ||
		value.type != jbvNumeric)
		return if_absent;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8,
											 NumericGetDatum(value.val.numeric)));
}
