/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  The columns of a query's result, by name.
 *
 * Beside a query of several columns stands a list of them.  The query's text
 * and the numbers by which the columns are read are both made of it, so a
 * column more is a line more, wherever in the list, and a line that reads it:
 *
 *		#define LOT_COLUMNS(first, next) \
 *			first(LOT_REMAINING, "l.remaining") \
 *			next(LOT_EXPIRES_AT, "l.expires_at")
 *
 *		RESULT_COLUMNS(LOT_COLUMNS);
 *
 *		"SELECT" SELECT_LIST(LOT_COLUMNS) " FROM {lots} l ..."
 *
 *		row_int(result, i, LOT_REMAINING)
 *
 * Where a query has several lists, the columns of a later one are counted from
 * the ones before it, see account_of_row().  The one column of a query that has
 * no more is 1.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_COLUMNS_H
#define SWAN_COLUMNS_H

/* defines the numbers of the columns in a list, from 1 on */
#define RESULT_COLUMNS(list)	enum {list(FIRST_NUMBER, NEXT_NUMBER)}
#define FIRST_NUMBER(name, sql)	name = 1,
#define NEXT_NUMBER(name, sql)	name,

/* the columns in a list, for a SELECT or RETURNING */
#define SELECT_LIST(list)		list(FIRST_SQL, NEXT_SQL)
#define FIRST_SQL(name, sql)	" " sql
#define NEXT_SQL(name, sql)		", " sql

#endif							/* SWAN_COLUMNS_H */
