/*
 * column.h
 *	  Columns of foreign tables, and the outputs that a scan makes of them.
 */
#ifndef AD_COLUMN_H
#define AD_COLUMN_H

#include "utils/relcache.h"

#include "base/option.h"
#include "bson/sql_type.h"
#include "query/query.h"

/* one column of a foreign table */
typedef struct AdColumn
{
	AttrNumber	attnum;
	Oid			typid;
	int32		typmod;
	const AdType *type;			/* NULL for domains, arrays and enums */
	const char *field;			/* path of its field in the documents */
	AdMismatch	on_mismatch;
	bool		nameable;		/* can a MongoDB query name this path? */
	bool		shippable;		/* can MongoDB also test which values decode? */
} AdColumn;

extern AdColumn *ad_column(Oid relid, AttrNumber attnum,
						   const AdTableOptions *options);
extern bool ad_column_is_grouped(const AdColumn *column);
extern bool ad_column_is_read(const AdColumn *column);
extern AdOutput *ad_column_output(const AdColumn *column, int position);
extern List *ad_table_outputs(Relation table, const AdTableOptions *options,
							  Bitmapset *attrs, bool all);

#endif							/* AD_COLUMN_H */
