/*-------------------------------------------------------------------------
 *
 * refund.h
 *	  What an amount of money that was refunded is worth in credits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SWAN_REFUND_H
#define SWAN_REFUND_H

#include "write/payment.h"

extern int64 refund_argument(FunctionCallInfo fcinfo, int n);
extern int32 refund_divide(Payment *payment, int32 *credits);

#endif							/* SWAN_REFUND_H */
