/*
 * join.c
 *	  Joins of two tables in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_join_paths	the path of a join on one equality
 *		ad_plan_join				its plan
 *
 * The pipeline runs on the outer table's collection: $lookup puts the inner
 * documents with an equal key into an array, and $unwind makes one document
 * of each.  An equality of fields is the only form of $lookup that uses an
 * index (MongoDB manual, "$lookup (aggregation)").  Together with conditions
 * on the inner table it needs MongoDB 5.0.
 *
 * $lookup compares as the match language does: null is equal to null and to a
 * missing field, and an array to each of its elements.  So the outer key is
 * computed, as null unless it is a value that decodes, and the inner filter
 * demands such a value.  If values of two BSON types are equal in SQL, as a
 * text may also be an ObjectId, the outer key is an array of both.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "plan/join.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "query/avoid.h"
#include "query/budget.h"
#include "query/match.h"
#include "query/match_type.h"
#include "translate/filter.h"
#include "translate/let.h"

/* what it costs MongoDB to find a document by its _id */
#define AD_LOOKUP_COST		0.1

/* one side of a join */
typedef struct AdJoinSide
{
	RelOptInfo *rel;
	AdRelation *relation;
	AdExprContext context;		/* a copy of the relation's; inner slots
								 * follow the outer ones */
	Node	   *key;			/* SQL expression of its join key */
	const AdColumn *column;		/* the column that the key is */
} AdJoinSide;

/* a join, which its path keeps for the plan */
typedef struct AdJoin
{
	AdJoinSide	outer;
	AdJoinSide	inner;
	bool		keeps_outer;	/* LEFT JOIN */
	const char *field;			/* field that $lookup puts the inner document
								 * into */
	List	   *local;			/* RestrictInfos that are evaluated locally */
	/* for the plan */
	List	   *tlist;
	List	   *slots;
	AdQuery    *query;
} AdJoin;

/* sets one side of the join; false if it cannot be part of one */
static bool
init_side(AdJoinSide *side, RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;

	if (rel->reloptkind != RELOPT_BASEREL || relation == NULL ||
		!bms_is_empty(rel->lateral_relids) ||
		!relation->options->enable_join_pushdown || !relation->options->enable_filter_pushdown)
		return false;
	side->rel = rel;
	side->relation = relation;
	side->context = relation->context;
	side->context.bindings = NIL;
	side->context.bound = NULL;
	return true;
}

/* sets the key of one side; false if it is not a column of that side */
static bool
set_key(AdJoinSide *side, Node *node)
{
	side->key = node;
	side->column = ad_expr_column(&side->context, node);
	return side->column != NULL;
}

/*
 * Whether two values of these types that are equal in SQL, which converts
 * them, are equal in MongoDB, too.  Numeric is not such a type, as it may be
 * a double or a decimal, nor is date, which may be any instant of a day.
 */
static bool
are_joinable(const AdType *left, const AdType *right)
{
	switch (left->class)
	{
		case AD_CLASS_BOOL:
		case AD_CLASS_INTEGER:
		case AD_CLASS_TEXT:
			return left->class == right->class;
		case AD_CLASS_INSTANT:
			return left->typid == right->typid;
		default:
			return false;
	}
}

/*
 * Whether the condition is an equality that MongoDB can join on; sets both
 * keys.
 */
static bool
find_join_key(AdJoin *join, RestrictInfo *condition)
{
	OpExpr	   *expr = (OpExpr *) condition->clause;
	AdOp		op;
	Oid			operand_type;

	if (!IsA(expr, OpExpr) || list_length(expr->args) != 2)
		return false;
	if (!(set_key(&join->outer, linitial(expr->args)) && set_key(&join->inner, lsecond(expr->args))) &&
		!(set_key(&join->outer, lsecond(expr->args)) && set_key(&join->inner, linitial(expr->args))))
		return false;
	return are_joinable(join->outer.column->type, join->inner.column->type) &&
		ad_expr_operator(expr->opno, exprType(linitial(expr->args)), &op, &operand_type) &&
		op == AD_OP_EQ &&
		ad_is_deterministic(expr->inputcollid, operand_type);
}

