# What may not be done to the target.
#: program tour.c -O0
#: feed lines
set sysroot
show observer
set observer on
show may-write-memory
show may-write-registers
show may-insert-breakpoints
show may-insert-tracepoints
show may-insert-fast-tracepoints
show may-interrupt
show pagination
set may-interrupt on
set may-interrupt off
set observer off
show may-write-memory
show may-insert-fast-tracepoints
set non-stop off
set may-write-registers off
set may-insert-breakpoints off
target remote | ./serve
set may-write-registers on
show may-write-registers
set may-insert-breakpoints on
set may-interrupt off
set observer on
show observer
print $rax = 1
print $eflags = 1
set $rip = 5
print $al = 1
print $xmm0.v4_int32[0] = 1
break add
continue
finish
delete
print counter = 7
set may-write-memory off
print counter = 8
set var counter = 9
print table[0][1] = 1
set var {char}main = 1
print counter
set may-write-memory on
print counter = 10
kill
