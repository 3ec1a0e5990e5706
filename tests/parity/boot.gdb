# The boot walk-through: from the reset vector into the kernel's first C function and beyond.
#: guest
target remote guest.sock
x/3i $pc
info registers rip cs eflags cr0
hbreak start_kernel
continue
next
next
print init_task
print init_task.comm
print &init_task
print $lx_nothing
hbreak security_init
info breakpoints
continue
backtrace
info registers
x/5i $pc
x/2i
print $rip
print $sp
print/x $cr0
info line
info symbol $pc
finish
delete
detach
