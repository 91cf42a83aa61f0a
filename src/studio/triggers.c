/*-------------------------------------------------------------------------
 *
 * triggers.c
 *	  The triggers of ours on the tables of a studio, which they are made from
 *	  and looked for by.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "studio/triggers.h"

#define ON(table)	(1 << (table))
#define OUR_TABLES	\
	(ON(TABLE_LEDGER) | ON(TABLE_LOTS) | ON(TABLE_HOLDS) | ON(TABLE_WAITS))
#define EACH_WRITE	(TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)

const StudioTrigger studio_triggers[] = {
	{"swan_word_users", ON(TABLE_USERS),
	TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | EACH_WRITE, "swan_guard_users", false},
	{"swan_guard_users", ON(TABLE_USERS),
	TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | EACH_WRITE, "swan_guard_users", true},
	{"swan_guard_sessions", ON(TABLE_SESSIONS),
	TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | EACH_WRITE, "swan_guard_sessions", true},
	{"swan_guard_closed", OUR_TABLES,
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_BEFORE | EACH_WRITE | TRIGGER_TYPE_TRUNCATE,
	"swan_guard_closed", false},
	{"swan_guard_truncate", ON(TABLE_USERS) | ON(TABLE_SESSIONS),
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE,
	"swan_guard_truncate", false},
	{NULL}
};

/* Returns whether a table of a studio carries a trigger. */
bool
studio_trigger_is_on(const StudioTrigger *trigger, StudioTable table)
{
	return (trigger->tables & ON(table)) != 0;
}

/* Returns the events that fire a trigger, as CREATE TRIGGER has them. */
static char *
trigger_events(const StudioTrigger *trigger)
{
	static const struct
	{
		int16		bit;
		const char *name;
	}			events[] = {
		{TRIGGER_TYPE_INSERT, "INSERT"}, {TRIGGER_TYPE_UPDATE, "UPDATE"},
		{TRIGGER_TYPE_DELETE, "DELETE"}, {TRIGGER_TYPE_TRUNCATE, "TRUNCATE"}
	};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < lengthof(events); i++)
	{
		if (trigger->type & events[i].bit)
			appendStringInfo(&text, "%s%s", text.len > 0 ? " OR " : "", events[i].name);
	}
	return text.data;
}

/*
 * Returns the command that makes a trigger on a relation, whose name is quoted,
 * with a function in a schema, whose name is not.
 */
char *
studio_trigger_command(const StudioTrigger *trigger, const char *relation,
					   const char *schema)
{
	return psprintf("CREATE TRIGGER %s %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s.%s()",
					trigger->name,
					TRIGGER_FOR_BEFORE(trigger->type) ? "BEFORE" : "AFTER",
					trigger_events(trigger), relation,
					TRIGGER_FOR_ROW(trigger->type) ? "ROW" : "STATEMENT",
					quote_identifier(schema), trigger->function);
}
