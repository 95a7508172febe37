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

/* does the expression extract the year of an instant? */
static bool
is_year(Node *node)
{
	static const Oid functions[] = {
		F_EXTRACT_TEXT_TIMESTAMPTZ, F_EXTRACT_TEXT_TIMESTAMP, F_EXTRACT_TEXT_DATE,
		F_DATE_PART_TEXT_TIMESTAMPTZ, F_DATE_PART_TEXT_TIMESTAMP,
	};
	FuncExpr   *func = (FuncExpr *) node;
	const char *field;

	if (!IsA(node, FuncExpr) || !ad_is_one_of(func->funcid, functions, lengthof(functions)))
		return false;
	field = ad_lower_constant(linitial(func->args));
	return field != NULL && (strcmp(field, "year") == 0 || strcmp(field, "isoyear") == 0);
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

	if (is_year(node))
		return ad_instant_unit_seconds("year");
	if (!IsA(node, FuncExpr) || (func->funcid != F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ &&
								 func->funcid != F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP))
		return 0;
	stride = linitial(func->args);
	if (!IsA(stride, Const) || stride->constisnull)
		return 0;
	interval = DatumGetIntervalP(stride->constvalue);
	return interval->day * (double) SECS_PER_DAY + (double) interval->time / USECS_PER_SEC;
}

/* the most values that the translation of an expression has; infinite if it does not tell */
static double
most_by_value(const AdEstimate *estimate, Node *node)
{
	AdValueContext values = {.base = estimate->context};
	List	   *vars = pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS);
	AdValue		value;

	if (exprType(node) == BOOLOID)
		return 3;
	if (bin_seconds(node) > 0 && list_length(vars) == 1 && IsA(linitial(vars), Var))
		return most_units(estimate, linitial(vars), bin_seconds(node));
	if (!ad_value(&values, node, &value))
		return INFINITY;
	if (value.unit != NULL && list_length(vars) == 1 && IsA(linitial(vars), Var))
		return most_units(estimate, linitial(vars), ad_instant_unit_seconds(value.unit));
	if (value.typid == INT2OID || value.typid == INT4OID || value.typid == INT8OID ||
		(value.typid == NUMERICOID && value.divisor != 0))
		return (double) value.max - (double) value.min + 2;
	return INFINITY;
}

/* the most values of an expression, null included */
static double most_values(const AdEstimate *estimate, Node *node);

/* for most_parts() */
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

/* the most groups that the keys, expressions of the table, make of its rows */
static double
most_groups(const AdEstimate *estimate, List *keys)
{
	double		most = 1;
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, keys)
	{
		if (IsA(lfirst(lc), Var))
			columns = lappend(columns, lfirst(lc));
		else
			most *= most_values(estimate, lfirst(lc));
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
