/*
 * server_checks.h
 *	  The queries by which admin_dashboard_check_server() checks a server.
 */
#ifndef AD_SERVER_CHECKS_H
#define AD_SERVER_CHECKS_H

typedef struct AdServerCheck
{
	const char *construct;
	const char *query;
} AdServerCheck;

/* the columns of the table checked_calls, with their options, and its rows */
extern const char *const ad_check_columns;
extern const char *const ad_check_names;
extern const char *const ad_check_rows;

/* sorted by the names of their constructs, each of which has at least one */
extern const AdServerCheck ad_server_checks[];
extern const int ad_server_check_count;

#endif							/* AD_SERVER_CHECKS_H */
