/* Functions for the debugger to call: arguments and results in every place the calling convention has. */
struct big {
	long a[5];
};

struct pair {
	int first;
	long second;
};

struct small {
	char a, b, c;
};

struct big numbers = {{1, 2, 3, 4, 5}};
struct small letters = {'a', 'b', 'c'};
int counter;
char text[16];

int add(int a, int b)
{
	return a + b;
}

struct big make_big(int first)
{
	struct big made;

	for (int i = 0; i < 5; i++)
		made.a[i] = first + i;
	return made;
}

struct pair make_pair(int first, long second)
{
	struct pair made = {first, second};

	return made;
}

struct small turn(struct small it)
{
	struct small made = {it.c, it.b, it.a};

	return made;
}

long sum_big(struct big it, int more)
{
	long sum = more;

	for (int i = 0; i < 5; i++)
		sum += it.a[i];
	return sum;
}

long sum_pair(struct pair it)
{
	return it.first + it.second;
}

long ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

int length(const char *it)
{
	int n = 0;

	while (it[n])
		n++;
	return n;
}

char *copy(const char *it)
{
	int n = 0;

	do
		text[n] = it[n];
	while (it[n++]);
	return text;
}

int (*chosen)(int, int) = add;

void bump(void)
{
	counter++;
}

int crash(void)
{
	return *(volatile int *)0;
}

int inner(int more)
{
	counter += more;
	return counter;
}

int outer(int more)
{
	int got = inner(more);

	return got + 1;
}

/* Its parts come back in two registers of the x87. */
long double _Complex both(int n)
{
    return n + 2.0iL * n;
}

int main(void)
{
	struct pair mine = {3, 4};

	counter = 5;
	bump();
	bump();
	counter = add(1, 2);
	return mine.first + make_pair(1, 2).first + length(copy("x"));
}
