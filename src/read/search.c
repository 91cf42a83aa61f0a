/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Looking for people by a part of what is written of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "utils/formatting.h"

#include "read/search.h"

/* Returns the pattern of LIKE for what is searched, or NULL for everybody. */
char *
search_pattern(const char *search)
{
	StringInfoData pattern;
	char	   *lower;

	if (search == NULL)
		return NULL;
	lower = str_tolower(search, strlen(search), DEFAULT_COLLATION_OID);
	initStringInfo(&pattern);
	appendStringInfoChar(&pattern, '%');
	for (char *p = lower; *p; p++)
	{
		if (*p == '%' || *p == '_' || *p == '\\')
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *p);
	}
	appendStringInfoChar(&pattern, '%');
	return pattern.data;
}
