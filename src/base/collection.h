/*
 * collection.h
 *	  Rules for the names of MongoDB databases and collections.
 */
#ifndef AD_COLLECTION_H
#define AD_COLLECTION_H

extern const char *ad_database_flaw(const char *name);
extern const char *ad_auth_source_flaw(const char *name);
extern const char *ad_collection_flaw(const char *name);

#endif							/* AD_COLLECTION_H */
