# The breakpoint table without a running target.
#: feed lines
set breakpoint pending off
info breakpoints
break start_kernel
break vfs_read
tbreak vfs_write
hbreak security_init
thbreak do_init_module
break init/main.c:913
break init/main.c:920
break *_text
break *vfs_read+4
break vfs_read if count > 4096
break nothing_here
info breakpoints
info breakpoints 1 3
condition 1 system_state == SYSTEM_BOOTING
condition 2 count == 1
condition 2
ignore 1 3
ignore 2 1
ignore 2 0
disable 3
disable 5
info breakpoints
commands 1
  silent
  print 5
  if 1
    echo yes\n
  end
end
commands 4
  backtrace
end
info breakpoints
enable once 3
enable delete 4
enable count 2 5
info breakpoints
delete 1
delete 2-4
delete 99
clear init/main.c:920
clear vfs_read
info breakpoints
save breakpoints saved.gdb
shell cat saved.gdb
set breakpoint pending on
break nothing_here
break no_such_module.c:5
tbreak nothing_else
info breakpoints
delete
info breakpoints
source saved.gdb
info breakpoints
delete
break start_kernel
print $bpnum
print $_
delete $bpnum
info breakpoints
break fdget_pos
info breakpoints
disable 17.2
info breakpoints
delete
break -function vfs_read
break -source init/main.c -line 913
break -line 913
break 'init/main.c':913
break init/main.c:start_kernel
break 'start_kernel'
break start_kernel thread 1
break start_kernel if nothing_here
rbreak ^vfs_fsync
info breakpoints
delete
dprintf vfs_read,"read %d\n", count
info breakpoints
watch init_task.prio
rwatch init_task.prio
awatch init_task.prio
watch -l init_task.prio
watch *(int *) 0xffffffff82000000
watch init_task.comm[0] if init_task.prio > 5
info watchpoints
info breakpoints
