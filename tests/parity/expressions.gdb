# C expressions on vmlinux alone: constants, types, static data.
#: feed lines
print 1
print 1 + 2 * 3 - 4 / 2
print 7 % 3, 9
print 10 / 3.0
print 1.5f + 2
print 1 << 40
print 1 << 31
print 1u << 31
print -1 >> 1
print (unsigned char) 300
print (signed char) 200
print ~0
print ~0u
print !5
print 5 > 3 && 2 < 1 || 7 == 7
print 5 ? 10 : 20
print 0 ? 10 : 20
print 0xffffffff
print 4294967295
print 0xffffffffffffffff
print 18446744073709551615
print 9223372036854775807 + 1
print 017
print 0b1011
print 'A'
print '\n'
print '\033'
print "string"
print sizeof("string")
print "one" "two"
print sizeof(int)
print sizeof(struct task_struct)
print sizeof(init_task.comm)
whatis sizeof(int)
whatis 1
whatis 1L
whatis 1ul
whatis 4294967295
whatis 4294967296
whatis 'a'
whatis 1.0
whatis 1.0f
whatis 1 == 2
whatis (char) 1 + (char) 2
whatis &init_task
whatis &init_task.comm
whatis &init_task.comm[0]
whatis *init_task.comm
whatis init_task.tasks.next
whatis (struct list_head *) 0
whatis start_kernel
whatis &start_kernel
whatis *start_kernel
print start_kernel
print &start_kernel
print *start_kernel
print init_task.comm
print init_task.comm[0]
print init_task.comm[3]@4
print &init_task.comm[3]
print *init_task.comm@7
print/x init_task.comm
print init_task.cpus_mask
print init_task.prio
print &init_task.prio
print *&init_task.prio
print init_task.thread_info
print &init_task.tasks
print (long) &((struct task_struct *) 0)->tasks
print &((struct task_struct *) 0)->tasks
print (struct task_struct *) ((char *) &init_task.tasks - (long) &((struct task_struct *) 0)->tasks)
print ((struct task_struct *) ((char *) &init_task.tasks - (long) &((struct task_struct *) 0)->tasks))->comm
print &init_task == init_task.group_leader
print init_task.children
print init_task.thread.fpu.fpstate
print init_task.pid
print init_task.policy + 5
print init_task.se.load
print init_task.restart_block.fn
print *init_task.restart_block.fn
print init_task.signal
print init_task.signal->nr_threads
print init_task.signal->rlim[3]
print init_task.signal->rlim
print *init_task.signal->rlim@2
print init_cred.usage
print *init_task.cred.user
print &init_mm.pgd
print init_mm.owner
print linux_banner
print (char *) linux_banner
print linux_banner[0]@20
print saved_command_line
print jiffies
print &jiffies
print jiffies_64
print system_state
print (enum system_states) 2
print SYSTEM_RUNNING
print (enum system_states) 77
print/d SYSTEM_RUNNING
print SYSTEM_HALT + 1
whatis SYSTEM_RUNNING
print {int} &init_task.prio
print {struct list_head} &init_task.tasks
print 'init/main.c'::initcall_debug
print init_task.comm + 2
print &init_task + 1
print &init_task - 1
print (char *) &init_task + 1
print &init_task.comm[5] - &init_task.comm[1]
print $
print $$
print $1
print $$2
print $9999
print $nonexistent
print $_
set var $i = 5
print $i
print $i++
print ++$i
print $i * 2
print $i = 7
set $s = init_task.tasks
print $s
print $s.next
set $t = &init_task
print $t->comm
print $t->comm == 0
print -5 / 2
print -5 % 3
print 5 / -2
print 1 == 1.0
print 3, 4, 5
print (short) 0x12345
print (void *) 0
print (char) 65
print (char *) 0
print (bool) 5
print true
print 1 ? init_task.prio : 5
print sizeof(struct list_head[4])
print (long) init_task.stack
print/x (long) init_task.stack & 0xfff
print &*init_task.group_leader
print init_task.sighand->action[1].sa
print init_nsproxy
print *init_task.nsproxy->uts_ns
print init_task.nsproxy->uts_ns->name.nodename
print cpu_online_mask
print &__per_cpu_offset
print __per_cpu_offset[0]
print __per_cpu_offset[1]@3
print init_task.numa_faults_locality
output 5
output/x 255
call 5 + 5
