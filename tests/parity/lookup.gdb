# From names to places and back: info line, symbol, address, scope, source.
#: feed lines
info line start_kernel
info line init/main.c:913
info line main.c:913
info line init/main.c:1
info line init/main.c:99999
info line *start_kernel
info line *start_kernel+6
info line *(start_kernel+6)
info line vfs_read
info line nothing_here
info line no_such_file.c:5
info symbol start_kernel
info symbol start_kernel+4
info symbol &init_task
info symbol &init_task.comm
info symbol 0
info symbol 0xffffffff81000000
info symbol 0xffffffffffffffff
info symbol vfs_read
info symbol &jiffies
info symbol jiffies
info address start_kernel
info address init_task
info address vfs_read
info address jiffies
info address nothing_here
info address init_task.comm
info scope start_kernel
info scope vfs_read
info scope do_init_module
info scope security_init
info scope init/main.c:913
info scope nothing_here
info scope
info source
list start_kernel
info source
info address pid_max
info address console_loglevel
info line console_loglevel
info line _printk
break *_text
info symbol _text
info symbol _end
info symbol __bss_start
info address _text
info address __per_cpu_start
print _text
print &_text
print (long) &_text
print &__per_cpu_start
print fixed_percpu_data
print &runqueues
whatis runqueues
info line schedule
info line kernel/sched/core.c:6600
info scope schedule
info scope __schedule
info symbol __schedule
info scope kernel/sched/core.c:6600
info address i
print &i
whatis i
ptype i
print i
print (int) 1 + sizeof(vector)
print &phys_startup_64
info address phys_startup_64
info symbol phys_startup_64
info address sp_reg
print &sp_offset
list state_show,
list start_kernel,state_show
