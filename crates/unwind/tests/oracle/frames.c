/* C code on the way to the places of frames.S. */

#include <signal.h>
#include <stdint.h>
#include <string.h>

extern const uint64_t stops[18];

void stop_here(void);
void bare(void), endbr_push(void), push_mov(void), push_mov_other_encoding(void);
void realign(void), realign_callee_saved(void), bad_epilogue(void);
void rbp_zero(void), rbp_wild(void), return_to_zero(void), own_caller(void), caller_below(void);
void no_return_address(void), return_address_in_rip(void), rules(void), ends_in_call(void);

static volatile int sink;

#define NOINLINE __attribute__((noinline, noclone))

/* Saves all callee-saved registers. */
NOINLINE static int saves(int a, int b, int c, int d, int e, int f)
{
	int g = a * b, h = c * d, i = e * f;

	stop_here();
	sink += a + b + c + d + e + f;
	return g + h + i;
}

NOINLINE static int recurse(int n)
{
	int r = n > 0 ? recurse(n - 1) + n : saves(n, 2, 3, 4, 5, 6);

	sink += r;
	return r;
}

NOINLINE static int with_alloca(int n)
{
	char *p = __builtin_alloca(n);

	memset(p, n, n);
	sink += saves(p[1], p[2], 3, 4, 5, 6);
	return p[0];
}

/* GCC realigns the stack and describes the CFA by an expression. */
NOINLINE static int overaligned(int n)
{
	char p[n];
	struct { long v[8]; } __attribute__((aligned(64))) a;

	memset(p, n, n);
	memset(&a, n, sizeof(a));
	sink += saves(p[1], a.v[1], 3, 4, 5, 6);
	return p[0] + a.v[2];
}

NOINLINE static int innermost(int n)
{
	stop_here();
	sink += n;
	return n + 1;
}

/* At -O2 these two leave by a jump. */
NOINLINE static int tail_two(int n)
{
	sink += n;
	return innermost(n + 2);
}

NOINLINE static int tail_one(int n)
{
	sink += n;
	return tail_two(n + 1);
}

static void handler(int number)
{
	sink += number;
	stop_here();
}

int main(int argc, char **argv)
{
	int r = recurse(25);

	(void)argv;
	r += with_alloca(20 + argc);
	r += overaligned(20 + argc);
	r += tail_one(argc) * 3;
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	bare();
	endbr_push();
	push_mov();
	push_mov_other_encoding();
	realign();
	realign_callee_saved();
	bad_epilogue();
	rbp_zero();
	rbp_wild();
	return_to_zero();
	own_caller();
	caller_below();
	no_return_address();
	return_address_in_rip();
	rules();
	ends_in_call();
	sink += r;
	return 0;
}
