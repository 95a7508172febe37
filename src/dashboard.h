/*
 * dashboard.h
 *	  The SQL function admin_dashboard().
 */
#ifndef AD_DASHBOARD_H
#define AD_DASHBOARD_H

extern void ad_dashboard_init(void);

#endif							/* AD_DASHBOARD_H */
