/*
 * analyze.h
 *	  ANALYZE for foreign tables.
 */
#ifndef AD_ANALYZE_H
#define AD_ANALYZE_H

#include "foreign/fdwapi.h"

extern bool ad_analyze_foreign_table(Relation relation, AcquireSampleRowsFunc *func,
									 BlockNumber *totalpages);

#endif							/* AD_ANALYZE_H */
