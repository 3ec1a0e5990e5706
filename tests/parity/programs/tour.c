// SPDX-License-Identifier: MIT OR Apache-2.0
/* A native program for run control and values; compiled at several optimisation levels. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define noinline __attribute__((noinline))

enum color { RED, GREEN = 5, BLUE };
enum flags { READ = 1, WRITE = 2, EXEC = 4 };

struct point {
    int x, y;
};

struct bits {
    unsigned int one : 1;
    unsigned int three : 3;
    int negative : 5;
    unsigned long long wide : 40;
};

struct tree {
    int key;
    const char *name;
    struct tree *left, *right;
};

union number {
    int i;
    float f;
    unsigned char bytes[4];
};

typedef int (*operation)(int, int);

static struct tree leaf_a = {1, "a", NULL, NULL};
static struct tree leaf_c = {3, "c", NULL, NULL};
struct tree root = {2, "b", &leaf_a, &leaf_c};
struct bits bits = {1, 5, -9, 0xfedcba9876ULL};
union number number = {.f = 1.5f};
enum color color = BLUE;
enum flags flags = READ | EXEC;
int table[3][2] = {{1, 2}, {3, 4}, {5, 6}};
double ratio = 0.1;
float single = -2.5f;
long double extended = 3.25L;
bool truth = true;
char text[12] = "hello\n\"x\"";
volatile int counter;
long long big = -1234567890123LL;
static int hidden = 11;

static noinline int add(int a, int b)
{
    return a + b;
}

static noinline int sub(int a, int b)
{
    return a - b;
}

operation operations[2] = {add, sub};

static inline __attribute__((always_inline)) int twice(int value)
{
    int doubled = 0;

    doubled = value * 2;

    counter += doubled;
    return doubled;
}

static inline __attribute__((always_inline)) int four_times(int value)
{
    int half = 0;

    half = twice(value);

    return twice(half) + counter;
}

noinline int inlined(int start)
{
    int result = 0;

    result = four_times(start);

    counter = result;
    return result;
}

noinline long factorial(int n)
{
    long below = 0;

    if (n <= 1)
        return 1;
    below = factorial(n - 1);
    return below * n;
}

noinline struct point move(struct point p, int by)
{
    p.x += by;
    p.y -= by;
    return p;
}

noinline struct tree copy(const struct tree *from)
{
    struct tree result = {0, NULL, NULL, NULL};

    result = *from;

    result.key += 100;
    return result;
}

noinline double mean(double a, float b)
{
    return (a + b) / 2;
}

noinline int many(int a, long b, char c, const char *d, struct point *e, short f, unsigned g, int h)
{
    counter = a + (int)b + c + d[0] + e->x + f + (int)g + h;
    return counter;
}

noinline int loop(int rounds)
{
    int sum = 0;

    for (int i = 0; i < rounds; i++) {
        int square = 0;

        square = i * i;

        sum += square;
        counter = sum;
    }
    return sum;
}

noinline int scopes(int n)
{
    static int hidden = 22;
    int outer = n;

    {
        int outer = n + 1;

        hidden += outer;
        counter = hidden;
    }
    counter += outer;
    return hidden;
}

noinline int search(const struct tree *node, int key)
{
    while (node != NULL) {
        if (node->key == key)
            return node->name[0];
        node = key < node->key ? node->left : node->right;
    }
    return -1;
}

int main(void)
{
    struct point p = {1, 2};
    struct tree t = {0, NULL, NULL, NULL};
    int i = 0;

    counter = 1;
    i = inlined(3);
    i += (int)factorial(5);
    p = move(p, 10);
    t = copy(&root);
    i += (int)mean(ratio, single);
    i += many(1, 2, 'c', "string", &p, 6, 7, 8);
    i += loop(4);
    i += scopes(5);
    i += search(&root, 3);
    i += operations[0](i, 1);
    i += operations[1](i, t.key);
    counter = i + hidden;
    return 0;
}
