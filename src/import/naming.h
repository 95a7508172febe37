/*
 * naming.h
 *	  Make names of tables and columns from names of collections and fields.
 */
#ifndef AD_NAMING_H
#define AD_NAMING_H

typedef struct AdNames AdNames;

extern AdNames *ad_names_create(void);
extern const char *ad_names_add(AdNames *names, const char *name);
extern bool ad_names_has(const AdNames *names, const char *name);
extern const char *ad_clean_name(const char *name);

#endif							/* AD_NAMING_H */
