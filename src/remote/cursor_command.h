/*
 * cursor_command.h
 *	  Says in the driver's terms what a command of a cursor asks for.
 */
#ifndef AD_CURSOR_COMMAND_H
#define AD_CURSOR_COMMAND_H

#include "base/driver.h"
#include "remote/request.h"

/* the BSON of a command as the driver's type, without copies */
typedef struct AdViews
{
	const char *database;		/* names in UTF-8 */
	const char *collection;		/* or NULL */
	bson_t		body;
	bson_t		projection;
	bson_t		sort;
} AdViews;

extern int64 ad_command_time_left(const AdCommand *command);
extern void ad_view_command(AdViews *views, const AdCommand *command);
extern void ad_append_options(bson_t *opts, const AdCommand *command, int64 max_time_ms,
							  const char *comment);
extern mongoc_cursor_t *ad_collection_cursor(mongoc_collection_t *collection, const AdCommand *command,
											 const AdViews *views, bson_t *opts);
extern void ad_append_explain(bson_t *explain, const AdCommand *command, const AdViews *views,
							  int64 max_time_ms, const char *comment);

#endif							/* AD_CURSOR_COMMAND_H */
