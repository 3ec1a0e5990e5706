/* Structures the compiler keeps in pieces, and labels. */
int sink;
struct pair {
	long a;
	long b;
};
struct mix {
	int x;
	int y;
	char tag;
};
struct wrap {
	struct pair p;
	int arr[2];
};
const char *text = "caf\303\251 \342\202\254 \360\237\230\200 bad \377\303 end";
char array[16] = "na\303\257ve";
unsigned char bytes[8] = "\303\251x";
char run[] = "\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251.";
__WCHAR_TYPE__ wide[] = L"a\u00e9\u20ac";
char cut[3] = "ab\303";

__attribute__((noinline)) int use(long v)
{
	sink += v;
	return sink;
}

__attribute__((noinline)) long pieces(long p)
{
	struct pair s;
	s.a = p * 3;
	s.b = 5;
	use(s.a);
	sink++;
	s.b = use(s.a + p);
	sink++;
	return s.a;
}

__attribute__((noinline)) long mixed(int n)
{
	struct mix m;
	m.x = n + 1;
	m.y = 77;
	use(m.x);
	sink++;
	use(m.y);
	sink++;
	return 0;
}

__attribute__((noinline)) long wrapped(long n)
{
	struct wrap w;
	w.p.a = n;
	w.arr[1] = 9;
	use(1);
	sink++;
	use(w.p.a);
	return 0;
}

__attribute__((noinline)) struct pair make(long n)
{
	struct pair r = { n, n + 1 };
	sink++;
	return r;
}

__attribute__((noinline)) int labels(int n)
{
	int total = 0;
again:
	total += n;
	if (--n > 0)
		goto again;
	if (total == 12345)
		goto out;
	use(total);
out:
	return total;
}

struct named {
	const char *name;
	long rest;
};

/* The texts are folded away: they are nowhere but in the debug information. */
__attribute__((noinline)) long named(long n)
{
	struct named s = { "folded", 7 };
	const char *alone = "away";
	use(__builtin_strlen(s.name) + s.rest);
	sink++;
	use(s.name[2] + alone[1]);
	sink++;
	{
		extern char **environ;
		long count = environ != 0;
		use(count);
		sink += count;
	}
	return 0;
}

int main(void)
{
	struct pair q = make(3);
	return labels(3) + pieces(sink) + mixed(sink) + wrapped(sink) + named(sink) + q.a;
}
