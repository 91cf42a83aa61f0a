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

#include "studio/template.h"
#include "account/client.h"
#include "owner/setup.h"

/* the schema of the operator class, if the current role may use it */
static const char find_trgm[] =
"SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e"
" JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace"
" WHERE e.extname OPERATOR(pg_catalog.=) 'pg_trgm'"
" AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";

static const char create_index[] =
"CREATE INDEX users_search ON {users} USING gin"
" (" SEARCHED_TEXT("{users.first_name}", "{users.last_name}", "{users.email}");

static const char comment_index[] =
"COMMENT ON INDEX {schema}.users_search IS"
" 'the search for clients by any part of name or e-mail address'";

/* Makes the index in a studio of our own making, if pg_trgm is there. */
void
setup_search_index(Call *call, Studio *studio)
{
	Rows		result = sql_once(call, find_trgm, 0, NULL, NULL);

	if (result.nrows == 0)
		return;
	sql_utility(call, psprintf("%s %s.gin_trgm_ops)", expand_template(studio, create_index),
							   row_text(result, 0, 1)));
	sql_utility(call, expand_template(studio, comment_index));
}
