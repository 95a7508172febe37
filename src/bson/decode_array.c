/*
 * decode_array.c
 *	  Decode BSON arrays to PostgreSQL arrays.
 *
 * Nested BSON arrays become the dimensions of one PostgreSQL array, unless
 * the element type is json or jsonb, whose values can be arrays themselves.
 * In a PostgreSQL array all parts of one dimension have the same length, and
 * only the innermost dimension can contain nulls.  A BSON array of another
 * shape is a mismatch, and so is an array with an element that is a mismatch.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "bson/decode_array.h"
#include "bson/domain.h"

/* an array while it is decoded */
typedef struct AdArrayBuild
{
	const AdTarget *element;	/* the element type */
	int			ndim;			/* 0 before the first element */
	int			dims[MAXDIM];	/* length of each dimension; -1: not known yet */
	Datum	   *values;			/* the elements, in row-major order */
	bool	   *nulls;
	int			count;			/* number of elements */
	int			size;			/* elements that values and nulls have room
								 * for */
} AdArrayBuild;

static void
add_element(AdArrayBuild *build, Datum value, bool isnull)
{
	if (build->count == build->size)
	{
		build->size = Max(16, build->size * 2);
		build->values = build->values == NULL ?
			palloc(build->size * sizeof(Datum)) :
			repalloc(build->values, build->size * sizeof(Datum));
		build->nulls = build->nulls == NULL ?
			palloc(build->size * sizeof(bool)) :
			repalloc(build->nulls, build->size * sizeof(bool));
	}
	build->values[build->count] = value;
	build->nulls[build->count++] = isnull;
}

/* is this element a BSON array that forms a dimension? */
static bool
is_dimension(const AdArrayBuild *build, const AdElement *element)
{
	return element->type == BSON_TYPE_ARRAY &&
		build->element->type->typid != JSONOID &&
		build->element->type->typid != JSONBOID;
}

/* decode one element of the innermost dimension; false if it is a mismatch */
static bool
read_element(AdArrayBuild *build, const AdElement *element)
{
	Datum		value = (Datum) 0;
	bool		isnull = ad_is_null(element->type);

	if (!isnull && !build->element->type->decode(build->element, element, &value))
		return false;
	ad_check_domain(unconstify(AdTarget *, build->element), value, isnull);
	add_element(build, value, isnull);
	return true;
}

/*
 * Read a BSON array as dimension number "depth", which counts from 0.
 * Returns false if it is a mismatch.
 */
static bool
read_dimension(AdArrayBuild *build, const AdElement *element, int depth)
{
	AdReader	reader;
	AdElement	inner;
	int			length = 0;

	check_stack_depth();
	if (depth >= MAXDIM)
		return false;
	ad_reader_enter(&reader, element);
	while (ad_reader_next(&reader, &inner))
	{
		bool		deeper = is_dimension(build, &inner);

		length++;
		/* the first element that is not an array fixes the dimensions */
		if (build->ndim == 0 && !deeper)
			build->ndim = depth + 1;
		if (build->ndim != 0 && deeper != (depth + 1 < build->ndim))
			return false;
		if (deeper ? !read_dimension(build, &inner, depth + 1) : !read_element(build, &inner))
			return false;
	}
	if (build->dims[depth] == -1)
		build->dims[depth] = length;
	return build->dims[depth] == length;
}

/*
 * Decode the value of an array column; an AdType.decode function.  Returns
 * false if it is a mismatch.  Raises an error if an element violates its
 * domain.
 */
bool
ad_decode_array(const AdTarget *target, const AdElement *element, Datum *value)
{
	AdArrayBuild build = {.element = target->element};
	int			lower[MAXDIM];

	if (element->type != BSON_TYPE_ARRAY)
		return false;
	for (int i = 0; i < MAXDIM; i++)
	{
		build.dims[i] = -1;
		lower[i] = 1;
	}
	if (!read_dimension(&build, element, 0))
		return false;
	/* "[]" is PostgreSQL's empty array, but "[[]]" has no counterpart */
	if (build.count == 0)
	{
		if (build.dims[0] != 0)
			return false;
		*value = PointerGetDatum(construct_empty_array(target->element->domain ?
													   target->element->domain :
													   target->element->typid));
		return true;
	}
	/* empty arrays before the first element may have the wrong depth */
	if (ArrayGetNItems(build.ndim, build.dims) != build.count)
		return false;
	*value = PointerGetDatum(construct_md_array(build.values, build.nulls, build.ndim,
												build.dims, lower,
												target->element->domain ?
												target->element->domain :
												target->element->typid,
												target->typlen, target->typbyval,
												target->typalign));
	return true;
}
