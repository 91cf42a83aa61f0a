/*-------------------------------------------------------------------------
 *
 * client.h
 *	  What is said of a client wherever he is listed, in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_CLIENT_H
#define SWAN_CLIENT_H

#include "slot/slot.h"

#define WHOLE_NAME(alias) \
	"pg_catalog.concat_ws(' ', {" alias ".first_name}, {" alias ".last_name})"

/* how a person is called, or NULL */
#define PERSON_NAME(alias) \
	"CASE WHEN " WHOLE_NAME(alias) " OPERATOR(pg_catalog.<>) '' THEN " WHOLE_NAME(alias) " END"

/*
 * What indexes of our own studios are made of: the keys by which clients are
 * listed, and the text in which they are searched.  The arguments are columns in
 * braces, as a query or an index names them.  Nobody types the line feed that
 * keeps a name and an e-mail address apart.
 */
#define NAME_KEY(first_name, last_name) \
	"pg_catalog.lower((COALESCE(" last_name "::pg_catalog.text, '') OPERATOR(pg_catalog.||) ' '" \
	" OPERATOR(pg_catalog.||) COALESCE(" first_name "::pg_catalog.text, ''))" \
	" COLLATE pg_catalog.\"default\")"
#define CREATED_KEY(created_at) \
	"COALESCE(" created_at ", '-infinity'::pg_catalog.timestamptz)"
#define SEARCHED_TEXT(first_name, last_name, email) \
	"pg_catalog.lower((COALESCE(" first_name "::pg_catalog.text, '') OPERATOR(pg_catalog.||) ' '" \
	" OPERATOR(pg_catalog.||) COALESCE(" last_name "::pg_catalog.text, '')" \
	" OPERATOR(pg_catalog.||) E'\\n'" \
	" OPERATOR(pg_catalog.||) COALESCE(" email "::pg_catalog.text, ''))" \
	" COLLATE pg_catalog.\"default\")"

/* credits of a client that are past their expiry at "now", and not swept yet */
#define DUE_CREDITS(client, now) \
	"(SELECT COALESCE(pg_catalog.sum(l.remaining), 0)::pg_catalog.int4" \
	" FROM {lots} l WHERE l.user_id OPERATOR(pg_catalog.=) " client \
	" AND l.expires_at OPERATOR(pg_catalog.<=) " now ")"

/* the warning for so many credits */
#define WARNING_FOR(available, threshold) \
	"CASE WHEN " available " OPERATOR(pg_catalog.<=) 0 THEN 'none'" \
	" WHEN " available " OPERATOR(pg_catalog.<=) " threshold " THEN 'low' END"

/* the sentences that go with a warning */
#define SENTENCE_NONE	"Client has no available sessions. Add sessions to enable booking."
#define SENTENCE_LOW	"Client has low session count. Consider adding more sessions."

/*
 * (available, purchased, used, last_session) of the user u at "now": what he
 * bought, and what he used of it: debits that were not returned, less those of
 * bookings still to come.  A debit follows its booking, so the last row that
 * speaks of one tells whether a session is charged.  OFFSET keeps the planner
 * from counting again for every use of a figure.
 */
#define CLIENT_FIGURES(now) \
	"(SELECT COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.-) " \
	DUE_CREDITS("{u.id}", now) " AS available," \
	" (CASE WHEN g.known OPERATOR(pg_catalog.>) 0 THEN g.purchased" \
	" ELSE COALESCE({u.available_sessions}, 0) OPERATOR(pg_catalog.+) b.old_charged" \
	" END)::pg_catalog.int4 AS purchased," \
	" (g.debits OPERATOR(pg_catalog.-) b.charged)::pg_catalog.int4 AS used," \
	" b.last_session" \
	" FROM (SELECT pg_catalog.count(*) AS known, COALESCE(pg_catalog.sum(l.delta) FILTER (WHERE l.kind OPERATOR(pg_catalog.=)" \
	" ANY ('{opening,grant,purchase,reinstatement,reversal,revocation,external}')), 0) AS purchased," \
	" COALESCE(OPERATOR(pg_catalog.-) pg_catalog.sum(l.delta) FILTER (WHERE l.kind OPERATOR(pg_catalog.=)" \
	" ANY ('{booking,cancellation}')), 0) AS debits" \
	" FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) {u.id}) g," \
	" (SELECT pg_catalog.count(*) FILTER (WHERE" \
	" " SLOT_IS_LIVE("o") " AND" \
	" (SELECT l.kind OPERATOR(pg_catalog.<>) 'cancellation' AND l.lot_id IS NOT NULL" \
	" FROM {ledger} l WHERE l.user_id OPERATOR(pg_catalog.=) {u.id}" \
	" AND l.session_id OPERATOR(pg_catalog.=) {o.id}" \
	" AND l.kind OPERATOR(pg_catalog.=) ANY ('{booking,reschedule,cancellation}')" \
	" ORDER BY l.id DESC LIMIT 1)) AS charged," \
	" pg_catalog.count(*) FILTER (WHERE " SLOT_IS_LIVE("o") \
	" AND ({old_bookings} OPERATOR(pg_catalog.=) 'charged'" \
	" OR ({old_bookings} OPERATOR(pg_catalog.=) 'flag' AND {o.session_deducted}))) AS old_charged," \
	" pg_catalog.max({o.session_date})" \
	" FILTER (WHERE {o.status} OPERATOR(pg_catalog.=) 'completed') AS last_session" \
	" FROM {sessions} o WHERE {o.user_id} OPERATOR(pg_catalog.=) {u.id}" \
	" AND {o.session_date} IS NOT NULL) b OFFSET 0)"

#endif							/* SWAN_CLIENT_H */
