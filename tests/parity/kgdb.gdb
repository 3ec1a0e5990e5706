# The kernel's own stub on a serial line: no vCont, no swbreak, all tasks as threads, the pc behind a breakpoint.
#: kgdb
#: feed lines
#: timeout 600
target remote kgdb.sock
backtrace 3
info threads
break vfs_write
info breakpoints
continue
backtrace 2
info registers rip rsp
print count
next
next
next
step
backtrace 2
finish
stepi
nexti
x/i $pc
info breakpoints
delete
watch file->f_pos
next
delete
hbreak ksys_write
continue
delete
detach
shell until [ $(grep -c "Entering KGDB" console.log) -ge 2 ]; do sleep 0.2; done
target remote kgdb.sock
backtrace 1
detach
