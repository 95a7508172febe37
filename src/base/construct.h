/*
 * construct.h
 *	  The constructs of MongoDB's languages that a server may lack.
 */
#ifndef AD_CONSTRUCT_H
#define AD_CONSTRUCT_H

#include "nodes/bitmapset.h"

extern const char *ad_construct_name(int construct);
extern int	ad_construct_find(const char *prefix, const char *operator);
extern Bitmapset *ad_construct_list(const char *names, const char **invalid);

#endif							/* AD_CONSTRUCT_H */
