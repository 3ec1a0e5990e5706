# The same program optimised: inlined frames, location lists, values that are gone.
#: program tour.c -O2
#: feed lines
set sysroot
target remote | ./serve
break inlined
break twice
info breakpoints
continue
backtrace
info locals
info args
continue
backtrace
info frame
info locals
up
info locals
info frame
up
info locals
print start
print half
down
down
step
step
backtrace
finish
next
delete
tbreak factorial
continue
backtrace
print n
print below
info locals
next
next
next
delete
tbreak move
continue
info args
print p
print by
finish
tbreak many
continue
info args
backtrace full
info frame
up
print p
print t
print i
info locals
tbreak loop
continue
next
next
next
next
info locals
print sum
until
until
tbreak search
continue
next
next
next
print node
print *node
print key
finish
next
info source
info scope four_times
info scope inlined
info scope loop
info address start
info line twice
break tour.c:71
disassemble inlined
disassemble /s inlined
continue
detach
