/*
 * calls_table.h
 *	  The relation that holds the calls.
 */
#ifndef AD_CALLS_TABLE_H
#define AD_CALLS_TABLE_H

/* the setting admin_dashboard.calls_table */
extern char *ad_calls_table;

extern void ad_calls_table_init(void);
extern Oid	ad_calls_table_find(void);
extern char *ad_calls_table_name(Oid relid);
extern const char *ad_calls_table_key(Oid relid);

#endif							/* AD_CALLS_TABLE_H */
