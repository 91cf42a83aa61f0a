/*-------------------------------------------------------------------------
 *
 * rush.c
 *	  Connections that all go for the same few slots at once.
 *
 *	rush CONNECTIONS SLOTS RUSHES FIRST CLIENTS
 *
 * pgbench ends a connection at its first error, and a loser's call is one; an
 * EXCEPTION block round it would add a subtransaction to what is measured.  So
 * one process holds all connections and sends swan_book() on every one of
 * them before it reads the first answer.
 *
 * Four rushes follow each other, so often as is asked for:
 *
 *	rush		the connections go for open slots; some wins, the others lose
 *	booking		each goes for a slot of its own and wins: what a booking costs
 *	late		all go for slots that were taken long ago: what a refusal costs
 *	queued		all wait for the lock of a slot that a transaction has taken and
 *				now commits: the dearest way to lose
 *
 * Slots are FIRST and following: rush_slots() of them.  Clients are 1 to
 * CLIENTS, others at every rush, so that nobody has two bookings at one time.
 * Prints "VARIANT MEASURE VALUE" a line; cpu is the time in µs that a
 * connection's server process worked for a call, wal is bytes per call.
 *
 *-------------------------------------------------------------------------
 */
#include "client.h"

#include <poll.h>
#include <unistd.h>

#define WARM	5				/* rounds that are not counted */

typedef struct Seat
{
	PGconn	   *conn;
	clockid_t	clock;			/* of its server process */
	double		sent;
	double		before;
	int			won;			/* -1: not answered yet */
} Seat;

/* what one way to go for a slot came to */
typedef struct Tally
{
	int			won;
	int			lost;
	double		cpu_won;
	double		cpu_lost;
	double		wal;
	double	   *us;
	int			n;
} Tally;

static Seat *seats;
static int	nseats;
static int	nclients;
static int	next_client;
static PGconn *holder;
static PGconn *watch;

static int
some_client(void)
{
	next_client = next_client % nclients + 1;
	return next_client;
}

static void
send_booking(PGconn *conn, int client, int slot)
{
	char		texts[2][16];
	const char *values[2] = {texts[0], texts[1]};

	snprintf(texts[0], sizeof(texts[0]), "%d", client);
	snprintf(texts[1], sizeof(texts[1]), "%d", slot);
	if (!PQsendQueryPrepared(conn, "book", 2, values, NULL, NULL, 0) || PQflush(conn) != 0)
		die("%s", PQerrorMessage(conn));
}

/* Reads an answer that is there; returns whether the slot was won. */
static int
read_answer(PGconn *conn)
{
	int			won = -1;
	PGresult   *result;

	while ((result = PQgetResult(conn)) != NULL)
	{
		const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
			won = 1;
		else if (code && strcmp(code, "SW002") == 0)
			won = 0;
		else
			die("%s", PQresultErrorMessage(result));
		PQclear(result);
	}
	return won;
}

/* Reads answers as they come. */
static void
read_answers(Tally *tally)
{
	struct pollfd *polled = calloc(nseats, sizeof(struct pollfd));
	int			left = nseats;

	for (int i = 0; i < nseats; i++)
	{
		polled[i].fd = PQsocket(seats[i].conn);
		polled[i].events = POLLIN;
	}
	while (left > 0)
	{
		if (poll(polled, nseats, 60000) <= 0)
			die("no answer for a minute");
		for (int i = 0; i < nseats; i++)
		{
			if (polled[i].fd < 0 || polled[i].revents == 0)
				continue;
			if (!PQconsumeInput(seats[i].conn))
				die("%s", PQerrorMessage(seats[i].conn));
			if (PQisBusy(seats[i].conn))
				continue;
			seats[i].won = read_answer(seats[i].conn);
			tally->us[tally->n++] = clock_us(CLOCK_MONOTONIC) - seats[i].sent;
			polled[i].fd = -1;
			left--;
		}
	}
	free(polled);
}

static double
wal_position(void)
{
	PGresult   *result = run(watch, "SELECT pg_current_wal_insert_lsn() - '0/0'");
	double		position = atof(PQgetvalue(result, 0, 0));

	PQclear(result);
	return position;
}

/* Takes the slots in a transaction that stays open. */
static void
take_slots(int first, int nslots)
{
	PQclear(run(holder, "BEGIN"));
	for (int i = 0; i < nslots; i++)
	{
		send_booking(holder, some_client(), first + i);
		if (read_answer(holder) != 1)
			die("slot %d was taken", first + i);
	}
}

/* Waits until everybody waits. */
static void
wait_for_queue(void)
{
	for (int i = 0; i < 10000; i++)
	{
		PGresult   *result = run(watch, "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted");
		int			waiting = atoi(PQgetvalue(result, 0, 0));

		PQclear(result);
		if (waiting == nseats)
			return;
		usleep(1000);
	}
	die("not all came to wait");
}

