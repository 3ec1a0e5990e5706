/* One of everything that expressions meet. Beside it: what gdb 13.1 answers about it, built with
     gcc -g -O0 -fno-pie -no-pie -nostdlib -static -Wl,-z,noseparate-code,--build-id=none,-e,main -w kitchen.c
   and not run. fake.rs rebuilds its types and memory by hand, so that the tests need no compiler. */
struct inner { int a; char c; };
enum color { RED, GREEN = 5, BLUE };
enum flags { FA = 1, FB = 2, FC = 4 };
struct s {
  int x; unsigned int bf : 3; int sbf : 5; struct inner in; struct inner *pin; char name[8]; int arr[4];
  union { int u1; float f1; }; double d;
};
typedef struct s s_t;
struct list { struct list *next, *prev; };
struct ops { int (*open)(struct s *, int); const char *(*name)(const struct list *, ...); };
struct flex { int n; char data[]; };
struct only;
extern int f(int), g(struct s *, int); extern const char *fname(const struct list *, ...);
s_t gs = { 1, 5, -3, { 7, 'q' }, &gs.in, "hi", { 1, 2, 3, 4 }, { 42 }, 2.5 };
s_t *sp = &gs;
int garr[20] = { 1, 2, 3 };
int matrix[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
char *str = "hello";
const char *const names[3] = { "one", 0, "three" };
enum color col = GREEN;
enum flags fl = FA | FB;
_Bool yes = 1;
float ff = 1.5f;
double dd = 0.1;
long double ld = 1.25L;
signed char sc = -1;
unsigned char uc = 200;
long ll = -5;
unsigned long ul = 5;
void *vp = &gs;
int (*fp)(int) = f;
struct ops ops = { g, fname };
struct list head = { &head, &head };
char reps[64] = "aaaaaaaaaaaaaaaabcdddddddddddddddddddd";
char ctl[] = "\a\b\f\n\r\t\v\033\0\1\12\123z";
struct inner pairs[3][2] = { { { 1, 'a' }, { 1, 'a' } } };
struct flex flex = { 3 };
struct only *onlyp = (struct only *)0x20;
char *bad = (char *)0x10;
volatile const int vc = 9;
int f(int a) { return a; }
int g(struct s *p, int i) { return i; }
const char *fname(const struct list *l, ...) { return "n"; }
int main(void) { return 0; }
