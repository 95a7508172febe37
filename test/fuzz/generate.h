/*
 * generate.h
 *	  Documents of all sorts: generated, and mutated.
 */
#ifndef AD_FUZZ_GENERATE_H
#define AD_FUZZ_GENERATE_H

#include "lib/stringinfo.h"

/* the longest document, in bytes */
#define MAX_DOCUMENT	(1024 * 1024)

typedef struct Generator
{
	uint64		random;			/* what the next random number is made of */
	StringInfo *seeds;			/* documents to mutate */
	int			nseeds;
} Generator;

extern bool one_in(Generator *gen, uint32 n);
extern void add_seed(Generator *gen, const void *data, int len);
extern void add_seeds(Generator *gen);
extern void next_document(Generator *gen, StringInfo out);

#endif							/* AD_FUZZ_GENERATE_H */
