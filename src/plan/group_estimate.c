/*
 * group_estimate.c
 *	  The number of groups that keys make.
 *
 * PostgreSQL takes an expression to have as many values as the columns that it
 * reads, so that after ANALYZE the months of instants are thought to be as
 * many as the instants.  A key cannot have more values than its parts allow,
 * though: a month of the year has 12, and the instants between two dates lie
 * in so many months.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "base/oids.h"
#include "plan/group_estimate.h"
#include "plan/scan_cost.h"
#include "translate/call.h"
#include "translate/clock_format.h"
#include "translate/value.h"
#include "translate/value_time.h"

/* the values that PostgreSQL expects of a column without statistics */
#define DEFAULT_NUM_DISTINCT	200

/*
 * An expression that may have more values than this is not expected to repeat
 * if what it reads is not, such as the seconds of an instant since 1970.
 */
#define MANY_VALUES	1000000

/* what ad_estimate_groups() works on */
typedef struct AdEstimate
{
	PlannerInfo *root;
	RelOptInfo *rel;
	double		rows;
	AdExprContext *context;		/* in which parts are translated */
	bool		unknown_is_unique;	/* is an instant or a double without
									 * statistics expected not to repeat? */
} AdEstimate;

/* whether the column is an instant or a double without statistics */
static bool
is_unknown(const AdEstimate *estimate, Var *var)
{
	VariableStatData data;
	bool		is_default;

	if (var->vartype != TIMESTAMPTZOID && var->vartype != TIMESTAMPOID && var->vartype != FLOAT8OID)
		return false;
	examine_variable(estimate->root, (Node *) var, 0, &data);
	(void) get_variable_numdistinct(&data, &is_default);
	ReleaseVariableStats(data);
	return is_default;
}

/* the estimated number of groups of these columns (Vars); may be infinite */
static double
column_groups(const AdEstimate *estimate, List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		if (estimate->unknown_is_unique && is_unknown(estimate, lfirst_node(Var, lc)))
			return INFINITY;
	}
	return columns == NIL ? 1 :
		estimate_num_groups(estimate->root, columns, estimate->rows, NULL, NULL);
}

/*
 * The time in seconds between the first and the last instant of the column,
 * by its histogram; negative if there is none.
 */
static double
known_span(const AdEstimate *estimate, Var *var)
{
	VariableStatData data;
	AttStatsSlot slot;
	double		span = -1;

	examine_variable(estimate->root, (Node *) var, 0, &data);
	if (HeapTupleIsValid(data.statsTuple) &&
		get_attstatsslot(&slot, data.statsTuple, STATISTIC_KIND_HISTOGRAM, InvalidOid,
						 ATTSTATSSLOT_VALUES))
	{
		if (slot.nvalues > 1 && (var->vartype == TIMESTAMPTZOID || var->vartype == TIMESTAMPOID))
			span = ((double) DatumGetTimestamp(slot.values[slot.nvalues - 1]) -
					(double) DatumGetTimestamp(slot.values[0])) / USECS_PER_SEC;
		else if (slot.nvalues > 1 && var->vartype == DATEOID)
			span = ((double) DatumGetInt32(slot.values[slot.nvalues - 1]) -
					(double) DatumGetInt32(slot.values[0])) * SECS_PER_DAY;
		free_attstatsslot(&slot);
	}
	ReleaseVariableStats(data);
	return span;
}

/* the part of the table's rows for which the conditions on this column alone are true */
static double
known_selectivity(const AdEstimate *estimate, Var *var)
{
	List	   *conditions = NIL;
	ListCell   *lc;

	foreach(lc, ((AdRelation *) estimate->rel->fdw_private)->remote_conds)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;

		if (list_difference(pull_var_clause(clause, PVC_INCLUDE_PLACEHOLDERS), list_make1(var)) == NIL)
			conditions = lappend(conditions, lfirst(lc));
	}
	return clauselist_selectivity(estimate->root, conditions, estimate->rel->relid, JOIN_INNER, NULL);
}

/*
 * The most units of this length in which the column's instants lie.  Without
 * statistics, units that are longer than a second are expected to be as many
 * as the values of any other column.
 */
static double
most_units(const AdEstimate *estimate, Var *var, double seconds)
{
	double		span = known_span(estimate, var);

	if (span >= 0)
		return 2 + span * known_selectivity(estimate, var) / seconds;
	return seconds > 1 ? DEFAULT_NUM_DISTINCT : INFINITY;
}

/*
 * The length in seconds of the units within which the part that the expression
 * extracts stays the same; 0 if it extracts none.
 */