/*
 * Finds the join key among the conditions; the others are evaluated locally.
 *
 * A left join can have no other condition in ON: it would decide which outer
 * rows have a partner, which cannot be found out from the joined rows.  Local
 * conditions of one table are evaluated on joined rows, that is, as often as
 * its row has partners.  So they must not be volatile.
 */
static bool
split_conditions(AdJoin *join, RelOptInfo *joinrel, List *conditions)
{
	bool		has_key = false;
	List	   *of_tables;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, lc);
		bool		joins = !join->keeps_outer ||
		!RINFO_IS_PUSHED_DOWN(condition, joinrel->relids);

		if (joins && !has_key && find_join_key(join, condition))
			has_key = true;
		else if (join->keeps_outer && joins)
			return false;
		else
			join->local = lappend(join->local, condition);
	}
	of_tables = list_concat_copy(join->outer.relation->local_conds,
								 join->inner.relation->local_conds);
	if (!has_key || (join->keeps_outer && join->inner.relation->local_conds != NIL) ||
		contain_volatile_functions((Node *) extract_actual_clauses(of_tables, false)))
		return false;
	join->local = list_concat(join->local, of_tables);
	return true;
}

/*
 * Sets join->tlist to the columns that the join returns, and that local
 * conditions need.  Returns false if it needs anything but columns.
 *
 * A mismatch in the outer key must raise an error.  The filter of an inner
 * join excludes it; a left join does not, so it returns the key.
 */
static bool
make_tlist(AdJoin *join, RelOptInfo *joinrel)
{
	ListCell   *lc;

	join->tlist = add_to_flat_tlist(NIL, joinrel->reltarget->exprs);
	foreach(lc, join->local)
		join->tlist = add_to_flat_tlist(join->tlist,
										pull_var_clause((Node *) lfirst_node(RestrictInfo, lc)->clause,
														PVC_INCLUDE_PLACEHOLDERS));
	if (join->keeps_outer)
		join->tlist = add_to_flat_tlist(join->tlist, pull_var_clause(join->outer.key, 0));
	foreach(lc, join->tlist)
	{
		Var		   *var = (Var *) lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(var, Var) || var->varattno <= 0)
			return false;
	}
	return true;
}

/* the column that a Var is, or NULL if it is not of this side */
static const AdColumn *
var_column(const AdJoinSide *side, const Var *var)
{
	if (var->varno != side->rel->relid)
		return NULL;
	return ad_column(side->context.relid, var->varattno, side->context.options);
}

/* whether an outer column reads the field, or a field within it */
static bool
is_read(AdJoin *join, const char *field)
{
	size_t		length = strlen(field);
	ListCell   *lc;

	foreach(lc, join->tlist)
	{
		const AdColumn *column = var_column(&join->outer, (Var *) lfirst_node(TargetEntry, lc)->expr);

		if (column != NULL && strncmp(column->field, field, length) == 0 &&
			(column->field[length] == '\0' || column->field[length] == '.'))
			return true;
	}
	return false;
}

/*
 * Chooses a field for the inner documents that no outer column reads.
 */
static void
name_field(AdJoin *join)
{
	join->field = "joined";
	while (is_read(join, join->field))
		join->field = psprintf("%s_", join->field);
}

/*
 * Adds an output for each column of the tlist.  Returns false if MongoDB
 * cannot name its field, or if its type cannot be null where a left join
 * needs it to be: a domain may refuse that.
 */
static bool
add_outputs(AdJoin *join)
{
	ListCell   *lc;

	foreach(lc, join->tlist)
	{
		Var		   *var = (Var *) lfirst_node(TargetEntry, lc)->expr;
		const AdColumn *column = var_column(&join->outer, var);
		bool		joined = column == NULL;
		AdOutput   *output;

		if (joined)
			column = var_column(&join->inner, var);
		if (column == NULL || !column->nameable || ad_target(column->typid, column->typmod) == NULL ||
			(joined && join->keeps_outer && get_typtype(column->typid) == TYPTYPE_DOMAIN))
			return false;
		output = ad_column_output(column, foreach_current_index(lc));
		output->joined = joined;
		if (joined)
			output->path = psprintf("%s.%s", join->field, column->field);
		join->query->outputs = lappend(join->query->outputs, output);
	}
	return true;
}

