# Marks for editors (set annotate), commands that are deprecated, and other things of the shell at a stop.
#: program tour.c -O0
#: feed lines
set sysroot
target remote | ./serve
set annotate 1
show annotate
break add
continue
up
frame 0
info line add
info line main
stepi
stepi
frame
next
list 1,3
info source
finish
set annotate 0
next
set listsize 1
list -
list -
set listsize 10
list -
list -
set may-call-functions off
show may-call-functions
print add(1, 2)
set may-call-functions on
print add(1, 2)
watch bits.nosuch
watch nosuch
rwatch $pc
awatch $rsp
watch $rax
delete $bpnum
watch -l *(int *) 0
maintenance deprecate p "new_p"
p 1
p 1
maintenance deprecate print
p 2
print 3
maintenance deprecate print "better"
print 4
maintenance undeprecate print
maintenance undeprecate p
p 5
maintenance deprecate
maintenance deprecate nosuch
maintenance undeprecate
maintenance undeprecate nosuch
define one
printf "argc = %d\n", $argc
eval "printf \"argument %%d is %%d\n\", 0, $arg%d", 0
end
one 5
one 6 7
alias uno = one
alias uno-five = one 5
help one
maintenance deprecate uno
help one
uno 3
display 1
enable display 6
disable display 6
undisplay 6
break sub
complete condition 
complete cond -
complete cond -force 
complete cond 1 bits.w
info breakpoints
kill
