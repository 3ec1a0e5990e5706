# Signals that a program gets, or does not get: handle, signal 0.
#: program signals.c -O0
#: feed lines
set sysroot
target remote | ./serve
handle SIGUSR1 nostop print
continue
print first
print second
signal 0
print second
kill
