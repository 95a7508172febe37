/*
 * exact.c
 *	  Exact sums of doubles, and sets of users: functions and aggregates that
 *	  the SQL of kept sums is made of.
 *
 * A double is a whole number times a power of two.  Sums are whole numbers of
 * 2^-72 in 128 bits.  A double can be added if it is a multiple of that unit
 * and below 2^24, as every number of minutes from 60 microseconds to 31 years
 * is.  There is room for 2^31 of the largest ones; the sum of more is an
 * error.  As decimals such sums have at most 72 digits after the point, and
 * numeric holds them exactly.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "kept/exact.h"

PG_FUNCTION_INFO_V1(admin_dashboard_exact_add);
PG_FUNCTION_INFO_V1(admin_dashboard_exact_result);
PG_FUNCTION_INFO_V1(admin_dashboard_users_change);
PG_FUNCTION_INFO_V1(admin_dashboard_users_add);
PG_FUNCTION_INFO_V1(admin_dashboard_users_result);

/* the unit is 2^-UNIT_BITS */
#define UNIT_BITS	72
#define LARGEST		16777216.0

/*
 * Can the double be added exactly?
 */
bool
ad_is_exact(double value)
{
	double		units = ldexp(value, UNIT_BITS);

	/* false for NaN; ldexp() is exact here, as the value is not subnormal */
	return fabs(value) < LARGEST && units == rint(units);
}

/*
 * Transition function of kept_exact_sum(float8): the state is an int128.
 */
Datum
admin_dashboard_exact_add(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	int128	   *sum;
	int128		units;
	double		value;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		sum = MemoryContextAllocZero(context, sizeof(int128));
	else
		sum = (int128 *) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(sum);
	value = PG_GETARG_FLOAT8(1);
	units = ad_is_exact(value) ? (int128) ldexp(value, UNIT_BITS) : 0;
	if (!ad_is_exact(value) || __builtin_add_overflow(*sum, units, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of minutes is out of range")));
	PG_RETURN_POINTER(sum);
}

/*
 * Final function of kept_exact_sum(float8): a numeric, 0 for no values.
 */
Datum
admin_dashboard_exact_result(PG_FUNCTION_ARGS)
{
	int128		sum = PG_ARGISNULL(0) ? 0 : *(int128 *) PG_GETARG_POINTER(0);
	int128		unit = (int128) 1 << UNIT_BITS;
	bool		negative = sum < 0;
	int128		rest;
	StringInfoData digits;

	/* the quotient has 55 bits, and ten times the remainder has 76 */
	initStringInfo(&digits);
	appendStringInfo(&digits, "%s" INT64_FORMAT ".", negative ? "-" : "",
					 (int64) (negative ? -(sum / unit) : sum / unit));
	rest = sum % unit;
	if (negative)
		rest = -rest;
	do
	{
		rest *= 10;
		appendStringInfoChar(&digits, '0' + (int) (rest >> UNIT_BITS));
		rest &= unit - 1;
	} while (rest != 0);
	PG_RETURN_DATUM(DirectFunctionCall1(numeric_trim_scale,
										DirectFunctionCall3(numeric_in, CStringGetDatum(digits.data),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

/* ------------------------------------------------------------------------
 * Sets of users
 * ------------------------------------------------------------------------ */

/*
 * A set of users is a bytea, in which user n has bit n % 8 of byte n / 8.
 * User 0 stands for none and is in no set.
 */

/* set or clear the bits of the users in an array */
static void
change_bits(uint8 *bits, int size, const int32 *users, int count, bool present)
{
	for (int i = 0; i < count; i++)
	{
		if (users[i] <= 0 || users[i] / 8 >= size)
			continue;
		if (present)
			bits[users[i] / 8] |= 1 << (users[i] % 8);
		else
			bits[users[i] / 8] &= ~(1 << (users[i] % 8));
	}
}

/* the members of an array of int4 without nulls */
static const int32 *
array_members(ArrayType *array, int *count)
{
	if (ARR_ELEMTYPE(array) != INT4OID || ARR_HASNULL(array) || ARR_NDIM(array) > 1)
		elog(ERROR, "invalid array of users");
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const int32 *) ARR_DATA_PTR(array);
}

/*
 * kept_users_change(users bytea, added int4[], removed int4[]) RETURNS bytea
 *
 * Returns the set with the first users and without the second.  Each argument
 * may be null for none.
 */
Datum
admin_dashboard_users_change(PG_FUNCTION_ARGS)
{
	bytea	   *old = PG_ARGISNULL(0) ? NULL : PG_GETARG_BYTEA_PP(0);
	int			old_size = old == NULL ? 0 : VARSIZE_ANY_EXHDR(old);
	int			size = old_size;
	const int32 *added = NULL;
	const int32 *removed = NULL;
	int			nadded = 0;
	int			nremoved = 0;
	bytea	   *result;

	if (!PG_ARGISNULL(1))
		added = array_members(PG_GETARG_ARRAYTYPE_P(1), &nadded);
	if (!PG_ARGISNULL(2))
		removed = array_members(PG_GETARG_ARRAYTYPE_P(2), &nremoved);
	for (int i = 0; i < nadded; i++)
		size = Max(size, added[i] / 8 + 1);
	result = palloc0(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	if (old_size > 0)
		memcpy(VARDATA(result), VARDATA_ANY(old), old_size);
	change_bits((uint8 *) VARDATA(result), size, added, nadded, true);
	change_bits((uint8 *) VARDATA(result), size, removed, nremoved, false);
	PG_RETURN_BYTEA_P(result);
}

/*
 * Transition function of kept_users_union(bytea): the state is a StringInfo,
 * the union of the sets.
 */
Datum
admin_dashboard_users_add(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old;
	StringInfo	all;
	bytea	   *users;
	const uint8 *bits;
	int			size;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
	{
		old = MemoryContextSwitchTo(context);
		all = makeStringInfo();
		MemoryContextSwitchTo(old);
	}
	else
		all = (StringInfo) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(all);
	users = PG_GETARG_BYTEA_PP(1);
	bits = (const uint8 *) VARDATA_ANY(users);
	size = VARSIZE_ANY_EXHDR(users);
	if (size > all->len)
	{
		enlargeStringInfo(all, size - all->len);
		memset(all->data + all->len, 0, size - all->len);
		all->len = size;
	}
	for (int i = 0; i < size; i++)
		all->data[i] |= bits[i];
	PG_RETURN_POINTER(all);
}

/*
 * Final function of kept_users_union(bytea): the set, empty for no sets.
 */
Datum
admin_dashboard_users_result(PG_FUNCTION_ARGS)
{
	StringInfo	all = PG_ARGISNULL(0) ? NULL : (StringInfo) PG_GETARG_POINTER(0);

	if (all == NULL)
		PG_RETURN_DATUM(PointerGetDatum(cstring_to_text("")));
	PG_RETURN_DATUM(PointerGetDatum(cstring_to_text_with_len(all->data, all->len)));
}
