/*
 * sql_array.c
 *	  The elements of an SQL array as constants.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "query/sql_array.h"

/*
 * Returns the elements of an array, nulls included, as a list of Consts of
 * the given type and collation.  The type may differ from the array's own
 * element type if the two are binary coercible, such as varchar and text.
 */
List *
ad_sql_array_elements(Datum array, Oid element_type, Oid collation)
{
	ArrayType  *elements = DatumGetArrayTypeP(array);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *values;
	bool	   *nulls;
	int			count;
	List	   *constants = NIL;

	get_typlenbyvalalign(ARR_ELEMTYPE(elements), &typlen, &typbyval, &typalign);
	deconstruct_array(elements, ARR_ELEMTYPE(elements), typlen, typbyval, typalign,
					  &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		constants = lappend(constants, makeConst(element_type, -1, collation, typlen,
												 values[i], nulls[i], typbyval));
	return constants;
}
