/*-------------------------------------------------------------------------
 *
 * setup_search.c
 *	  The index for searching clients by any part of their names.
 *
 * It needs the extension pg_trgm, which may be there or not.  Without it, a
 * search reads every client.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "owner/setup.h"

/* the schema of the operator class, if the current role may use it */
static const char find_trgm[] =
"SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e"
" JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace"
" WHERE e.extname OPERATOR(pg_catalog.=) 'pg_trgm'"
" AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";

/* the text is that of SEARCHED_TEXT in clients.c; %s are the two schemas */
static const char create_index[] =
"CREATE INDEX users_search ON %s.users USING gin"
" (pg_catalog.lower((COALESCE(first_name, '') OPERATOR(pg_catalog.||) ' '"
" OPERATOR(pg_catalog.||) COALESCE(last_name, '')"
" OPERATOR(pg_catalog.||) E'\\n' OPERATOR(pg_catalog.||) COALESCE(email, '')) COLLATE pg_catalog.\"default\") %s.gin_trgm_ops)";

static const char comment_index[] =
"COMMENT ON INDEX %s.users_search IS"
" 'the search for clients by any part of name or e-mail address'";

/* Makes the index in a studio of our own making, if pg_trgm is there. */
void
setup_search_index(Call *call, const char *schema)
{
	Rows		result = sql_once(call, find_trgm, 0, NULL, NULL);
	const char *quoted = quote_identifier(schema);

	if (result.nrows == 0)
		return;
	sql_utility(call, psprintf(create_index, quoted, row_text(result, 0, 1)));
	sql_utility(call, psprintf(comment_index, quoted));
}
