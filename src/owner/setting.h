/*-------------------------------------------------------------------------
 *
 * setting.h
 *	  What a setting of a studio is, and which values it takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SETTING_H
#define SWAN_SETTING_H

#include "utils/jsonb.h"

#include "studio/studio.h"

/* what values a setting takes */
typedef enum SettingKind
{
	SETTING_CHOICE,
	SETTING_NUMBER,
	SETTING_INTERVAL,
	SETTING_PAUSE,
	SETTING_TIME_ZONE,
	SETTING_SEARCH_PATH,
	SETTING_TASKS,
	SETTING_HOOK
} SettingKind;

typedef struct Setting
{
	const char *name;			/* and that of its column in swan.studio */
	SettingKind kind;
	const char *choices[4];
	int			min;
	int			max;			/* of a list: the tasks that may be in it */
	const char *type;			/* of the column */
	const char *description;
	int			keeps;			/* the CheckTopics of its refuse */
	bool		may_be_unset;
} Setting;

extern char *setting_check(Studio *studio, const Setting *setting, char *value);

/* settings.c */
extern void settings_adopt(const char *name, Jsonb *values);

#endif							/* SWAN_SETTING_H */
