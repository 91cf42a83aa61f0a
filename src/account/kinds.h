/*-------------------------------------------------------------------------
 *
 * kinds.h
 *	  Which kinds of session the credits of a lot are good for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_KINDS_H
#define SWAN_KINDS_H

#include "account/account.h"

extern const ArrayType *kinds_check(Call *call, const ArrayType *kinds);
extern const ArrayType *kinds_argument(Call *call, FunctionCallInfo fcinfo, int n);
extern bool lot_is_good(const Lot *lot, const char *kind);
extern int32 account_spendable(Call *call, const Account *account, const char *kind);
extern bool account_is_short(Call *call, const Account *account, const char *kind);
extern char *kinds_of_session(const char *kind);

#endif							/* SWAN_KINDS_H */
