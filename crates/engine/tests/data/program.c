/* A program whose variables have every shape that children are made of. */
struct in { int a; char c[4]; };
struct s {
	int x; struct in in; struct in *p;
	union { int u1; float u2; };
	char *str; int arr[3]; int m[2][2]; unsigned bf : 3;
	void (*fn)(int); void *vp; int *ip; struct s *next; struct undefd *und;
	long fam[];
};
int gi = 5; volatile int spins;
int twice(int n) { return 2 * n; }
static struct s gs = { .x = 1, .str = "hello", .ip = &gi, .bf = 5 };
int leaf(struct s *a, int n)
{
	struct s loc = *a;
	int k = n;
	{
		long k = 7;
		loc.x += k;
		loc.x += n;
	}
	return loc.x + k + twice(n);
}
int main(int argc, char **argv)
{
	gs.p = &gs.in;
	gs.next = &gs;
	int r = leaf(&gs, 3);
	while (spins) {}
	return r;
}
