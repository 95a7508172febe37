/*
 * uri.h
 *	  Checks of MongoDB connection strings (URIs).
 *
 * This header does not include the driver's, so files that only check options
 * do not need it.
 */
#ifndef AD_URI_H
#define AD_URI_H

struct _mongoc_uri_t;

/* the levels of read concern in MongoDB; NULL marks the end */
extern const char *const ad_read_concerns[];

extern struct _mongoc_uri_t *ad_uri_parse(const char *text);
extern void ad_uri_check(const char *text);
extern void ad_uri_check_mechanism(const char *mechanism);
extern bool ad_uri_mechanism_is_ambient(const char *mechanism);
extern char *ad_uri_database(const char *text);
extern bool ad_uri_uses_tls(const struct _mongoc_uri_t *uri);

#endif							/* AD_URI_H */
