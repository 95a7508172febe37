/*
 * guard.c
 *	  Memory of the driver that nobody can touch when it is freed.
 *
 * Loaded before all else (LD_PRELOAD) it gives libbson, and so libmongoc, an
 * allocator that has each block end where a page ends, and takes the pages away
 * when it is freed: whoever looks there or behind the end is ended by SIGSEGV.  No
 * address is used twice.
 *
 * It is a module of PostgreSQL, too, with a function that counts the blocks:
 *
 *		CREATE FUNCTION driver_blocks() RETURNS bigint LANGUAGE c AS '.../guard'
 */
#include "postgres.h"

#include <sys/mman.h>

#include <bson/bson.h>

#include "fmgr.h"

extern void __libc_free(void *block);

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(driver_blocks);

#define PAGE	((size_t) 4096)
#define ROUND	((size_t) 16)

/* addresses, of which only those of blocks have memory */
#define ARENA	((size_t) 1 << 42)

/* before each block */
typedef struct Head
{
	size_t		length;			/* of its pages */
	size_t		size;
} Head;

static char *arena;
static char *next;
static int64 blocks = 0;

static void *
guard_malloc(size_t size)
{
	size_t		rounded = (size + ROUND - 1) & ~(ROUND - 1);
	size_t		length = (rounded + sizeof(Head) + PAGE - 1) & ~(PAGE - 1);
	char	   *block = next + length - rounded;

	if (mprotect(next, length, PROT_READ | PROT_WRITE) != 0)
		abort();
	next += length + PAGE;
	((Head *) block)[-1].length = length;
	((Head *) block)[-1].size = size;
	blocks++;
	return block;
}

static void
guard_free(void *block)
{
	Head	   *head = (Head *) block - 1;
	char	   *base = (char *) ((uintptr_t) head & ~(PAGE - 1));
	size_t		length;

	if (block == NULL)
		return;
	length = head->length;
	if (madvise(base, length, MADV_DONTNEED) != 0 || mprotect(base, length, PROT_NONE) != 0)
		abort();
	blocks--;
}

/* libmongoc frees some blocks by this */
void
free(void *block)
{
	if (arena != NULL && (char *) block >= arena && (char *) block < arena + ARENA)
		guard_free(block);
	else
		__libc_free(block);
}

/* pages are zero when they are new */
static void *
guard_calloc(size_t n, size_t size)
{
	return guard_malloc(n * size);
}

static void *
guard_realloc(void *block, size_t size)
{
	void	   *result = guard_malloc(size);

	if (block != NULL)
		memcpy(result, block, Min(size, ((Head *) block)[-1].size));
	guard_free(block);
	return result;
}

static void __attribute__((constructor))
install_guard(void)
{
	static const bson_mem_vtable_t vtable = {
		.malloc = guard_malloc,
		.calloc = guard_calloc,
		.realloc = guard_realloc,
		.free = guard_free,
	};

	arena = next = mmap(NULL, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		abort();
	bson_mem_set_vtable(&vtable);
}

/*
 * driver_blocks() RETURNS bigint: how many blocks the driver has.
 */
Datum
driver_blocks(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(blocks);
}
