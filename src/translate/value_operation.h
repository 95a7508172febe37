/*
 * value_operation.h
 *	  Arithmetic operations, as parts of larger ones.
 */
#ifndef AD_VALUE_OPERATION_H
#define AD_VALUE_OPERATION_H

#include "translate/value.h"

/* a value that may be a part of a larger one */
typedef struct AdOperation
{
	AdValue		value;			/* its expr is NULL if there are terms */
	List	   *terms;			/* of a sum, in their order */
	List	   *signs;			/* 1 for a term that is added, -1 for one that
								 * is subtracted */
	bool		checked;		/* may one of the sums leave its range? */
	bool		wide;			/* also below that of MongoDB's long? */
	bool		fails;			/* is it null where it fails ... */
	AdFailureKind failure;		/* ... in this way ... */
	List	   *operands;		/* ... and these are not null? */
} AdOperation;

extern void ad_operation_inherit(AdValueContext *context, AdOperation *operands, int count,
								 AdOperation *result);
extern void ad_operation_close(AdValueContext *context, AdOperation *operation);
extern void ad_operation_add(AdValueContext *context, const char *op, AdOperation *operands,
							 AdOperation *result);
extern void ad_operation_settle(AdValueContext *context, AdOperation *operation);

/* expressions of them */
extern Node *ad_binary(const char *op, Node *left, Node *right);
extern Node *ad_checked_integer(Oid typid, Node *expr);
extern Node *ad_widened(bool wide, Node *expr);
extern Node *ad_is_infinite(Node *expr);
extern Node *ad_is_not_infinite(Node *expr);

#endif							/* AD_VALUE_OPERATION_H */