/* All go for nslots slots at once; queued: these are taken, and are let go of when all wait. */
static void
go(Tally *tally, int first, int nslots, int queued)
{
	int			shift = some_client();
	double		wal;

	if (queued)
		take_slots(first, nslots);
	wal = wal_position();
	for (int i = 0; i < nseats; i++)
		seats[i].before = clock_us(seats[i].clock);
	for (int i = 0; i < nseats; i++)
	{
		seats[i].won = -1;
		seats[i].sent = clock_us(CLOCK_MONOTONIC);
		send_booking(seats[i].conn, some_client(), first + (i + shift) % nslots);
	}
	if (queued)
	{
		wait_for_queue();
		PQclear(run(holder, "COMMIT"));
	}
	read_answers(tally);
	usleep(2000);				/* all servers are idle again */
	for (int i = 0; i < nseats; i++)
	{
		double		cpu = clock_us(seats[i].clock) - seats[i].before;

		if (seats[i].won)
			tally->won++, tally->cpu_won += cpu;
		else
			tally->lost++, tally->cpu_lost += cpu;
	}
	tally->wal += wal_position() - wal;
}

static void
take_seats(void)
{
	static const char book[] =
	"SELECT * FROM swan_book($1::bigint, $2::bigint, actor => $1::bigint)";

	for (int i = 0; i < nseats; i++)
	{
		seats[i].conn = connect_as("bench_backend");
		prepare(seats[i].conn, "book", book);
		if (clock_getcpuclockid(PQbackendPID(seats[i].conn), &seats[i].clock) != 0)
			die("cannot see what a server process works");
	}
	holder = connect_as("bench_backend");
	prepare(holder, "book", book);
	watch = connect_as("postgres");
}

static void
print_calls(const char *variant, const char *measure, double sum, int n)
{
	if (n > 0)
		printf("%s %s %.2f\n", variant, measure, sum / n);
}

int
main(int argc, char **argv)
{
	enum {RUSH, BOOKING, LATE, QUEUED, NKINDS};
	Tally		tallies[NKINDS];
	int			nslots,
				rushes,
				slot;

	if (argc != 6)
		die("usage: rush CONNECTIONS SLOTS RUSHES FIRST CLIENTS");
	nseats = atoi(argv[1]);
	nslots = atoi(argv[2]);
	rushes = atoi(argv[3]);
	slot = atoi(argv[4]);
	nclients = atoi(argv[5]);
	next_client = slot % nclients;
	seats = calloc(nseats, sizeof(Seat));
	for (int i = 0; i < NKINDS; i++)
		tallies[i].us = malloc((WARM + rushes) * nseats * sizeof(double));
	take_seats();

	for (int i = -WARM; i < rushes; i++)
	{
		if (i == 0)
			for (int k = 0; k < NKINDS; k++)
			{
				double	   *us = tallies[k].us;

				memset(&tallies[k], 0, sizeof(Tally));
				tallies[k].us = us;
			}
		go(&tallies[RUSH], slot, nslots, 0);
		go(&tallies[LATE], slot, nslots, 0);
		slot += nslots;
		go(&tallies[BOOKING], slot, nseats, 0);
		slot += nseats;
		go(&tallies[QUEUED], slot, nslots, 1);
		slot += nslots;
	}
	if (tallies[RUSH].won != rushes * nslots || tallies[BOOKING].lost > 0 ||
		tallies[LATE].won > 0 || tallies[QUEUED].won > 0)
		die("not every slot went to one");

	printf("median us %.1f\n", quantile(tallies[RUSH].us, tallies[RUSH].n, 0.5));
	printf("p99 us %.1f\n", quantile(tallies[RUSH].us, tallies[RUSH].n, 0.99));
	print_calls("loser", "cpu", tallies[RUSH].cpu_lost, tallies[RUSH].lost);
	print_calls("winner", "cpu", tallies[RUSH].cpu_won, tallies[RUSH].won);
	print_calls("booking", "cpu", tallies[BOOKING].cpu_won, tallies[BOOKING].won);
	print_calls("late", "cpu", tallies[LATE].cpu_lost, tallies[LATE].lost);
	print_calls("queued", "cpu", tallies[QUEUED].cpu_lost, tallies[QUEUED].lost);
	print_calls("booking", "wal", tallies[BOOKING].wal, tallies[BOOKING].won);
	print_calls("late", "wal", tallies[LATE].wal, tallies[LATE].lost);
	print_calls("queued", "wal", tallies[QUEUED].wal, tallies[QUEUED].lost);
	return 0;
}