/*
 * The predicate for the inner table: its conditions that MongoDB evaluates,
 * and that the key has a value.  Its slots follow those of the outer table.
 */
static Node *
inner_filter(AdJoin *join)
{
	AdJoinSide *inner = &join->inner;
	List	   *predicates = NIL;
	ListCell   *lc;

	inner->context.slots = list_copy(join->outer.context.slots);

	/*
	 * MongoDB may evaluate conditions in any order, so none may rely on
	 * another.
	 */
	inner->context.proven = NULL;
	foreach(lc, inner->rel->baserestrictinfo)
	{
		bool		recheck;
		Node	   *predicate = ad_expr_true_when(&inner->context,
												  lfirst_node(RestrictInfo, lc)->clause, &recheck);

		if (predicate != NULL)
			predicates = lappend(predicates, predicate);
	}
	join->slots = inner->context.slots;
	return ad_and(lappend(predicates,
						  ad_match_has_value(inner->column->field, inner->column->type)));
}

/*
 * The outer key, which is null unless it is a value that decodes; NULL if it
 * has no translation.
 *
 * For text it is an array of the string and of the ObjectId with these
 * digits.  An ObjectId is shown in small letters, so a string with capital
 * letters equals none.
 */
static Node *
outer_key(AdJoin *join)
{
	AdValueContext values = {.base = &join->outer.context, .no_guards = true};
	AdValue		value;
	Node	   *text = ad_string("$$key");
	Node	   *lower = ad_doc("$toLower", text);
	Node	   *objectid;

	if (!ad_value(&values, join->outer.key, &value))
		return NULL;
	value.expr = ad_let_all(values.base, value.expr);
	if (join->outer.column->type->variant == NULL)
		return value.expr;
	objectid = ad_doc2("input", lower, "to", ad_string("objectId"));
	objectid = ad_doc_add(ad_doc_add(objectid, "onError", ad_null()), "onNull", ad_null());
	objectid = ad_value_if(ad_doc("$eq", ad_array2(lower, text)),
						   ad_doc("$convert", objectid), ad_null());
	return ad_doc("$let", ad_doc2("vars", ad_doc("key", value.expr),
								  "in", ad_array2(text, objectid)));
}

/*
 * Makes the query.  Returns false if MongoDB cannot do the join.
 */
static bool
make_query(AdJoin *join)
{
	AdRelation *outer = join->outer.relation;
	Node	   *filter = outer->filter;
	Node	   *key = outer_key(join);
	Node	   *joined = inner_filter(join);
	Node	   *lookup;
	Size		size = 0;

	if (key == NULL)
		return false;
	if (!join->keeps_outer)
		filter = ad_and(list_make2(filter, ad_match_has_value(join->outer.column->field,
															  join->outer.column->type)));
	join->query = ad_query_create(outer->serverid, outer->options, filter);
	join->query->aggregate = true;
	join->query->simple_collation |= join->inner.relation->options->simple_collation;
	join->query->joined_collection = join->inner.relation->options->collection;
	join->query->joined_filter = joined;
	if (!add_outputs(join))
		return false;

	lookup = ad_doc2("from", ad_string(join->query->joined_collection),
					 "localField", ad_string(join->field));
	lookup = ad_doc_add(lookup, "foreignField", ad_string(join->inner.column->field));
	lookup = ad_doc_add(lookup, "pipeline",
						ad_array1(ad_doc("$match", ad_node(AD_MATCH, list_make1(joined)))));
	lookup = ad_doc_add(lookup, "as", ad_string(join->field));
	join->query->stages =
		list_make3(ad_doc("$set", ad_doc(join->field, key)),
				   ad_doc("$lookup", lookup),
				   ad_doc("$unwind",
						  ad_doc2("path", ad_string(psprintf("$%s", join->field)),
								  "preserveNullAndEmptyArrays",
								  (Node *) makeBoolean(join->keeps_outer))));
	ad_query_project(join->query);
	if (join->query->projection != NULL)
		join->query->stages = lappend(join->query->stages,
									  ad_doc("$project", join->query->projection));
	join->query->projection = NULL;
	return ad_budget_allows((Node *) join->query->stages, AD_STAGES_DEPTH, &size) &&
		!ad_has_avoided(outer->options, filter) &&
		!ad_has_avoided(outer->options, (Node *) join->query->stages) &&
		!ad_has_avoided(join->inner.relation->options, (Node *) join->query->stages);
}

