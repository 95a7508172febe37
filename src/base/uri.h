/*
 * uri.h
 *	  MongoDB connection strings, as the driver reads them.
 *
 * Usable without the driver's header: who only checks options needs no more.
 */
#ifndef AD_URI_H
#define AD_URI_H

struct _mongoc_uri_t;

/* the read concerns that MongoDB has, NULL at the end */
extern const char *const ad_read_concerns[];

extern struct _mongoc_uri_t *ad_uri_parse(const char *text);
extern void ad_uri_check(const char *text);
extern void ad_uri_check_mechanism(const char *mechanism);
extern bool ad_uri_mechanism_is_ambient(const char *mechanism);
extern char *ad_uri_database(const char *text);
extern bool ad_uri_uses_tls(const struct _mongoc_uri_t *uri);

#endif							/* AD_URI_H */
