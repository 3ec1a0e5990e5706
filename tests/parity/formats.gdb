# Every format letter, on values of every kind.
#: feed lines
print/x 255
print/o 255
print/t 255
print/d 0xff
print/u -1
print/c 65
print/c 200
print/x -1
print/t -1
print/a 0xffffffff81000000
print/a &init_task
print/a start_kernel
print/a 0x10
print/f 1
print/f 3.5
print/f 1078530011
print/s init_task.comm
print/x init_task.comm
print/d init_task.comm
print/c init_task.comm
print/z 5
print/z init_task.prio
print/x init_task.tasks
print/d init_task.tasks
print/x init_task.thread_info
print/x init_task.cpus_mask
print/d init_task.rcu_read_unlock_special
print/r init_task.prio
print/x 1.5
print/c 'A'
print/d 'A'
print/x 'A'
print/s 65
print/i 5
print/x start_kernel
print/x &init_task
print/d &init_task
print/u (char) -1
print/d (unsigned char) 255
print/t 10
print/o 8
print/x (short) -1
print/t (short) 5
print/x SYSTEM_RUNNING
print/d SYSTEM_RUNNING
print/x init_task.tlb_ubc.flush_required
print/x true
print -pretty -- init_task.tasks
print -pretty -- init_task.restart_block
print -elements 4 -- init_task.comm
print -elements 3 -- linux_banner
print -repeats 3 -- init_task.comm
print -max-depth 1 -- init_task.restart_block
print -symbol off -- init_task.signal
print -address off -- init_task.signal
print -array -- init_task.numa_faults_locality
print -array-indexes -- init_task.numa_faults_locality
print -union off -- init_task.restart_block
print -null-stop -- init_task.comm
set print pretty on
print init_task.tasks
print init_task.pushable_tasks
print init_task.se.avg
print init_task.restart_block
print init_task.posix_cputimers
print init_task.sighand->action[0]
print init_task.uclamp
print init_task.thread.tls_array
set print pretty off
set print array on
print init_task.numa_faults_locality
print init_task.pid_links
set print array off
set print array-indexes on
print init_task.numa_faults_locality
print init_task.pid_links
set print array-indexes off
set print elements 10
print linux_banner
print init_task.cpus_mask
set print elements 200
set print repeats 2
print init_task.comm
print init_task.cpus_mask
set print repeats 10
set print union off
print init_task.restart_block
set print union on
set print symbol off
print init_task.signal
print init_task.tasks
set print symbol on
set print address off
print &init_task
print init_task.signal
print start_kernel
set print address on
set print max-depth 1
print init_task.restart_block
set print max-depth 20
set print null-stop on
print init_task.comm
set print null-stop off
set print sevenbit-strings on
print "\351"
set print sevenbit-strings off
show print pretty
show print elements
show print repeats
show print symbol
set output-radix 16
print 255
print init_task.prio
print init_task.tasks
set output-radix 10
set input-radix 16
print 10
set input-radix a
print 10
output/x init_task.prio
printf "%d %u %x %o %c %s %%\n", 5, 6, 255, 8, 65, linux_banner
printf "%5d|%-5d|%05d|\n", 42, 42, 42
printf "%lx %llu %hd\n", 1, 2, 3
printf "%p %p\n", 0, &init_task
printf "%s|%10s|%-10s|\n", init_task.comm, init_task.comm, init_task.comm
printf "%f %g %e %5.2f\n", 1.5, 2.5, 3.5, 4.567
printf "%#x %#o %+d\n", 255, 8, 5
printf "no arguments\n"
printf "%c%c%c\n", 'a', 98, 'c'
printf "\a\t\\\"\101\n"
echo text\n
echo  leading blanks\n
echo \  kept blank\n
echo one\ttab\\ \101\n
echo continued\
echo \n
