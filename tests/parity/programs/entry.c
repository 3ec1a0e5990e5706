/* A program whose first function is written in C: its frames end at the entry. */

int counter;

__attribute__((noinline)) int inner(int n)
{
	counter += n;
	return counter;
}

__attribute__((noinline)) int outer(int n)
{
	return inner(n) + 1;
}

void _start(void)
{
	outer(3);
	outer(4);
	for (;;)
		;
}
