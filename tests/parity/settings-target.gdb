# Settings that concern the target: where stacks end, what memory is read, what packets are sent.
#: program entry.c -O0 -nostdlib -static -fno-stack-protector
#: feed lines
set sysroot
show exec-direction
set exec-direction reverse
reverse-stepi
show tdesc filename
set tdesc filename nosuch.xml
show tdesc filename
unset tdesc filename
show tdesc filename
target remote | ./serve
backtrace
break inner
continue
# The function at the program's entry has no caller.
backtrace
up 10
up
backtrace -past-entry 3
backtrace -past-entry off
set backtrace past-entry on
show backtrace past-entry
frame
backtrace 3
up 2
set backtrace past-entry off
frame
backtrace -2
# Code that is not what the file has.
set var *(unsigned char *)outer = 0x90
x/2xb outer
set trust-readonly-sections on
show trust-readonly-sections
x/2xb outer
x/i outer
output/x *(unsigned char *)outer
echo \n
print counter
set trust-readonly-sections off
x/2xb outer
set var *(unsigned char *)outer = 0x55
# No target here runs backwards.
set exec-direction reverse
show exec-direction
set exec-direction forward
set exec-direction
set exec-direction up
reverse-continue
reverse-step
reverse-finish
# The same either way.
set schedule-multiple on
show schedule-multiple
set print raw-values on
show print raw-values
print counter
set print raw-frame-arguments on
backtrace 1
set print thread-events off
show print thread-events
# Breakpoints stay in.
set breakpoint always-inserted on
show breakpoint always-inserted
tbreak outer
info breakpoints
continue
delete
x/2i $pc
# An old name.
set remotebreak on
show remote interrupt-sequence
show remotebreak
set remotebreak off
show remote interrupt-sequence
show remotebreak
kill
