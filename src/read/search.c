/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Looking for people by a part of what is written of them.
 *
 * Where the extension unaccent is in the database, accents and the forms of an
 * apostrophe are ignored, too.  No index can be of what it makes of a text, since
 * its rules may change; so such a search reads all clients.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/catcache.h"
#include "utils/formatting.h"
#include "utils/syscache.h"

#include "compat.h"
#include "read/search.h"

PG_FUNCTION_INFO_V1(swan_plain_text);

/* Returns what the catalog says of a function in a text column, or an empty text. */
static char *
proc_text(HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PROCNAMEARGSNSP, tuple, column, &isnull);

	return isnull ? "" : TextDatumGetCString(value);
}

/*
 * Returns whether a function called unaccent is the extension's own.  That it belongs
 * to the extension is not enough, since whoever made that may add one of his own; but
 * only a superuser makes a function of a library.
 */
static bool
is_unaccent(HeapTuple tuple, Oid extension)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

	return form->pronargs == 1 && form->proargtypes.values[0] == TEXTOID &&
		form->prorettype == TEXTOID && form->prolang == ClanguageId &&
		strcmp(proc_text(tuple, Anum_pg_proc_prosrc), "unaccent_dict") == 0 &&
		strcmp(proc_text(tuple, Anum_pg_proc_probin), "$libdir/unaccent") == 0 &&
		getExtensionOfObject(ProcedureRelationId, form->oid) == extension;
}

/*
 * Finds the function of the extension unaccent, in whichever schema it is, if a role
 * may call it.  No path of a session has a say in that.
 */
static Oid
find_unaccent(Oid role)
{
	Oid			extension = get_extension_oid("unaccent", true);
	Oid			found = InvalidOid;
	CatCList   *list;

	if (!OidIsValid(extension))
		return InvalidOid;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum("unaccent"));
	for (int i = 0; i < list->n_members && !OidIsValid(found); i++)
	{
		HeapTuple	tuple = &list->members[i]->tuple;

		if (is_unaccent(tuple, extension))
			found = ((Form_pg_proc) GETSTRUCT(tuple))->oid;
	}
	ReleaseSysCacheList(list);
	return OidIsValid(found) && swan_may_execute(found, role) ? found : InvalidOid;
}

/* Returns whether searches in the tables of a role ignore accents. */
bool
search_ignores_accents(Oid role)
{
	return OidIsValid(find_unaccent(role));
}

/* Returns a text in lower case. */
static char *
lower_case(const char *s)
{
	return str_tolower(s, strlen(s), DEFAULT_COLLATION_OID);
}

/* Returns a text as searches that ignore accents compare it. */
static char *
plain_text(FmgrInfo *unaccent, const char *s)
{
	return lower_case(TextDatumGetCString(FunctionCall1(unaccent, CStringGetTextDatum(s))));
}

/* Returns what is searched for, in the frame of a call. */
Search
search_for(const char *searched)
{
	Search		search = {arg_null(), arg_bool(false)};
	Oid			function = searched ? find_unaccent(GetUserId()) : InvalidOid;
	StringInfoData pattern;
	char	   *lower;

	if (searched == NULL)
		return search;
	lower = lower_case(searched);

	if (OidIsValid(function))
	{
		FmgrInfo	unaccent;

		fmgr_info(function, &unaccent);
		lower = plain_text(&unaccent, lower);

		search.plain = arg_bool(true);
	}
	initStringInfo(&pattern);
	appendStringInfoChar(&pattern, '%');
	for (char *p = lower; *p; p++)
	{
		if (*p == '%' || *p == '_' || *p == '\\')
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *p);
	}
	appendStringInfoChar(&pattern, '%');
	search.pattern = arg_text(pattern.data);
	return search;
}

/*
 * swan.plain_text(): a text as searches that ignore accents compare it.  Where the
 * extension has gone since the statement was planned it is only in lower case.
 */
Datum
swan_plain_text(PG_FUNCTION_ARGS)
{
	FmgrInfo   *unaccent = fcinfo->flinfo->fn_extra;
	char	   *searched = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (unaccent == NULL)
	{
		Oid			function = find_unaccent(GetUserId());

		unaccent = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		if (OidIsValid(function))
			fmgr_info_cxt(function, unaccent, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = unaccent;
	}
	PG_RETURN_TEXT_P(cstring_to_text(OidIsValid(unaccent->fn_oid) ?
									 plain_text(unaccent, searched) : lower_case(searched)));
}
