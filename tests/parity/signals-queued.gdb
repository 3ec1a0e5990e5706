# Signals sent to a program: signal, queue-signal.
#: program signals.c -O0
#: feed lines
set sysroot
handle SIGUSR2 pass nostop noprint
handle SIGUSR1 stop print
target remote | ./serve
info breakpoints
delete
break on_winch
break inner if depth == 0
continue
signal SIGWINCH
print winch
info signals SIGUSR1
continue
backtrace
queue-signal SIGWINCH
continue
backtrace
finish
handle SIGUSR1 nopass
queue-signal SIGUSR1
info signals SIGUSR1
info handle 14
continue
continue
continue
continue
kill
