# What the system told a program with its signal, and sections that the stub compares.
#: program signals.c -O0
#: feed lines
set sysroot
print $_siginfo
target remote | ./serve
whatis $_siginfo
ptype $_siginfo
print sizeof($_siginfo)
print $_siginfo.si_signo
break inner if depth == 0
continue
print $_siginfo.si_signo
handle SIGUSR1 stop
delete
continue
print $_siginfo.si_signo
print $_siginfo.si_code
print/x $_siginfo.si_errno
whatis $_siginfo._sifields
ptype $_siginfo._sifields._kill
ptype $_siginfo._sifields._rt
ptype $_siginfo._sifields._sigfault
ptype/o $_siginfo._sifields._timer
whatis $_siginfo._sifields._kill.si_uid
whatis $_siginfo._sifields._pad
print $_siginfo._sifields._kill.si_uid
print $_siginfo._sifields._sigpoll.si_fd
print &$_siginfo
set remote read-siginfo-object-packet off
show remote read-siginfo-object-packet
compare-sections .text
compare-sections nosuch
break main
delete
kill
