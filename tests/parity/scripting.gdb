# User commands, blocks, loops, convenience variables and functions.
define twice
  if $argc == 1
    printf "%d\n", ($arg0) * 2
  else
    printf "%d arguments\n", $argc
  end
end
document twice
Print twice the argument.
end
help twice
twice 21
twice 1 2
twice
set $i = 0
while $i < 4
  if $i == 2
    set $i = $i + 1
    loop_continue
  end
  printf "i=%d\n", $i
  set $i = $i + 1
end
while 1
  set $i = $i + 10
  if $i > 40
    loop_break
  end
end
print $i
define nested
  set $depth = $arg0
  if $depth > 0
    echo down\ 
    nested $depth-1
  else
    echo bottom\n
  end
end
nested 3
if 0
  echo not here\n
else
  echo here\n
end
if init_task.prio == 120
  echo prio is 120\n
end
define walk
  set $head = $arg0
  set $node = $head->next
  set $count = 0
  while $node != $head && $count < 10
    set $count = $count + 1
    set $node = $node->next
  end
  printf "%d nodes\n", $count
end
walk &init_task.tasks
walk &init_task.children
eval "print %d + %d", 1, 2
eval "echo %s\n", init_task.comm
define hook-echo
  printf "[hook]"
end
echo hooked\n
define hook-echo
end
define hookpost-print
  echo [after]\n
end
print 1
define hookpost-print
end
show user twice
init-if-undefined $x = 1
init-if-undefined $x = 2
print $x
print $_strlen(init_task.comm)
print $_streq(init_task.comm, init_task.comm)
print $_isvoid($nothing)
print $_isvoid(1)
print $_gdb_major
define inner
  echo inner\n
end
define outer
  inner
  inner
end
outer
shell echo from the shell
!echo bang
print $_shell_exitcode
set confirm off
show confirm
undefined-command 1
echo not reached\n
