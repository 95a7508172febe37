/*
 * duplicates.c
 *	  Subqueries of whose equal rows one is enough.
 *
 * INTERFACE ROUTINES
 *		ad_distinct_rows	prepares to plan such a subquery with DISTINCT
 *		ad_forget_distinct	takes DISTINCT away again
 *
 *		SELECT email FROM users EXCEPT SELECT created_by_email FROM calls
 *		SELECT email FROM users WHERE email NOT IN (SELECT created_by_email FROM calls)
 *
 * UNION, INTERSECT and EXCEPT without ALL remove duplicates of what their
 * branches return, and IN, ANY, ALL and EXISTS do not care about any.  So a
 * branch or a subquery of theirs that is a plain scan may as well return
 * distinct rows, which MongoDB makes.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parsetree.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/branch.h"
#include "plan/duplicates.h"

/* whether duplicates of a branch of set operations count */
typedef enum AdCount
{
	AD_COUNT_UNKNOWN,			/* the branch is another one */
	AD_COUNT_SO_FAR,			/* only operations around this one can tell */
	AD_COUNT_YES,
	AD_COUNT_NO
} AdCount;

/* whether duplicates of the branch count in this part of the set operations */
static AdCount
branch_counts(PlannerInfo *root, Node *node, const Query *branch)
{
	SetOperationStmt *operation = (SetOperationStmt *) node;
	AdCount		counts;

	if (IsA(node, RangeTblRef))
		return planner_rt_fetch(((RangeTblRef *) node)->rtindex, root)->subquery == branch ?
			AD_COUNT_SO_FAR : AD_COUNT_UNKNOWN;
	counts = branch_counts(root, operation->larg, branch);
	if (counts == AD_COUNT_UNKNOWN)
		counts = branch_counts(root, operation->rarg, branch);
	if (counts != AD_COUNT_SO_FAR)
		return counts;
	if (!operation->all)
		return AD_COUNT_NO;
	/* the others with ALL compare numbers of duplicates */
	return operation->op == SETOP_UNION ? AD_COUNT_SO_FAR : AD_COUNT_YES;
}

/* how a query scans a table in subqueries */
typedef struct AdReaders
{
	Oid			relid;
	bool		in_test;		/* in one that only IN, ANY, ALL or EXISTS
								 * read */
	bool		elsewhere;
} AdReaders;

/*
 * Whether the query, or one within it, reads the table, or perhaps does: the planner
 * may replace a function in FROM by its query.
 */
static bool
may_read_table(Node *node, void *relid)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;
		ListCell   *lc;

		foreach(lc, entry->functions)
		{
			FuncExpr   *call = (FuncExpr *) lfirst_node(RangeTblFunction, lc)->funcexpr;

			if (!IsA(call, FuncExpr) || call->funcid >= FirstNormalObjectId)
				return true;
		}
		return entry->rtekind == RTE_RELATION && entry->relid == *(Oid *) relid;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, may_read_table, relid, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, may_read_table, relid);
}

/*
 * Whether the planner may plan the subquery as a scan of the table that is_plain().
 * It can leave out a window function or an order, but not these.
 */
static bool
may_scan(Node *node, Oid relid)
{
	Query	   *query = castNode(Query, node);

	return !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
		query->limitCount == NULL && may_read_table(node, &relid);
}

/* check_functions_in_node() callback: whether the function is the user's, or volatile */
static bool
is_unknown_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId || func_volatile(function) == PROVOLATILE_VOLATILE;
}

/*
 * Whether the test of a subquery may have another result for one of equal rows than
 * for all: a volatile function, which is evaluated for each, and may be in a subquery
 * of the test's own; or a function or operator of the user's, which may tell 0 from -0.
 */
static bool
may_tell_apart(Node *node, void *context)
{
	return node != NULL &&
		(IsA(node, SubLink) || check_functions_in_node(node, is_unknown_function, context) ||
		 expression_tree_walker(node, may_tell_apart, context));
}

/* notes how a query and its expressions scan the table in subqueries, but not in theirs */
static bool
note_readers(Node *node, void *context)
{
	AdReaders  *readers = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		SubLink    *link = (SubLink *) node;

		if (may_scan(link->subselect, readers->relid))
		{
			if ((link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK ||
				 link->subLinkType == EXISTS_SUBLINK) && !may_tell_apart(link->testexpr, NULL))
				readers->in_test = true;
			else
				readers->elsewhere = true;
		}
		return note_readers(link->testexpr, context);
	}
	if (IsA(node, Query))
	{
		/* a subquery in FROM, or of WITH */
		readers->elsewhere |= may_scan(node, readers->relid);
		return false;
	}
	return expression_tree_walker(node, note_readers, context);
}

