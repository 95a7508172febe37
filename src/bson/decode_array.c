/*
 * decode_array.c
 *	  BSON arrays to PostgreSQL's.
 *
 * Arrays in an array are dimensions, unless the element type is json or jsonb,
 * which holds them itself.  PostgreSQL's arrays have the same length wherever
 * they are in one dimension, and nulls in the innermost only; what is not like
 * that is a mismatch, and so is an element that is one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "bson/decode_array.h"
#include "bson/domain.h"

typedef struct AdArrayBuild
{
	const AdTarget *element;
	int			ndim;			/* 0 until the first element is met */
	int			dims[MAXDIM];
	Datum	   *values;
	bool	   *nulls;
	int			count;
	int			size;
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

/* whether a BSON array is a dimension of its own */
static bool
is_dimension(const AdArrayBuild *build, const AdElement *element)
{
	return element->type == BSON_TYPE_ARRAY &&
		build->element->type->typid != JSONOID &&
		build->element->type->typid != JSONBOID;
}

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
 * Read the BSON array that the element is as dimension number `depth`, from 0.
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
		/* the first innermost element says how many dimensions there are */
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
 * The value of an array column; false if it is a mismatch.
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
	/* arrays without elements: only one that is not nested is like ours */
	if (build.count == 0)
	{
		if (build.dims[0] != 0)
			return false;
		*value = PointerGetDatum(construct_empty_array(target->element->domain ?
													   target->element->domain :
													   target->element->typid));
		return true;
	}
	/* empty arrays before the first value were one dimension too many */
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
