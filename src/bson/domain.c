/*
 * domain.c
 *	  Check the constraints of domains.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "bson/domain.h"


/*
 * Is a column's type a domain, or an array of domains?  If so, the domain can
 * raise an error while a value is read.
 */
bool
ad_has_domain(Oid typid)
{
	return get_typtype(typid) == TYPTYPE_DOMAIN ||
		get_typtype(get_element_type(typid)) == TYPTYPE_DOMAIN;
}

/*
 * Raise the domain's error if a value, which may be null, violates one of its
 * constraints.  Does nothing if the target is not a domain.
 */
void
ad_check_domain(AdTarget *target, Datum value, bool isnull)
{
	if (OidIsValid(target->domain))
		domain_check(value, isnull, target->domain, &target->domain_cache,
					 target->context);
}