static double
part_seconds(Node *node)
{
	static const struct
	{
		const char *part;
		const char *unit;
	}			units[] = {
		{"year", "year"}, {"isoyear", "year"}, {"quarter", "quarter"}, {"month", "month"}, {"week", "week"},
		{"day", "day"}, {"doy", "day"}, {"dow", "day"}, {"isodow", "day"},
		{"hour", "hour"}, {"minute", "minute"}, {"second", "second"},
	};
	Node	   *time;
	const char *part = ad_extracted_part(node, &time);

	for (int i = 0; part != NULL && i < lengthof(units); i++)
	{
		if (strcmp(units[i].part, part) == 0)
			return ad_instant_unit_seconds(units[i].unit);
	}
	return 0;
}

/*
 * The length in seconds of the bins that floor(extract(epoch FROM instant) / length)
 * makes, as BI tools write it; 0 for another expression.
 */
static double
epoch_seconds(Node *node)
{
	static const Oid rounding[] = {
		F_FLOOR_NUMERIC, F_FLOOR_FLOAT8, F_CEIL_NUMERIC, F_CEIL_FLOAT8, F_ROUND_NUMERIC, F_ROUND_FLOAT8,
		F_TRUNC_NUMERIC, F_TRUNC_FLOAT8,
	};
	static const Oid dividing[] = {F_NUMERIC_DIV, F_FLOAT8DIV};
	List	   *args;
	Node	   *time;
	double		length;
	const char *part;

	if (!ad_is_one_of(ad_called(node, &args), rounding, lengthof(rounding)) ||
		!ad_is_one_of(ad_called(linitial(args), &args), dividing, lengthof(dividing)))
		return 0;
	part = ad_extracted_part(linitial(args), &time);
	return part != NULL && strcmp(part, "epoch") == 0 && ad_constant_number(lsecond(args), &length) ? fabs(length) : 0;
}

/*
 * The length in seconds of the bins of instants for which the expression has the same
 * value; 0 if it has no such bins.
 */
static double
bin_seconds(Node *node)
{
	FuncExpr   *func = (FuncExpr *) node;
	Const	   *stride;
	Interval   *interval;
	double		seconds = Max(part_seconds(node), epoch_seconds(node));

	if (seconds > 0)
		return seconds;
	if (!IsA(node, FuncExpr) || (func->funcid != F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ &&
								 func->funcid != F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP))
		return 0;
	stride = linitial(func->args);
	if (!IsA(stride, Const) || stride->constisnull)
		return 0;
	interval = DatumGetIntervalP(stride->constvalue);
	return interval->day * (double) SECS_PER_DAY + (double) interval->time / USECS_PER_SEC;
}

/* the same, also for a cut to a unit; `value` is the translation, or NULL */
static double
value_seconds(Node *node, const AdValue *value)
{
	double		seconds = bin_seconds(node);

	return seconds > 0 || value == NULL || value->unit == NULL ? seconds : ad_instant_unit_seconds(value->unit);
}

/* the most values that the translation of an expression has; infinite if it does not tell */
static double
most_by_value(const AdEstimate *estimate, Node *node)
{
	AdValueContext values = {.base = estimate->context};
	List	   *vars = pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS);
	AdValue		value;
	Node	   *time;
	bool		known;
	double		seconds;
	double		most = INFINITY;

	if (exprType(node) == BOOLOID)
		return 3;
	known = ad_value(&values, node, &value);
	seconds = value_seconds(node, known ? &value : NULL);
	if (seconds > 0 && list_length(vars) == 1 && IsA(linitial(vars), Var))
		most = most_units(estimate, linitial(vars), seconds);
	if (known && (value.typid == INT2OID || value.typid == INT4OID || value.typid == INT8OID ||
				  (value.typid == NUMERICOID && value.divisor != 0) ||
				  (value.typid == FLOAT8OID && ad_extracted_part(node, &time) != NULL)))
		most = Min(most, (double) value.max - (double) value.min + 2);
	return most;
}

/* the most values of an expression, null included */
static double most_values(const AdEstimate *estimate, Node *node);

/* for multiply_part() */
typedef struct AdParts
{
	const AdEstimate *estimate;
	double		most;
} AdParts;

/* expression_tree_walker() callback: multiplies what the parts allow */
static bool
multiply_part(Node *node, void *arg)
{
	AdParts    *parts = arg;

	if (node == NULL)
		return false;
	if (IsA(node, List))
		return expression_tree_walker(node, multiply_part, arg);
	parts->most *= most_values(parts->estimate, node);
	return false;
}

static double
most_values(const AdEstimate *estimate, Node *node)
{
	AdParts		parts = {estimate, 1};
	double		by_value;

	if (!contain_var_clause(node))
		return 1;
	if (IsA(node, Var))
		return column_groups(estimate, list_make1(node));
	if (ad_clock_format_parts(node) != NIL)
		(void) multiply_part((Node *) ad_clock_format_parts(node), &parts);
	else
		(void) expression_tree_walker(node, multiply_part, &parts);
	by_value = most_by_value(estimate, node);
	return isinf(parts.most) && by_value > Max(MANY_VALUES, estimate->rows) ? INFINITY :
		Min(parts.most, by_value);
}

