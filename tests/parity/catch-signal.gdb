# Catchpoints of signals.
#: program signals.c -O0
#: feed lines
set sysroot
catch signal
catch signal SIGUSR1
catch signal SIGUSR1 SIGUSR2 SIGWINCH
catch signal all
catch signal 14
catch signal 99
catch signal all SIGUSR1
catch signal SIGUSR1 all
catch signal SIGNOSUCH
catch signal SIGUSR1 if 1
tcatch signal SIGALRM
catch nosuch
tcatch nosuch
info breakpoints
delete
target remote | ./serve
catch signal SIGUSR1 SIGURG
tcatch signal SIGWINCH
handle SIGUSR1 nostop noprint
continue
info breakpoints
backtrace
handle SIGUSR2 nopass
continue
print first
continue
print winch
info breakpoints
continue
print winch
condition 4 first == 2
condition 4 first > 100
continue
print second
print first
kill
