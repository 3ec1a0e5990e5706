/* Values whose bytes, types or names are not the usual ones. */
struct be {
	int x;
	short y;
	char c;
	unsigned b1 : 3;
	int b2 : 6;
	long long l;
	double d;
	int a[3];
	struct { short q; } in;
} __attribute__((scalar_storage_order("big-endian"))) be = {
	0x01020304, 0x0506, 'c', 5, -3, 0x0102030405060708LL, 1.5, { 1, 2, 3 }, { 9 }
};
_Complex double cd = 1.5 + 2.5i;
_Complex int ci = 3 + 4i;
struct holds { _Complex int m; int k; } holds = { 1 + 2i, 7 };
struct self { struct undef *u; struct undef **uu; } self;
enum elsewhere *eup;
typedef int A;
typedef A B;
typedef B C;
typedef int (*fn_t)(int);
typedef fn_t fn2_t;
typedef struct self self_t;
typedef self_t self2_t;
C c;
fn2_t f;
self2_t s2;
unsigned long ul;
short sh;
int arr[2] = { 10, 20 };
int runs[20] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5 };
static int hidden[3] = { 1, 2, 3 };

int work(int p, char q, double r)
{
	int x = p + 1;
	char ch = q;
	struct holds s = holds;

	return x + ch + s.k + hidden[0] + (int)r;
}

int main(void)
{
	return work(be.x, 'a', 2.0) + c + (int)ul + sh;
}
