/*-------------------------------------------------------------------------
 *
 * records.h
 *	  The setting session_records: one undated row for every credit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_RECORDS_H
#define SWAN_RECORDS_H

#include "account/account.h"

extern void records_sync(Call *call, const Account *account, const char *reason);

#endif							/* SWAN_RECORDS_H */
