# x with every format and size, on the data of the file.
#: feed lines
x &init_task.comm
x/s init_task.comm
x/2s linux_banner
x/s linux_banner
x
x/8xb init_task.comm
x/8db init_task.comm
x/8cb init_task.comm
x/c init_task.comm
x/4c init_task.comm
x/4xh init_task.comm
x/4xw init_task.comm
x/2xg init_task.comm
x/4dw &init_task.prio
x/4uw &init_task.prio
x/4ow &init_task.prio
x/4tw &init_task.prio
x/2tb &init_task.prio
x/2a &init_task.tasks
x/4a &init_task.tasks
x/a &init_task.restart_block.fn
x/3f &init_task.prio
x/2fg &init_task.prio
x/4z &init_task.prio
x/3xg &init_task.tasks
x
x/2
x/2xw $_
print $_
print $__
whatis $__
x/x (long) &init_task
x/-3xw &init_task.prio
x/0x &init_task
x/20xb &init_task
x/10dh &init_task.prio
x/3s init_task.comm
x/5wx start_kernel
x/2wx &start_kernel
x/xg &init_task.group_leader
x/x init_task
x/x init_task.prio
x/2xg sys_call_table
x/5a sys_call_table
x/i sys_call_table[0]
x/x 0
x/xb 0xffffffffffffffff
x/s 0xdead000000000000
x/2i 0
x/2uc init_task.comm
find &init_task, +8192, (char) 's', (char) 'w', (char) 'a'
find &init_task, +8192, "swapper"
find /b &init_task, +8192, 's', 'w', 'a', 'p'
find /w1 &init_task.prio, +100, 120
print $_
print $numfound
find &init_task, +64, 0x7f7f7f7f
