/*-------------------------------------------------------------------------
 *
 * tasks.c
 *	  What trainers do on their own: the words of the setting trainer_may.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "studio/studio.h"

static const char *const task_names[NTRAINER_TASKS] = {
	[TASK_OPEN] = "open",
	[TASK_REQUEST] = "request",
	[TASK_BOOK] = "book",
	[TASK_COMPLETE] = "complete",
	[TASK_CANCEL] = "cancel",
	[TASK_RETURN] = "return",
};

/* Returns how the setting calls a task. */
const char *
trainer_task_name(TrainerTask task)
{
	return task_names[task];
}

/* Returns the bit of the task whose name is so many bytes of a text, or 0. */
static int
task_bit(const char *name, size_t length)
{
	for (int i = 0; i < NTRAINER_TASKS; i++)
	{
		if (strlen(task_names[i]) == length && strncmp(task_names[i], name, length) == 0)
			return 1 << i;
	}
	return 0;
}

/*
 * Returns a bit for each task of a list, whose words commas and spaces part, or
 * -1 if one of them is no task.
 */
int
trainer_tasks_of(const char *list)
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
		if (bit == 0)
			return -1;
		tasks |= bit;
		list += length;
	}
}
