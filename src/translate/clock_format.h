/*
 * clock_format.h
 *	  What to_char() and casts to time read of an instant.
 */
#ifndef AD_CLOCK_FORMAT_H
#define AD_CLOCK_FORMAT_H

#include "nodes/pg_list.h"

extern List *ad_clock_format_parts(Node *node);

#endif							/* AD_CLOCK_FORMAT_H */
