/*
 * value_operation.h
 *	  Arithmetic operations, as parts of larger ones.
 */
#ifndef AD_VALUE_OPERATION_H
#define AD_VALUE_OPERATION_H

#include "translate/value.h"

/* an arithmetic operation, which may become part of a larger one */
typedef struct AdOperation
{
	AdValue		value;			/* without expr while there are terms */
	List	   *terms;			/* of a sum, in order; NIL if it is none, or
								 * closed */
	List	   *signs;			/* 1 where the term is added, -1 where it is
								 * subtracted */
	bool		checked;		/* can a sum on the way leave its range? */
	bool		wide;			/* can it fall below the range of long? */
	bool		fails;			/* is it null where PostgreSQL raises an
								 * error? */
	AdFailureKind failure;		/* the error: only one kind */
	List	   *operands;		/* it has failed if it is null and all of
								 * these are not */
} AdOperation;

extern void ad_operation_inherit(AdValueContext *context, AdOperation *operands, int count,
								 AdOperation *result);
extern void ad_operation_close(AdValueContext *context, AdOperation *operation);
extern void ad_operation_add(AdValueContext *context, const char *op, AdOperation *operands,
							 AdOperation *result);
extern void ad_operation_settle(AdValueContext *context, AdOperation *operation);

/* expressions for arithmetic */
extern Node *ad_binary(const char *op, Node *left, Node *right);
extern Node *ad_checked_integer(Oid typid, Node *expr);
extern Node *ad_widened(bool wide, Node *expr);
extern Node *ad_is_infinite(Node *expr);
extern Node *ad_is_not_infinite(Node *expr);

#endif							/* AD_VALUE_OPERATION_H */
