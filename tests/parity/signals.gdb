# Signals of a program: frames of handlers, what is passed and what is not.
#: program signals.c -O0
#: feed lines
set sysroot
target remote | ./serve
break inner if depth == 0
continue
continue
continue
backtrace
up
up
up
info frame
up
info registers rip rax rcx r10
up
info registers rip
up
up
info frame
up
frame
finish
frame 0
finish
backtrace
frame
stepi
stepi
backtrace
info frame
kill
