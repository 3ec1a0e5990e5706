# Every mistake is one line, and the next command still works.
#: feed lines
set breakpoint pending off
nosuchcommand
info nosuchsubcommand
show nosuchsetting
set nosuchsetting 5
print
print nothing_here
print init_task.nothing_here
print init_task->comm
print *init_task
print *5
print 5 +
print (5
print 5)
print ]
print 'a
print "abc
print &5
print 5 = 6
print init_task = 5
print init_task.tasks + 1
print start_kernel + init_task
print 1 / 0
print 1 % 0
print (struct nothing_here *) 0
print sizeof(struct nothing_here)
print *(int *) 0
print *(struct list_head *) 0
print ((struct task_struct *) 0)->comm
print ((struct task_struct *) 8)->pid
print/y 5
print/5x 5
print -nosuch 5
print $rip
print $sp
x
x/y 0
x 0
x/s 0
ptype nothing_here
ptype struct nothing_here
ptype
whatis
list nothing_here
break nothing_here
break no_such_file.c:10
break *
tbreak nothing_here
delete 99
disable 99
enable 99
condition 99 x
condition
ignore 99 2
ignore
clear
clear start_kernel
watch nothing_here
watch
watch 5
watch init_task.prio
continue
step
next
stepi
nexti
finish
until
advance
advance start_kernel
jump
kill
detach
disconnect
backtrace
frame
frame 1
up
down
info frame
info locals
info args
info registers
info registers rip
info threads
thread
thread 5
thread apply all print 1
info display
undisplay 5
display nothing_here
info breakpoints
info watchpoints
info line nothing_here
info symbol
info symbol nothing_here
info scope
info address
info source
disassemble
disassemble nothing_here
file no_such_file
symbol-file no_such_file
add-symbol-file
add-symbol-file no_such_file
add-symbol-file no_such_file 0
source no_such_file
cd no_such_directory
target remote no_such_socket
set tcp auto-retry off
target remote :1
target nosuchtarget
monitor info
set var init_task.nothing = 5
set var nothing_here = 5
set variable
set print nosuch
set print elements x
set listsize x
set width x
set confirm maybe
set language klingon
printf
printf "%d"
printf "%d\n"
printf "%d\n", 1, 2
printf "%d
printf 5
printf "%s\n", 5
echo
output
output nothing_here
call nothing_here()
call start_kernel()
eval
help nosuchcommand
s 5
d 5
b
tb nothing_here
l nothing_here
p
print $_siginfo
maintenance nosuch
find
find 0
restore
