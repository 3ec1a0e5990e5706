# Macros of the C preprocessor: those of a program with -g3, and those of the user.
#: program macros.c -O0 -g3 -DOPTION=7 -DBARE
#: feed lines
set sysroot
print LIMIT
info macro LIMIT
info macro -all LIMIT
info macros
macro expand LIMIT
list early
print LIMIT
print LATE
print OPTION
print BARE
print __LINE__
print ADD(OPTION, LIMIT)
print ADD(1)
print ADD(1
print ADD
print NAME(a  b)
print NO_ARGUMENTS()
print sizeof(LIMIT)
print place.line_of
print FROM_HEADER
print TWICE(FROM_HEADER)
print 'LIMIT'
print $LIMIT
print "LIMIT"
whatis LIMIT
whatis (POINTER) 0
ptype ADD(1, 2L)
output LIMIT
printf "%d %d\n", LIMIT, ADD(LIMIT, 1)
info macro LIMIT
info macro -a LIMIT
info macro -all -- FROM_HEADER
info macro ADD
info macro SHOW
info macro GNU
info macro NO_ARGUMENTS
info macro NOTHING
info macro OPTION
info macro BARE
info macro TWICE
info macro __LINE__
info macro -a __LINE__
info macro NO_SUCH_MACRO
info macro -a NO_SUCH_MACRO
info macro LIMIT and more
info macro -- -a
info macro -b LIMIT
info macro
info macros no_such_function
info macros 1000
info macros early
info macros main
info macros 3
info macro true
print true
macro expand ADD(LIMIT, LATE) + SHOW("x") + GNU(1, 2)
macro expand GLUE(LI, MIT) GLUE(1, 2)
macro expand NO_ARGUMENTS
macro expand SHOW
macro expand
macro exp LIMIT
macro expand-once LIMIT
macro exp1
complete print LIM
complete print LAT
complete info macro TWI
complete whatis LIM
list main
info macro LIMIT
info macro LATE
print LIMIT
break early if value == LIMIT - 19
break in_header if value == LIMIT + 11
break 48 if LATE == 50
break outer
break 50 if LATE
info breakpoints
target remote | ./serve
continue
print LIMIT
info macro LIMIT
info macro FROM_HEADER
display LIMIT
next
display value + LIMIT
next
continue
info macro LIMIT
print LIMIT
print value
print HIDDEN
up
print LIMIT
info macro LIMIT
print __LINE__
info macro __LINE__
macro expand LIMIT
up
print LIMIT
print LATE
frame function outer
tbreak 43
continue
set var limit = LIMIT
print limit
x/dw &FROM_HEADER
if limit == LIMIT
  echo equal\n
end
set $i = ADD(LIMIT, 2)
print $i
watch FROM_HEADER if FROM_HEADER > LIMIT
macro define LIMIT 99
print LIMIT
info macro LIMIT
info macro -a LIMIT
macro list
macro undef LIMIT
print LIMIT
kill
macro define x 2
macro define f(a) f(x * (a))
macro define g f
macro define z z[0]
macro define m(a) a(w)
macro define w 0,1
macro define t(a) a
macro define p() int
macro define q(x) x
macro define r(x,y) x ## y
macro define str(x) # x
macro define xstr(s) str(s)
macro expand f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);
macro expand g(x+(3,4)-w) | m (f)^m(m);
macro expand p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };
macro expand char c[2][6] = { str(hello), str() };
macro expand xstr(r(LI, MIT)) str(r(1,2))
macro expand str( "a\n" 'b' \ )
macro define V(x, ...) v(x __VA_OPT__(,) __VA_ARGS__)
macro expand V(1) V(1,2,3) V()
macro define W(x, ...) v(x __VA_OPT__(, __VA_ARGS__) __VA_OPT__(;))
macro expand W(1) W(1,2,3)
macro define rest(x, y...) v(x, ## y)
macro expand rest(1) rest(1, 2, 3) rest()
macro define no_paren(x, ...) __VA_OPT__) x
macro expand no_paren(5)
macro define nested(x, ...) __VA_OPT__(__VA_OPT__(,)) x
macro expand nested(5)
macro define not_variadic(x) __VA_OPT__
macro expand not_variadic(5)
macro define unclosed(x, ...) __VA_OPT__(x
macro expand unclosed(5)
macro define hash(x) #
macro expand hash(1)
macro define hash_other(x) # y
macro expand hash_other(1)
macro define at_end(x) x ##
macro expand at_end(1)
macro define object a ## b #c
macro expand object
macro expand x /* x */ x // x
macro expand $x x$x
macro expand "x
macro expand 'x
macro expand x.x x->x 1x x1 1.x
macro define
macro define 1x
macro define $x
macro define bad(
macro define bad(x
macro define bad(x,,y)
macro define bad(x,x) 3
macro define bad(x y) 3
macro define dots(...) 3
macro define spaced (x) 3
macro undef
macro undef no_such_macro
macro undef x and more
macro list
macro undef
