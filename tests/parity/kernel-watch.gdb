# Hardware watchpoints and stepping in the kernel's early boot.
#: guest norandmaps
#: feed lines
target remote guest.sock
hbreak start_kernel
continue
delete
watch system_state
info watchpoints
break setup_arch
continue
info args
print *cmdline_p
print boot_command_line
finish
next
next
step
backtrace
finish
until
advance mm_init
backtrace
info frame
x/4gx $sp
stepi
stepi
nexti 3
x/2i $pc
display/i $pc
display init_task.comm
info display
stepi
stepi
undisplay 1
stepi
delete 3
continue
backtrace
info watchpoints
delete
break do_one_initcall
ignore 4 3
continue
info args
print fn
print *fn
info symbol fn
backtrace full 3
up
info locals
down
step
next
next
info registers rip
tbreak vfs_write if count > 0
print $_
print $bpnum
detach
