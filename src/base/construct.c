/*
 * construct.c
 *	  The constructs of MongoDB's languages that a server may lack.
 *
 * A construct is an operator or a stage.  Servers that are compatible with
 * MongoDB lack some, or evaluate them otherwise.  The option avoid of a
 * server or a table lists those that queries must not use, and
 * admin_dashboard_check_server() has a check for each.
 *
 * Stages that only pass documents on ($match, $project, $sort, $skip, $limit,
 * $set, $unwind) are not among them, because no query could do without.
 */
#include "postgres.h"

#include "base/construct.h"

/*
 * The constructs, sorted.  An operator has the name of its stage in front,
 * except in aggregation expressions.
 */
static const char *const constructs[] = {
	"$abs",
	"$add",
	"$and",
	"$arrayElemAt",
	"$ceil",
	"$concat",
	"$cond",
	"$convert",
	"$dateTrunc",
	"$dayOfMonth",
	"$dayOfWeek",
	"$dayOfYear",
	"$divide",
	"$eq",
	"$floor",
	"$group",
	"$group.$first",
	"$group.$max",
	"$group.$min",
	"$group.$sum",
	"$gt",
	"$gte",
	"$hour",
	"$ifNull",
	"$in",
	"$indexOfBytes",
	"$indexOfCP",
	"$isoDayOfWeek",
	"$isoWeek",
	"$isoWeekYear",
	"$let",
	"$lookup",
	"$lt",
	"$lte",
	"$ltrim",
	"$match.$expr",
	"$match.$gt",
	"$match.$gte",
	"$match.$in",
	"$match.$lt",
	"$match.$lte",
	"$match.$ne",
	"$match.$nin",
	"$match.$nor",
	"$match.$not",
	"$match.$or",
	"$match.$regex",
	"$match.$type",
	"$max",
	"$millisecond",
	"$min",
	"$minute",
	"$mod",
	"$month",
	"$multiply",
	"$ne",
	"$not",
	"$or",
	"$reduce",
	"$regexMatch",
	"$replaceAll",
	"$replaceWith",
	"$rtrim",
	"$second",
	"$setWindowFields",
	"$split",
	"$strLenCP",
	"$substrBytes",
	"$substrCP",
	"$subtract",
	"$switch",
	"$toDecimal",
	"$toDouble",
	"$toLong",
	"$toLower",
	"$toString",
	"$toUpper",
	"$trim",
	"$trunc",
	"$type",
	"$unionWith",
	"$year",
};

/*
 * Returns the name of a construct.  They are numbered from 0 in the order of
 * their names.
 */
const char *
ad_construct_name(int construct)
{
	return constructs[construct];
}

/* compares the name prefix || operator, of `length` bytes, with another name */
static int
compare(const char *prefix, const char *operator, size_t length, const char *name)
{
	size_t		prefixed = strlen(prefix);
	int			order = strncmp(prefix, name, prefixed);

	if (order == 0)
		order = strncmp(operator, name + prefixed, length);
	return order != 0 ? order : name[prefixed + length] == '\0' ? 0 : -1;
}

/* the construct whose name is prefix || operator, of `length` bytes; or -1 */
static int
find(const char *prefix, const char *operator, size_t length)
{
	int			first = 0;
	int			end = lengthof(constructs);

	while (first < end)
	{
		int			middle = (first + end) / 2;
		int			order = compare(prefix, operator, length, constructs[middle]);

		if (order == 0)
			return middle;
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return -1;
}

/*
 * Returns the construct whose name is the prefix followed by the operator, or
 * -1 if there is none.
 */
int
ad_construct_find(const char *prefix, const char *operator)
{
	return find(prefix, operator, strlen(operator));
}

/*
 * Returns the set of the constructs in a list of names, which are separated by
 * commas, with white space around them.  An empty list is the empty set.
 * *invalid is a palloc'd name that no construct has, or NULL; such names are
 * left out of the set.
 */
Bitmapset *
ad_construct_list(const char *names, const char **invalid)
{
	static const char spaces[] = " \t\r\n\f\v";
	Bitmapset  *result = NULL;

	*invalid = NULL;
	names += strspn(names, spaces);
	while (*names != '\0')
	{
		size_t		length = strcspn(names, ",");
		size_t		shown = length;
		int			construct;

		while (shown > 0 && strchr(spaces, names[shown - 1]) != NULL)
			shown--;
		construct = find("", names, shown);
		if (construct < 0 && shown > 0)
			*invalid = pnstrdup(names, shown);
		else if (construct >= 0)
			result = bms_add_member(result, construct);
		names += length;
		if (*names == ',')
			names += 1 + strspn(names + 1, spaces);
	}
	return result;
}
