# Per-CPU variables: of what they are everything is as in gdb, where they are is not.
#: guest
#: feed lines
target remote guest.sock
hbreak start_kernel
continue
print &runqueues
whatis runqueues
whatis runqueues.cpu
print sizeof(runqueues)
ptype runqueues.cfs.tasks_timeline
info address runqueues
print &__per_cpu_start
print &__per_cpu_end
print &__per_cpu_offset
print/x __per_cpu_offset[0]
print &init_task.comm[3]
print init_task.comm[0]@4
set $all = 2
print init_task.comm[0]@$all
