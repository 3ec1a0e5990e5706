# Values at entry: a call of a function that is also inlined does not say where it goes.
#: program entry-inlined.c -O2 -fno-inline-small-functions -fno-inline-functions -fno-early-inlining
#: symbols program
#: feed lines
set sysroot
target remote | ./serve
break check
continue
backtrace
up
info locals
continue
backtrace
finish
delete
continue
