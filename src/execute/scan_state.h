/*
 * scan_state.h
 *	  The state of a foreign scan.
 */
#ifndef AD_SCAN_STATE_H
#define AD_SCAN_STATE_H

#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

#include "bson/decoder.h"
#include "query/query.h"

/*
 * An output of the query, and the fields of the reply that it is made from.
 * The members from "value" on are indexes in the decoder's result.
 */
typedef struct AdScanColumn
{
	AdOutput   *output;
	AdTarget   *target;
	const char *table;			/* table of the column; NULL if the output is
								 * computed */
	const char *name;			/* name of the column; NULL if the output is
								 * computed */
	bool		is_plain;		/* is a decoded value the column's? */
	ExprState  *then;			/* makes the column of the decoded value; or
								 * NULL */
	int			value;
	int			indicator;		/* -1 if the output has none */
	int			divisor;		/* -1 if the output has none */
	int			second;			/* -1 if the output has none */
	int			of_pairs[AD_PAIR_SUMS]; /* if the output has them */
} AdScanColumn;

/* a guard, and the indexes in the decoder's result of what it needs */
typedef struct AdScanGuard
{
	AdGuard    *guard;
	int			value;
	/* only for a guard with a quick form */
	int			sum;
	int			count;
} AdScanGuard;

/* what the processes of a parallel scan share, see shared_scan.c */
typedef struct AdSharedScan AdSharedScan;

typedef struct AdScanState
{
	AdQuery    *query;
	Oid			userid;			/* the role whose user mapping is used */
	List	   *slot_states;	/* ExprState of each slot */
	AdSlot	   *slots;			/* values of the slots, in command_cxt; NULL
								 * before the start */
	AdDecoder  *decoder;
	int			ncolumns;
	AdScanColumn *columns;
	int			nguards;
	AdScanGuard *guards;
	ExprContext *econtext;
	MemoryContext statement_cxt;	/* lives as long as the statement */
	MemoryContext command_cxt;	/* see the top of this file */
	MemoryContext tuple_cxt;
	bool		started;		/* has the query, or that of the slice, been
								 * run? */
	AdCursor   *cursor;			/* NULL before the start and after the end */
	/* see async_scan.c */
	bool		async;			/* does an Append wait for this scan and
								 * others? */
	bool		waits;			/* has no tuple been returned as it would have
								 * to be waited for? */
	bool		shares;			/* may it share a connection with a scan that
								 * is waited for? */
	bool		returned;		/* has it returned a tuple since the start? */
	int			counted;		/* index of the number of rows in the
								 * decoder's result, if they are counted */
	int64		left;			/* counted rows that are still to be returned */
	AdCursorStats total;		/* sums over the closed cursors */
	int64		nulled;			/* number of mismatches read as NULL */
	bool		quick;			/* is the query sent in a quick form? */
	bool		in_doubt;		/* is the last reply of that form in doubt? */
	int64		repeated;		/* number of queries sent again for this */
	Tuplestorestate *held;		/* tuples of the quick form; or NULL */
	Tuplestorestate *kept;		/* tuples kept for rescans, see
								 * ad_rescan_foreign_scan(); or NULL */
	TupleTableSlot *stored_slot;	/* for reading held and kept tuples; NULL
									 * before the first */
	AdSharedScan *shared;		/* what processes share; NULL if the scan is
								 * not parallel */
	AdSlice		slice;			/* the one that is read */
	int			slice_count;	/* number of slices; 0 if it is not known */

	/* for the context line of errors: what is being read */
	Oid			relid;			/* the table; for a join, the outer one */
	const char *table;			/* its name */
	bool		of_documents;	/* does the reply have documents of the
								 * collection, and not groups? */
	const uint8 *document;
	const AdScanColumn *column; /* the column that is being read while the
								 * decoder is not at work; or NULL */
	ErrorContextCallback place;
} AdScanState;

extern void ad_bind_slots(ForeignScanState *node);

#endif							/* AD_SCAN_STATE_H */
