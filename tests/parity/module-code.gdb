# Stepping through an optimised module: arguments in registers and on the stack, inlined calls, returned values.
#: guest kdive.insmod=kdive_test norandmaps
#: feed lines
target remote guest.sock
hbreak start_kernel
continue
delete
tbreak do_init_module
continue
set $text = mod->sect_attrs->attrs[2].address
set $sections = mod->sect_attrs
set $i = 0
while $i < $sections->nsections
  set $name = $sections->attrs[$i].battr.attr.name
  if $_streq($name, ".data")
    set $data = $sections->attrs[$i].address
  end
  if $_streq($name, ".bss")
    set $bss = $sections->attrs[$i].address
  end
  if $_streq($name, ".init.text")
    set $init = $sections->attrs[$i].address
  end
  set $i = $i + 1
end
eval "add-symbol-file modules/kdive_test.ko 0x%lx -s .data 0x%lx -s .bss 0x%lx -s .init.text 0x%lx", $text, $data, $bss, $init
tbreak kdive_test_many_args
tbreak kdive_test_small_struct
tbreak kdive_test_big_struct
tbreak kdive_test_leaf
tbreak kdive_test_loop
tbreak kdive_test_optimized
tbreak kdive_test_call_op
break kdive_test_recurse if depth == 1
info breakpoints
continue
backtrace
info args
info frame
info locals
print *f
print e
next
next
next
up
info locals
info frame
down
finish
continue
info args
print p
finish
continue
info args
print s.name
finish
continue
backtrace
backtrace full
info locals
up
info locals
info frame
up
info locals
up
info locals
up
info locals
print result
frame 0
step
finish
step
step
step
continue
backtrace
print depth
up
print depth
print below
finish
up 3
info locals
delete 8
continue
next
next
next
info locals
print i
print sum
until
until
advance kdive_test_scopes
info locals
next
next
info locals
print kdive_test_shadow
print calls
print kdive_test_other_scope::calls
print 'kdive_test.c'::kdive_test_shadow
finish
x/6i $pc
continue
info args
print op
print *op
tbreak *kdive_test_add
continue
info registers rip
x/i $pc
stepi
stepi
nexti
watch kdive_test_counter
continue
continue
info watchpoints
delete
tbreak kdive_test_thread
continue
backtrace
