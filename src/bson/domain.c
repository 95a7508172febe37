/*
 * domain.c
 *	  The constraints of domains.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "bson/domain.h"


/*
 * Whether a column's type is a domain, or an array of one: then reading it can
 * raise an error of the domain's.
 */
bool
ad_has_domain(Oid typid)
{
	return get_typtype(typid) == TYPTYPE_DOMAIN ||
		get_typtype(get_element_type(typid)) == TYPTYPE_DOMAIN;
}

/*
 * Raise the domain's error if the value, which may be null, breaks one of its
 * constraints.
 */
void
ad_check_domain(AdTarget *target, Datum value, bool isnull)
{
	if (OidIsValid(target->domain))
		domain_check(value, isnull, target->domain, &target->domain_cache,
					 target->context);
}
