/*
 * restate.c
 *	  Comparisons in the form that has a translation.
 */
#include "postgres.h"

#include "translate/elapsed.h"
#include "translate/restate.h"
#include "translate/time_of_day.h"

/*
 * Returns a comparison that has the same result as the expression for all rows and
 * is easier to translate; or the expression itself.
 */
const OpExpr *
ad_restated(const OpExpr *expr)
{
	return ad_elapsed_comparison(ad_time_of_day_comparison(expr));
}
