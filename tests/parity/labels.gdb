# Labels of functions as locations and among the names of a scope.
#: program pieces.c -O0
#: feed lines
set sysroot
set breakpoint pending off
info scope labels
break labels:out
tbreak labels:again
break pieces.c:labels:out
break -function labels -label again
break labels:nosuch
info breakpoints
info line labels:out
list labels:again
info address out
p &&out
p out
p *out
target remote | ./serve
continue
info locals
break out
break nosuch
p &&out
p &&again
p out
p again
whatis &&out
p *&&out
x/i &&out
info address out
info symbol &&out
info scope labels
info source nosuch
until out
info locals
delete 1
jump again
continue
continue
kill
