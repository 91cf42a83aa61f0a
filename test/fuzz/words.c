/*-------------------------------------------------------------------------
 *
 * words.c
 *	  What reads keys, reasons, settings and lists of words, under libFuzzer.
 *
 * Intervals, times, schemas and JSON are read by the server's own functions,
 * which cannot be linked without a server; test/t/096_fuzz.pl sends them by SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "standins.h"

#include "../../src/base/argument.c"
#include "../../src/owner/setting.c"
#include "../../src/studio/labels.c"
#include "../../src/studio/tasks.c"
#include "../../src/studio/actor.c"

static OwnName own_name = {"busy, or not", "scheduled"};
static Studio studio = {.name = "studio"};
char	   *swan_actor_setting;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A reason is a part of what was said, without blanks before it, and not too long. */
static void
try_reason(char *text)
{
	char	   *reason = check_reason(pstrdup(text), NULL);

	must((reason == NULL) == (text[strspn(text, blanks)] == '\0'));
	if (reason == NULL)
		return;
	must(strstr(text, reason) != NULL && strchr(blanks, reason[0]) == NULL);
	must(is_text((uint8 *) reason, strlen(reason)) && pg_mbstrlen(reason) <= SWAN_REASON_MAX);
	must(pg_mbstrlen(reason) == SWAN_REASON_MAX || strchr(blanks, reason[strlen(reason) - 1]) == NULL);
}

/* A key that is taken says something, and an index holds it. */
static void
try_key(char *text)
{
	check_label(text, "key");
	must(pg_mbstrlen(text) <= SWAN_KEY_MAX && text[strspn(text, blanks)] != '\0');
}

/* What is taken for a list of tasks reads the same as it is written down. */
static void
try_tasks(char *text)
{
	Setting		setting = {.name = "trainer_may",.max = TRAINER_TASKS};
	char	   *written = check_tasks(&setting, text);

	must(tasks_of(written, TRAINER_TASKS) >= 0);
	must((tasks_of(text, TRAINER_TASKS) & ~TRAINER_TASKS) == 0);
}

/* A number that is taken is in range, and there is nothing else. */
static void
try_number(char *text)
{
	Setting		setting = {.name = "grant_max",.min = 1,.max = 10000};
	int			n;
	char		rest;

	check_number(&setting, text);
	must(sscanf(text, "%d%c", &n, &rest) == 1 && n >= 1 && n <= 10000);
}

/* Whoever acts is who was written down, in this studio. */
static void
try_actor(char *text)
{
	bool		only;
	int64		id;

	swan_actor_setting = text;
	id = acting_person(&studio, &only);
	if (id == NO_ID)
		return;
	swan_actor_setting = psprintf(INT64_FORMAT "%s studio", id, only ? "!" : "");
	must(acting_person(&studio, &only) == id);
}

static void
try_text(int how, char *text)
{
	Setting		choice = {.name = "guard_balance",.choices = {"off", "record", "refuse"}};

	studio.status_names = lappend(NIL, &own_name);
	switch (how % 7)
	{
		case 0:
			try_reason(text);
			break;
		case 1:
			try_key(text);
			break;
		case 2:
			try_tasks(text);
			break;
		case 3:
			try_number(text);
			break;
		case 4:
			try_actor(text);
			break;
		case 5:
			check_choice(&choice, text);
			must(strcmp(text, "off") == 0 || strcmp(text, "record") == 0 || strcmp(text, "refuse") == 0);
			break;
		case 6:
			(void) studio_status_labels(&studio, text);
			must(studio_status_of(&studio, text) == NULL || studio_is_status(studio_status_of(&studio, text)));
			break;
	}
}
