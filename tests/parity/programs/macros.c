/* Macros of the C preprocessor that hold at some places and not at others. The file includes itself once, for what headers
   have. */
#ifdef INCLUDED
#define FROM_HEADER shared_counter
#define TWICE(x) ((x) * 2)
#undef LIMIT
#define LIMIT 20
static int in_header(int x)
{
  return x + 20;
}
#else
#include <stdbool.h>
struct where { struct { int line; } inner; };
int shared_counter = 5;
struct where place = { { 77 } };
#define line_of inner.line
#define LIMIT 10
#define ADD(a, b) ((a) + (b))
#define SHOW(fmt, ...) call(fmt, ## __VA_ARGS__)
#define GNU(rest...) call(0, rest)
#define NAME(x) #x
#define GLUE(a, b) a ## b
#define NOTHING
#define NO_ARGUMENTS() 9
#define HIDDEN value
#define POINTER struct where *
#define INCLUDED
#include "macros.c"
#undef INCLUDED
int early(int value)
{
  return value + LIMIT;
}
#undef LIMIT
#define LIMIT 30
int outer(int value)
{
  int limit = in_header(value
    + LIMIT);
#undef LIMIT
#define LIMIT 40
  return ADD(limit, early(value));
}
#define LATE 50
int main(void)
{
  int total = outer(1) + LATE;
#undef LATE
  shared_counter += total;
  return TWICE(shared_counter) & true;
}
#endif
