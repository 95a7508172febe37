/*
 * sql_array.h
 *	  The elements of an SQL array as constants.
 */
#ifndef AD_SQL_ARRAY_H
#define AD_SQL_ARRAY_H

#include "nodes/pg_list.h"

extern List *ad_sql_array_elements(Datum array, Oid element_type, Oid collation);

#endif							/* AD_SQL_ARRAY_H */
