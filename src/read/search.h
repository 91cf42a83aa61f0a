/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Looking for people by a part of what is written of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SEARCH_H
#define SWAN_SEARCH_H

#include "call/rows.h"

/*
 * Whether a text, in lower case, has in it what is searched for.  Only one of the two
 * is left when the statement is planned for what "plain" is; the other one can be
 * served by an index.
 */
#define SEARCH_MATCHES(text, pattern, plain) \
	"CASE WHEN " plain " THEN swan.plain_text(" text ") OPERATOR(pg_catalog.~~) " pattern \
	" ELSE " text " OPERATOR(pg_catalog.~~) " pattern " END"

/* What is searched for, as the arguments of SEARCH_MATCHES. */
typedef struct Search
{
	NullableDatum pattern;		/* NULL: everybody */
	NullableDatum plain;		/* are accents ignored? */
} Search;

extern bool search_ignores_accents(Oid role);
extern Search search_for(const char *searched);

#endif							/* SWAN_SEARCH_H */
