/*
 * asan_first.c
 *	  Starts AddressSanitizer before any other library's constructor runs.
 *
 * It starts with the first malloc().  In a PostgreSQL of Debian that one is
 * made by libgpg-error's constructor inside bindtextdomain(), under a lock of
 * libc that the start itself needs: the server would hang.  The linker's flag
 * initfirst (see Makefile) puts this constructor before that.
 */
#include <stdlib.h>

extern void ad_asan_first(void);

__attribute__((constructor))
void
ad_asan_first(void)
{
	void	   *volatile memory = malloc(1);

	free(memory);
}
