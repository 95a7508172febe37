/*
 * call.h
 *	  Calls of functions and operators, alike.
 */
#ifndef AD_CALL_H
#define AD_CALL_H

#include "nodes/pg_list.h"

extern Oid	ad_called(Node *node, List **args);
extern const char *ad_extracted_part(Node *node, Node **time);
extern bool ad_constant_number(Node *node, double *number);
extern Node *ad_make_call(Oid function, Oid result_type, const char *name, Node *time);
extern Oid	ad_same_operator(Oid opno, Oid of, Oid typid);

#endif							/* AD_CALL_H */
