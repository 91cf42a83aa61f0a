/*-------------------------------------------------------------------------
 *
 * tasks.c
 *	  What trainers and staff do on their own: the words of trainer_may and staff_may.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "studio/studio.h"

static const char *const task_names[NTASKS] = {
	[TASK_OPEN] = "open",
	[TASK_REQUEST] = "request",
	[TASK_BOOK] = "book",
	[TASK_COMPLETE] = "complete",
	[TASK_CANCEL] = "cancel",
	[TASK_RETURN] = "return",
	[TASK_PURCHASE] = "purchase",
};

/* Returns how the settings call a task. */
const char *
task_name(Task task)
{
	return task_names[task];
}

/* Returns the bit of the task whose name is so many bytes of a text, or 0. */
static int
task_bit(const char *name, size_t length)
{
	for (int i = 0; i < NTASKS; i++)
	{
		if (strlen(task_names[i]) == length && strncmp(task_names[i], name, length) == 0)
			return 1 << i;
	}
	return 0;
}

/*
 * Returns a bit for each task of a list, whose words commas and spaces part, or
 * -1 if one of them is none of those that are known.
 */
int
tasks_of(const char *list, int known)
{
	int			tasks = 0;

	for (;;)
	{
		size_t		length;
		int			bit;

		list += strspn(list, ", ");
		if (*list == '\0')
			return tasks;
		length = strcspn(list, ", ");
		bit = task_bit(list, length);
		if ((bit & known) == 0)
			return -1;
		tasks |= bit;
		list += length;
	}
}