/*
 * Whether the query is the subquery of IN, ANY, ALL or EXISTS.
 *
 * The planner does not tell of which expression it plans the subquery, and it
 * plans a copy.  So no other subquery of the query around it may scan the table.
 */
static bool
is_tested(PlannerInfo *root, Oid relid)
{
	PlannerInfo *around = root->parent_root;
	AdReaders	readers = {.relid = relid};

	(void) query_tree_walker(around->parse, note_readers, &readers, 0);
	(void) note_readers((Node *) around->append_rel_list, &readers);
	return readers.in_test && !readers.elsewhere;
}

/* whether one of equal rows of the query, which scans this table, is enough */
static bool
is_one_enough(PlannerInfo *root, Oid relid)
{
	PlannerInfo *around = root->parent_root;

	if (around == NULL)
		return false;
	if (around->parse->setOperations != NULL)
		return branch_counts(around, around->parse->setOperations, root->parse) == AD_COUNT_NO;
	return is_tested(root, relid);
}

/* whether the query only scans a table and selects, so that its rows can be made distinct */
static bool
is_plain(const Query *parse)
{
	return ad_only_selects(parse) && parse->targetList != NIL &&
		!contain_volatile_functions((Node *) parse->targetList);
}

/*
 * Whether values that are equal stay so when the query around casts and compares
 * them.  citext is cast to text, which tells upper case from lower case, as another
 * collation may; and a record may hold such a value.
 */
static bool
has_common_equality(Node *expr)
{
	Oid			typid = exprType(expr);
	Oid			collation = exprCollation(expr);

	return (typid < FirstNormalObjectId || type_is_enum(typid)) && typid != RECORDOID && typid != RECORDARRAYOID &&
		(!OidIsValid(collation) || get_collation_isdeterministic(collation));
}

/*
 * DISTINCT over all columns of the target list, whose entries get numbers for it;
 * NIL if values of a column cannot be told apart.
 */
static List *
distinct_clause(List *tlist)
{
	List	   *clause = NIL;
	ListCell   *lc;

	foreach(lc, tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		TypeCacheEntry *type = lookup_type_cache(exprType((Node *) entry->expr),
												 TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_HASH_PROC);
		SortGroupClause *item = makeNode(SortGroupClause);

		if (entry->resjunk || !OidIsValid(type->eq_opr) || !OidIsValid(type->lt_opr) || !has_common_equality((Node *) entry->expr))
			return NIL;
		/* since PostgreSQL 17 a branch of UNION has some already */
		item->tleSortGroupRef = assignSortGroupRef(entry, tlist);
		item->eqop = type->eq_opr;
		item->sortop = type->lt_opr;
		item->hashable = OidIsValid(type->hash_proc);
		clause = lappend(clause, item);
	}
	return clause;
}

/*
 * If one of equal rows of the query is enough, makes DISTINCT a part of it, and
 * returns the relation for the paths of that.  Else returns NULL.
 */
RelOptInfo *
ad_distinct_rows(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	List	   *clause;
	RelOptInfo *rel;

	if (input_rel->reloptkind != RELOPT_BASEREL || input_rel->fdw_private == NULL || !is_plain(root->parse) ||
		!is_one_enough(root, planner_rt_fetch(input_rel->relid, root)->relid))
		return NULL;
	clause = distinct_clause(root->processed_tlist);
	if (clause == NIL)
		return NULL;
	ad_set_distinct_clause(root, clause);
	root->distinct_pathkeys = make_pathkeys_for_sortclauses(root, clause, root->processed_tlist);
	root->upper_targets[UPPERREL_DISTINCT] = make_pathtarget_from_tlist(root->processed_tlist);
	set_pathtarget_cost_width(root, root->upper_targets[UPPERREL_DISTINCT]);
	rel = fetch_upper_rel(root, UPPERREL_DISTINCT, NULL);
	rel->consider_parallel = output_rel->consider_parallel;
	rel->serverid = output_rel->serverid;
	rel->userid = output_rel->userid;
	rel->useridiscurrent = output_rel->useridiscurrent;
	rel->fdwroutine = output_rel->fdwroutine;
	return rel;
}

/*
 * Takes away what ad_distinct_rows() has made a part of the query.
 */
void
ad_forget_distinct(PlannerInfo *root)
{
	ad_set_distinct_clause(root, NIL);
	root->distinct_pathkeys = NIL;
}
