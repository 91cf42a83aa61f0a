/*-------------------------------------------------------------------------
 *
 * calls.c
 *	  Calls one after the other, over connections that stay.
 *
 * pgbench connects anew for every run, and a new server process has seen no
 * page of a large table: it pays for each that it touches first.  Here several
 * databases are called in turn by connections that have seen everything.
 *
 * Reads commands, one a line:
 *
 *	open NAME DATABASE USER		connects
 *	sql NAME STATEMENT			runs a statement
 *	prepare NAME CALL STATEMENT	prepares a statement with one parameter $1
 *	run NAME CALL N FIRST		runs it for FIRST and the N - 1 that follow it
 *	report NAME CALL			prints the median of its times in µs so far, and forgets them
 *
 * Every command but report prints "ok".
 *
 *-------------------------------------------------------------------------
 */
#include "client.h"

#define MAX_CONNS	16
#define MAX_CALLS	8

typedef struct Timed
{
	char		name[32];
	double	   *us;
	int			n;
} Timed;

typedef struct Conn
{
	char		name[32];
	PGconn	   *conn;
	Timed		calls[MAX_CALLS];
	int			ncalls;
} Conn;

static Conn conns[MAX_CONNS];
static int	nconns;

static Conn *
find_conn(const char *name)
{
	for (int i = 0; i < nconns; i++)
		if (strcmp(conns[i].name, name) == 0)
			return &conns[i];
	die("no connection %s", name);
}

static Timed *
find_call(Conn *c, const char *name)
{
	for (int i = 0; i < c->ncalls; i++)
		if (strcmp(c->calls[i].name, name) == 0)
			return &c->calls[i];
	die("no call %s", name);
}

static void
run_calls(Conn *c, Timed *call, int n, long first)
{
	call->us = realloc(call->us, (call->n + n) * sizeof(double));
	for (int i = 0; i < n; i++)
	{
		char		text[24];
		const char *values[1] = {text};
		double		started;
		PGresult   *result;

		snprintf(text, sizeof(text), "%ld", first + i);
		started = clock_us(CLOCK_MONOTONIC);
		result = PQexecPrepared(c->conn, call->name, 1, values, NULL, NULL, 0);
		call->us[call->n++] = clock_us(CLOCK_MONOTONIC) - started;
		if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) == 0)
			die("%s %s: %s", call->name, text, PQresultErrorMessage(result));
		PQclear(result);
	}
}

static void
obey(char *line)
{
	char		names[2][32],
				database[64];
	int			n,
				rest;
	long		first;

	if (sscanf(line, "open %31s %63s %31s", names[0], database, names[1]) == 3 && nconns < MAX_CONNS)
	{
		setenv("PGDATABASE", database, 1);
		strcpy(conns[nconns].name, names[0]);
		conns[nconns++].conn = connect_as(names[1]);
	}
	else if (sscanf(line, "sql %31s %n", names[0], &rest) == 1)
		PQclear(run(find_conn(names[0])->conn, line + rest));
	else if (sscanf(line, "prepare %31s %31s %n", names[0], names[1], &rest) == 2)
	{
		Conn	   *c = find_conn(names[0]);

		if (c->ncalls == MAX_CALLS)
			die("too many calls");
		prepare(c->conn, names[1], line + rest);
		strcpy(c->calls[c->ncalls++].name, names[1]);
	}
	else if (sscanf(line, "run %31s %31s %d %ld", names[0], names[1], &n, &first) == 4)
	{
		Conn	   *c = find_conn(names[0]);

		run_calls(c, find_call(c, names[1]), n, first);
	}
	else if (sscanf(line, "report %31s %31s", names[0], names[1]) == 2)
	{
		Timed	   *call = find_call(find_conn(names[0]), names[1]);

		printf("%.1f\n", quantile(call->us, call->n, 0.5));
		call->n = 0;
		return;
	}
	else
		die("what is \"%s\"?", line);
	puts("ok");
}

int
main(void)
{
	char		line[4096];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin))
	{
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	return 0;
}
