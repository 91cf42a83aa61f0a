/*-------------------------------------------------------------------------
 *
 * client.h
 *	  What the programs have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define die(...) \
	do { fprintf(stderr, __VA_ARGS__); fputc('\n', stderr); exit(1); } while (0)

/* Returns the clock in µs: CLOCK_MONOTONIC, or that of a process. */
static inline double
clock_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		die("cannot read a clock");
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Connects as libpq's environment says. */
static inline PGconn *
connect_as(const char *user)
{
	const char *const keywords[] = {"user", "application_name", NULL};
	const char *const values[] = {user, "bench", NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 0);

	if (PQstatus(conn) != CONNECTION_OK)
		die("%s", PQerrorMessage(conn));
	return conn;
}

/* Runs what must not fail. */
static inline PGresult *
run(PGconn *conn, const char *sql)
{
	PGresult   *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		die("%s: %s", sql, PQerrorMessage(conn));
	return result;
}

static inline void
prepare(PGconn *conn, const char *name, const char *sql)
{
	PGresult   *result = PQprepare(conn, name, sql, 0, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
}

static inline int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Sorts, and returns the value below which that part of all lies. */
static inline double
quantile(double *values, int n, double part)
{
	if (n == 0)
		die("nothing was measured");
	qsort(values, n, sizeof(double), compare_doubles);
	return values[(int) ((n - 1) * part)];
}

#endif							/* BENCH_CLIENT_H */
