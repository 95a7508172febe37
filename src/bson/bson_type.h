/*
 * bson_type.h
 *	  BSON types: their names, and sets of them.
 *
 * A set of BSON types is a bit mask, with one bit for each type.  The type
 * codes of BSON are 1 to 19, 127 and 255 (bsonspec.org, version 1.1); in a
 * set they become "kinds", which are 1 to 21, so that a uint32 has room.
 */
#ifndef AD_BSON_TYPE_H
#define AD_BSON_TYPE_H

#include <bson/bson.h>

/* kinds are less than this */
#define AD_N_KINDS		22
#define AD_KIND(type) \
	((type) == BSON_TYPE_MAXKEY ? 20 : (type) == BSON_TYPE_MINKEY ? 21 : (int) (type))
#define AD_KIND_TYPE(kind) \
	((kind) == 20 ? BSON_TYPE_MAXKEY : (kind) == 21 ? BSON_TYPE_MINKEY : (bson_type_t) (kind))
#define AD_KIND_BIT(type) ((uint32) 1 << AD_KIND(type))

/* the types that are read as SQL NULL */
#define AD_NULL_KINDS	(AD_KIND_BIT(BSON_TYPE_NULL) | AD_KIND_BIT(BSON_TYPE_UNDEFINED))

extern const char *ad_bson_type_name(bson_type_t type);
extern uint32 ad_bson_alias_kinds(const char *alias);

#endif							/* AD_BSON_TYPE_H */
