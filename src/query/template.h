/*
 * template.h
 *	  Turns the nodes of a query template into BSON or into text.
 */
#ifndef AD_TEMPLATE_H
#define AD_TEMPLATE_H

#include "lib/stringinfo.h"

#include "query/node.h"

/* the value of a slot */
typedef struct AdSlot
{
	Datum		value;
	bool		isnull;
} AdSlot;

extern bool ad_template_operand(Node *operand, const AdSlot *slots,
								Datum *value);
extern Node *ad_template_fold(Node *predicate, const AdSlot *slots);
extern Node *ad_template_bind(Node *value, const AdSlot *slots, bool exact);
extern Node *ad_template_match(Node *predicate);
extern Node *ad_template_field_test(Node *operators);
extern const uint8 *ad_template_bson(Node *document);
extern void ad_template_print(StringInfo out, Node *value);

#endif							/* AD_TEMPLATE_H */
