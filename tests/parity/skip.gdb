# Functions that step does not go into.
#: program calls.c -O0 -static
#: feed lines
set sysroot
target remote | ./serve
break outer
skip function inner
skip -fu bump
info skip
break main
continue
step
step
step
step
info skip
tbreak add
print outer(2)
step
step
info locals
finish
skip disable 1
info skip
print outer(3)
step
step
skip delete
info skip
skip file
info skip
skip nosuch
skip enable 9
kill
