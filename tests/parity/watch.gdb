# Watchpoints: globals, locals that go out of scope, conditions, counts, commands.
#: program tour.c -O0
#: feed lines
set sysroot
target remote | ./serve
break loop
continue
next
delete
watch sum
continue
continue
info watchpoints
watch counter if counter > 4
continue
continue
rwatch i
continue
continue
delete 4
continue
continue
info breakpoints
continue
delete
