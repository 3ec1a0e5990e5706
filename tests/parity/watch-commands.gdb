# Commands and conditions at breakpoints and watchpoints, counts and temporary ones.
#: program tour.c -O0
#: feed lines
set sysroot
watch counter
tbreak search
target remote | ./serve
commands 1
  silent
  printf "counter is %d\n", counter
  continue
end
continue
info breakpoints
delete
break add
commands
  print a
  print b
  up
  info locals
end
continue
break sub if b > 1000
continue
break sub
ignore $bpnum 1
info breakpoints
continue
