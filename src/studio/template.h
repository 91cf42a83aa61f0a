/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Putting a studio's own names into the text of a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_TEMPLATE_H
#define SWAN_TEMPLATE_H

#include "studio/studio.h"

extern char *expand_template(Studio *studio, const char *text);

#endif							/* SWAN_TEMPLATE_H */
