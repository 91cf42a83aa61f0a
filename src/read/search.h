/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Looking for people by a part of what is written of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_SEARCH_H
#define SWAN_SEARCH_H

extern char *search_pattern(const char *search);

#endif							/* SWAN_SEARCH_H */
