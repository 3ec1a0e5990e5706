# ptype, ptype /o and whatis.
#: feed lines
whatis struct list_head
whatis init_task
whatis init_task.tasks
whatis init_task.state
whatis struct task_struct
whatis enum pid_type
whatis pid_t
whatis unsigned
whatis unsigned long int
whatis long long unsigned
whatis u64
whatis (u64) 1
whatis union thread_union
whatis kernel_cap_t
whatis do_sys_openat2
whatis sys_call_table
whatis &sys_call_table
whatis sys_call_table[0]
whatis struct nothing_here
whatis nothing_here
ptype struct list_head
ptype struct hlist_head
ptype struct hlist_node
ptype union thread_union
ptype enum pid_type
ptype enum system_states
ptype pid_t
ptype u64
ptype kernel_cap_t
ptype atomic_t
ptype spinlock_t
ptype struct raw_spinlock
ptype struct qspinlock
ptype struct desc_struct
ptype struct page
ptype struct rb_node
ptype struct file_operations
ptype struct module_sect_attrs
ptype struct module_sect_attr
ptype struct bin_attribute
ptype struct restart_block
ptype struct callback_head
ptype init_task.tasks
ptype &init_task.tasks
ptype init_task.comm
ptype init_task.thread.tls_array
ptype start_kernel
ptype vfs_read
ptype &vfs_read
ptype do_sys_openat2
ptype sys_call_table
ptype sys_call_ptr_t
ptype int
ptype unsigned char *
ptype struct list_head *
ptype struct list_head **
ptype int (*)(void)
ptype int [3]
ptype 1 + 2
ptype (char) 1
ptype/o struct list_head
ptype/o struct desc_struct
ptype/o struct page
ptype/o struct qspinlock
ptype/o struct rb_node
ptype/o struct sched_avg
ptype/o struct pid
ptype/o struct upid
ptype/o struct timer_list
ptype/o union thread_union
ptype/o struct thread_info
ptype/o struct module_sect_attrs
ptype/o struct restart_block
ptype/o struct fpu
ptype/o struct cred
ptype/o struct sk_buff
ptype/ox struct list_head
ptype/ox struct desc_struct
ptype/o int
ptype/o init_task.tasks
ptype struct task_struct
ptype/o struct task_struct
whatis struct page.flags
ptype struct page.lru
print sizeof(struct page)
print/x (long) &((struct sk_buff *) 0)->len
