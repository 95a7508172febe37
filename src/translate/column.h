/*
 * column.h
 *	  Columns of foreign tables, and what a scan returns of them.
 */
#ifndef AD_COLUMN_H
#define AD_COLUMN_H

#include "utils/relcache.h"

#include "base/option.h"
#include "bson/sql_type.h"
#include "query/query.h"

/* a column, as queries see it */
typedef struct AdColumn
{
	AttrNumber	attnum;
	Oid			typid;
	int32		typmod;
	const AdType *type;			/* NULL for domains, arrays and enums */
	const char *field;			/* its path in the documents */
	AdMismatch	on_mismatch;
	bool		nameable;		/* can MongoDB's language say its path? */
	bool		shippable;		/* and tell which values decode? */
} AdColumn;

extern AdColumn *ad_column(Oid relid, AttrNumber attnum,
						   const AdTableOptions *options);
extern AdOutput *ad_column_output(const AdColumn *column, int position);
extern List *ad_table_outputs(Relation table, const AdTableOptions *options,
							  Bitmapset *attrs, bool all);

#endif							/* AD_COLUMN_H */
