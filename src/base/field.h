/*
 * field.h
 *	  The syntax of field paths, which are the values of the option "field".
 */
#ifndef AD_FIELD_H
#define AD_FIELD_H

#include "lib/stringinfo.h"

extern const char *ad_field_flaw(const char *path);
extern bool ad_field_has_empty_name(const char *path);
extern bool ad_field_is_document(const char *path);
extern bool ad_field_is_nameable(const char *path);
extern const char *ad_field_projectable(const char *path);
extern char *ad_field_next_name(const char **path);
extern void ad_field_append_name(StringInfo path, const char *name);
extern bool ad_is_position(const char *name, size_t len);

#endif							/* AD_FIELD_H */
