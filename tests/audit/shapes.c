// What types, storage and scopes C has, in few lines: material for `cargo xtask audit`.

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum colour { RED, GREEN = 5, BLUE, LAST = -1 };
enum flags { READ = 1, WRITE = 2, EXECUTE = 4 } __attribute__((packed));

typedef unsigned int u32;
typedef u32 id_type;
typedef int (*operation)(int left, int right);
typedef struct node node_type;
typedef int matrix[2][3];

struct bits {
    unsigned int one : 1;
    unsigned int three : 3;
    unsigned int : 4;
    signed int wide : 17;
    uint64_t far : 40;
    bool yes : 1;
};

struct packed {
    char tag;
    uint32_t word;
    uint16_t half;
} __attribute__((packed));

struct holes {
    char first;
    long second;
    char third;
    struct {
        short inner;
        double real;
    } nested;
    union {
        int number;
        char text[6];
        struct {
            uint16_t low, high;
        };
    };
    char tail;
};

struct node {
    struct node *next, **previous;
    const char *name;
    volatile int count;
    enum colour colour;
    operation run;
    void (*handlers[3])(struct node *, ...);
    char flexible[];
};

union any {
    float f;
    double d;
    long double ld;
    char bytes[16];
    struct bits bits;
};

struct outer {
    struct inner {
        int a, b;
    } pair[2];
    struct inner *link;
    struct {
    } nothing;
    int zero[0];
};

struct aligned {
    char c;
    int v __attribute__((aligned(32)));
};

static const char *const words[] = {"one", "two", "three", NULL};
static struct bits sample_bits = {1, 5, -3, 0x123456789aULL, true};
struct packed sample_packed = {'x', 0xdeadbeef, 7};
struct holes sample_holes = {.first = 'a', .second = -1, .nested = {3, 2.5}, .text = "hey"};
union any sample_any = {.d = 3.14159};
static matrix numbers = {{1, 2, 3}, {4, 5, 6}};
float real_number = -0.0f;
double tiny = 1e-310, huge = 1.5e300;
long double extended = 1.0L / 3;
double _Complex complex_number = 1.0 + 2.0 * I;
__int128 wide_number = -5;
enum colour paint = BLUE;
enum flags rights = READ | EXECUTE;
enum colour odd = 77;
bool truth = true;
char text[32] = "text with \t \033 and \377";
wchar_t wide[] = L"wide \x263a";
unsigned char raw[16] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 255};
int *dangling = (int *)16;
struct node head = {.name = "head", .colour = RED};
static struct aligned line;

static int add(int left, int right)
{
    return left + right;
}

static inline int twice(int value)
{
    int doubled = value * 2;
    return doubled;
}

static inline __attribute__((always_inline)) int fourfold(int value)
{
    int once = twice(value);
    {
        int again = twice(once);
        return again;
    }
}

static __attribute__((noinline)) int sum(const int *values, size_t length)
{
    int total = 0;
    for (size_t i = 0; i < length; i++) {
        int value = values[i];
        if (value < 0)
            continue;
        total += fourfold(value);
    }
    return total;
}

static __attribute__((noinline)) int counted(void)
{
    static int calls;
    static struct inner_static {
        int kept;
    } state;
    state.kept += ++calls;
    return state.kept;
}

static __attribute__((noinline)) long variable_length(int length)
{
    char buffer[length];
    memset(buffer, length, sizeof(buffer));
    return buffer[0] + (long)sizeof(buffer);
}

static __attribute__((noinline)) struct packed by_value(struct holes in, union any other, double d, float f)
{
    struct packed out = {in.first, (uint32_t)(d + f), (uint16_t)other.bytes[0]};
    return out;
}

int choose(int which, operation run)
{
    switch (which) {
    case 0:
        goto out;
    case 1:
        return run(1, 2);
    case 2: {
        int which = 9;
        return run(which, which);
    }
    default:
        break;
    }
out:
    return -1;
}

int main(int argc, char **argv)
{
    int values[] = {1, -2, 3, argc};
    struct node second = {.next = &head, .name = argv[0], .run = add};
    struct packed result = by_value(sample_holes, sample_any, tiny, real_number);
    head.next = &second;
    printf("%d %d %ld %d %d\n", sum(values, 4), counted(), variable_length(argc + 7), choose(argc, add), result.half);
    return (int)(sample_bits.three + numbers[1][2] + line.v + (words[0] != NULL) + sizeof(struct outer)) == 0;
}
