info line start_kernel
ptype struct list_head
print sizeof(struct task_struct)
info address init_task
break do_init_module
