define walk
  set $offset = (unsigned long)&((struct task_struct *)0)->tasks
  set $task = &init_task
  set $first = 1
  while $first || $task != &init_task
    printf "%d %s\n", $task->pid, $task->comm
    # A type by its name would cost gdb 13 more than all the rest.
    set $task = (typeof($task))((unsigned long)$task->tasks.next - $offset)
    set $first = 0
  end
end
