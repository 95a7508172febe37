/*
 * doubt.h
 *	  The tables whose queries are sent in their exact form only.
 */
#ifndef AD_DOUBT_H
#define AD_DOUBT_H

extern void ad_doubt(Oid relid);
extern bool ad_is_doubted(Oid relid);

#endif							/* AD_DOUBT_H */
