# Stepping and stopping in a program without optimisation.
#: program tour.c -O0
#: feed lines
set sysroot
target remote | ./serve
break main
continue
list -
list -
list
info breakpoints
next
next
next
next
step
backtrace
info frame
info args
next
next
info locals
up
info locals
print i
down
finish
step
step
step
tbreak factorial if n == 1
continue
backtrace
next
backtrace 2
backtrace -2
backtrace full 2
frame 3
frame
info frame
print n
frame function main
up
down
down
frame 1
finish
up 2
finish
until
until
step
info args
print p
next
print p
finish
print $
print $.x
print $$2
next
step
next
next
print result
print *from
finish
next
step
info args
finish
next
step
next
info locals
info args
until
until
until
print hidden
print outer
print scopes::hidden
print &scopes::hidden
print 'tour.c'::hidden
until
until
print outer
break search if key == 3
condition 3
ignore 3 0
continue
next
next
next
display node->key
display/x key
info display
next
undisplay 1
next
stepi
nexti
x/i $pc
stepi 3
info registers rip
step 2
delete
watch counter
watch table[1][0]
rwatch hidden
continue
continue
continue
info watchpoints
delete
continue
info breakpoints