/*
 * Adds the path.
 *
 * _id is the only field that is certain to have an index.  Without an index,
 * MongoDB may read the whole inner collection for each outer document.  _id
 * is also unique, so the number of outer documents with a partner does not
 * depend on the planner's guess of the number of distinct values.
 */
static void
add_join_path(PlannerInfo *root, RelOptInfo *joinrel, AdJoin *join)
{
	AdScanWork	outer = ad_scan_work(root, join->outer.rel, NIL);
	AdScanWork	inner = ad_scan_work(root, join->inner.rel, NIL);
	double		sent = joinrel->rows;
	Cost		lookup_cost = join->inner.rel->tuples * cpu_operator_cost;
	Cost		startup_cost;
	Cost		run_cost;
	QualCost	local_cost;

	if (strcmp(join->inner.column->field, "_id") == 0)
	{
		double		partners = join->keeps_outer ? 1 :
		inner.documents / Max(join->inner.rel->tuples, 1);

		lookup_cost = AD_LOOKUP_COST;
		sent = Min(sent, clamp_row_est(outer.documents * partners));
	}
	cost_qual_eval(&local_cost, join->local, root);
	startup_cost = AD_STARTUP_COST + local_cost.startup + joinrel->reltarget->cost.startup;
	run_cost = outer.shared + outer.documents * lookup_cost +
		sent * (AD_DOCUMENT_COST + AD_PIPELINE_COST + local_cost.per_tuple) +
		joinrel->rows * (cpu_tuple_cost + joinrel->reltarget->cost.per_tuple);
	add_path(joinrel, (Path *)
			 ad_create_foreign_join_path(root, joinrel, NULL, joinrel->rows,
										 startup_cost, startup_cost + run_cost,
										 NIL, NULL, NULL, list_make1(join)));
}

/*
 * GetForeignJoinPaths, for inner and left joins of two tables of one
 * database.
 *
 * There is no path if rows are locked or changed in the query, because
 * PostgreSQL may then have to check single rows of each table again
 * (EvalPlanQual); nor if there are conditions without columns, which
 * PostgreSQL evaluates in a node above a scan, and this join has no such
 * scans.
 */
void
ad_get_foreign_join_paths(PlannerInfo *root, RelOptInfo *joinrel,
						  RelOptInfo *outerrel, RelOptInfo *innerrel,
						  JoinType jointype, JoinPathExtraData *extra)
{
	AdJoin	   *join = palloc0(sizeof(AdJoin));

	if ((jointype != JOIN_INNER && jointype != JOIN_LEFT) ||
		ad_may_recheck(root) ||
		root->hasPseudoConstantQuals || !bms_is_empty(joinrel->lateral_relids) ||
		!init_side(&join->outer, outerrel) || !init_side(&join->inner, innerrel) ||
		strcmp(join->outer.relation->options->database,
			   join->inner.relation->options->database) != 0)
		return;
	join->outer.context.slots = list_copy(join->outer.context.slots);
	join->keeps_outer = jointype == JOIN_LEFT;
	if (!split_conditions(join, joinrel, extra->restrictlist) || !make_tlist(join, joinrel))
		return;
	name_field(join);
	if (make_query(join))
		add_join_path(root, joinrel, join);
}

/*
 * Returns the plan of a join, which its path has prepared.
 */
ForeignScan *
ad_plan_join(ForeignPath *path, List *tlist, Plan *outer_plan)
{
	AdJoin	   *join = linitial(path->fdw_private);

	return make_foreignscan(tlist, extract_actual_clauses(join->local, false), 0,
							join->slots, ad_query_to_list(join->query), join->tlist,
							NIL, outer_plan);
}