/*
 * Keys that read nothing but parts and units of one column's instants.  However
 * many there are, they make no more groups than there are units of the finest:
 * the day tells its day of the week.
 */
typedef struct AdBins
{
	const AdEstimate *estimate;
	Var		   *var;			/* the column; NULL if none has been found */
	bool		is_mixed;		/* is something else read, too? */
	double		finest;			/* length of the shortest unit in seconds */
	double		most;			/* the most values that the keys have, each by
								 * itself */
} AdBins;

/*
 * The same as value_seconds(), of any expression.  Only times can be cut to a unit,
 * and translating each part of a long expression would take too long.
 */
static double
seconds_of(const AdBins *bins, Node *node)
{
	AdValueContext values = {.base = bins->estimate->context};
	Oid			typid = exprType(node);
	AdValue		value;

	if (typid != TIMESTAMPTZOID && typid != TIMESTAMPOID && typid != DATEOID)
		return bin_seconds(node);
	return value_seconds(node, ad_value(&values, node, &value) ? &value : NULL);
}

/* expression_tree_walker() callback: notes which units are read of which column */
static bool
note_bins(Node *node, void *arg)
{
	AdBins	   *bins = arg;
	double		seconds;
	List	   *vars;

	if (node == NULL || IsA(node, List))
		return expression_tree_walker(node, note_bins, arg);
	seconds = seconds_of(bins, node);
	if (seconds == 0 && !IsA(node, Var) && !IsA(node, PlaceHolderVar))
		return expression_tree_walker(node, note_bins, arg);
	vars = pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS);
	if (vars == NIL)
		return false;
	bins->is_mixed |= seconds == 0 || list_length(vars) > 1 ||
		(bins->var != NULL && !equal(linitial(vars), bins->var));
	bins->var = linitial(vars);
	bins->finest = bins->finest == 0 ? seconds : Min(bins->finest, seconds);
	return bins->is_mixed;
}

/* adds a key to those of the same column; false if it reads something else, too */
static bool
add_to_bins(const AdEstimate *estimate, List **all, Node *key)
{
	AdBins	   *bins = palloc0(sizeof(AdBins));
	ListCell   *lc;

	bins->estimate = estimate;
	(void) note_bins(key, bins);
	if (bins->is_mixed || bins->var == NULL)
		return false;
	bins->most = most_values(estimate, key);
	foreach(lc, *all)
	{
		AdBins	   *other = lfirst(lc);

		if (!equal(other->var, bins->var))
			continue;
		other->finest = Min(other->finest, bins->finest);
		other->most *= bins->most;
		return true;
	}
	*all = lappend(*all, bins);
	return true;
}

/* the most groups that the keys, expressions of the table, make of its rows */
static double
most_groups(const AdEstimate *estimate, List *keys)
{
	double		most = 1;
	List	   *columns = NIL;
	List	   *all_bins = NIL;
	ListCell   *lc;

	foreach(lc, keys)
	{
		if (IsA(lfirst(lc), Var))
			columns = lappend(columns, lfirst(lc));
		else if (!add_to_bins(estimate, &all_bins, lfirst(lc)))
			most *= most_values(estimate, lfirst(lc));
	}
	foreach(lc, all_bins)
	{
		AdBins	   *bins = lfirst(lc);

		most *= Min(bins->most, most_units(estimate, bins->var, bins->finest));
	}
	return most * column_groups(estimate, columns);
}

/* the estimated number of groups, see ad_estimate_groups(); may be infinite */
static double
estimate_groups(PlannerInfo *root, RelOptInfo *rel, List *keys, double rows, bool unknown_is_unique)
{
	AdExprContext context = ad_scan_context(rel->fdw_private);
	AdEstimate	estimate = {root, rel, rows, &context, unknown_is_unique};
	double		own = rel->rows;
	double		groups;

	context.bindings = NIL;
	context.bound = NULL;
	context.visits = 0;

	/*
	 * estimate_num_groups() reads rel->rows, which counts only the rows that
	 * pass the local conditions.
	 */
	rel->rows = rows;
	groups = most_groups(&estimate, keys);
	if (isfinite(groups))
		groups = Min(groups, estimate_num_groups(root, keys, rows, NULL, NULL));
	rel->rows = own;
	return groups;
}

/*
 * Returns the estimated number of groups that the keys, expressions of one
 * foreign table, make of so many of its rows.
 */
double
ad_estimate_groups(PlannerInfo *root, RelOptInfo *rel, List *keys, double rows)
{
	return keys == NIL ? 1 :
		clamp_row_est(Min(estimate_groups(root, rel, keys, rows, false), rows));
}

/*
 * Whether many of the table's documents can be expected to have the same
 * keys.
 */
bool
ad_expects_duplicates(PlannerInfo *root, RelOptInfo *rel, List *keys)
{
	return keys == NIL ||
		estimate_groups(root, rel, keys, rel->tuples, true) < rel->tuples / 2;
}
