/*-------------------------------------------------------------------------
 *
 * kept.c
 *	  The columns that a slot keeps which is opened again: what the application
 *	  has in its row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/bitmapset.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/typcache.h"

#include "studio/studio.h"

/* what is said anew of such a slot, or is of the client who had it */
static const StudioColumnId said_anew[] = {
	SESSIONS_ID, SESSIONS_USER_ID, SESSIONS_TRAINER_ID, SESSIONS_STATUS,
	SESSIONS_DATE, SESSIONS_DURATION, SESSIONS_BOOKED_AT, SESSIONS_DEDUCTED, SESSIONS_CREDITS,
	SESSIONS_CONFIRMED, SESSIONS_CREATED_AT, SESSIONS_UPDATED_AT,
	SESSIONS_DELETED_AT, SESSIONS_ENDS_AT, SESSIONS_CANCELLED_AT, SESSIONS_CANCELLED_BY,
	SESSIONS_CANCEL_REASON
};

/* Returns a column's number as sets of columns have it. */
static int
member_of(AttrNumber attnum)
{
	return attnum - FirstLowInvalidHeapAttributeNumber;
}

/* Returns whether a set has a column of ours. */
static bool
has_column(const Bitmapset *columns, const Studio *studio, StudioColumnId id)
{
	return studio->columns[id].name != NULL &&
		bms_is_member(member_of(studio->columns[id].attnum), columns);
}

/* Returns the columns that an index has for its keys, or computes them from. */
static Bitmapset *
key_columns(Relation index)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];

		if (attnum != 0)
			columns = bms_add_member(columns, member_of(attnum));
	}
	pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &columns);
	return columns;
}

/* Returns a condition on the table: that the status is the one that is written for ours. */
static Expr *
has_status(const Studio *studio, const char *status)
{
	const StudioColumn *column = &studio->columns[SESSIONS_STATUS];
	Oid			type = column->type;
	int32		typmod;
	Oid			collation;
	Oid			input;
	Oid			param;
	Expr	   *left;
	Datum		value;

	get_atttypetypmodcoll(studio->tables[TABLE_SESSIONS], column->attnum,
						  &type, &typmod, &collation);
	left = (Expr *) makeVar(1, column->attnum, type, typmod, collation, 0);
	if (type == VARCHAROID)		/* is compared as text */
	{
		type = TEXTOID;
		left = (Expr *) makeRelabelType(left, type, -1, collation, COERCE_IMPLICIT_CAST);
	}
	getTypeInputInfo(type, &input, &param);
	value = OidInputFunctionCall(input, unconstify(char *, studio_status_label(studio, status)),
								 param, -1);
	return make_opclause(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr, BOOLOID, false,
						 left,
						 (Expr *) makeConst(type, -1, collation, get_typlen(type), value,
											false, get_typbyval(type)),
						 InvalidOid, collation);
}

/* Returns whether an index has no row of a status. */
static bool
lets_go(const Studio *studio, Relation index, const char *status)
{
	List	   *predicate = RelationGetIndexPredicate(index);

	return predicate != NIL &&
		predicate_refuted_by(predicate, list_make1(has_status(studio, status)), false);
}

/*
 * Returns whether two rows can stand in an index that are alike but for what is
 * said anew: it has not both the cancelled one and the open one, or tells them by
 * id or client.
 */
static bool
tells_apart(const Studio *studio, Relation index, const Bitmapset *keys)
{
	return lets_go(studio, index, "cancelled") || lets_go(studio, index, "available") ||
		has_column(keys, studio, SESSIONS_ID) ||
		(has_column(keys, studio, SESSIONS_USER_ID) && !index->rd_index->indnullsnotdistinct);
}

/* Returns the columns that two rows cannot have in common. */
static Bitmapset *
columns_of_one_row(const Studio *studio, Relation rel)
{
	Bitmapset  *result = NULL;
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisunique || index->rd_index->indisexclusion)
		{
			Bitmapset  *keys = key_columns(index);

			if (!tells_apart(studio, index, keys))
				result = bms_add_members(result, keys);
		}
		index_close(index, AccessShareLock);
	}
	return result;
}

/*
 * Returns the names of the columns of sessions that are copied when a slot is
 * opened again.  What the server computes is not, nor what a unique index gives to
 * one row only.
 */
List *
studio_kept_columns(const Studio *studio)
{
	Relation	rel = table_open(studio->tables[TABLE_SESSIONS], AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	Bitmapset  *others = columns_of_one_row(studio, rel);
	List	   *names = NIL;

	for (int i = 0; i < lengthof(said_anew); i++)
	{
		if (studio->columns[said_anew[i]].name)
			others = bms_add_member(others, member_of(studio->columns[said_anew[i]].attnum));
	}
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (!attr->attisdropped && attr->attgenerated == '\0' && attr->attidentity == '\0' &&
			!bms_is_member(member_of(attr->attnum), others))
			names = lappend(names, pstrdup(NameStr(attr->attname)));
	}
	table_close(rel, NoLock);
	return names;
}
