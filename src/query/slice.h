/*
 * slice.h
 *	  Slices: the parts of a query's documents that several processes read.
 */
#ifndef AD_SLICE_H
#define AD_SLICE_H

#include "query/template.h"

/* the greatest number of bounds */
#define AD_MAX_BOUNDS	10000

/* how a query is divided */
typedef struct AdSlices
{
	const char *path;			/* the field by whose values it is divided */
	List	   *bounds;			/* values in ascending order; a slice ends
								 * before its upper bound */
	int			count;			/* number of slices that the planner wants */
	bool		bounded;		/* can only values of the bounds' BSON type
								 * match the query's filter? */
} AdSlices;

/* one slice: the indexes of its bounds, -1 for none */
typedef struct AdSlice
{
	int			lower;
	int			upper;
} AdSlice;

extern AdSlices *ad_slices_create(const char *path, Oid typid, const Datum *values, int count,
								  bool bounded);
extern bool ad_filter_bounds(Node *filter, const char *path, Oid typid);
extern int	ad_slices_divide(const AdSlices *slices, Node *filter, uint16 *ends);
extern Node *ad_slice_filter(const AdSlices *slices, const AdSlice *slice, Node *filter);

#endif							/* AD_SLICE_H */
