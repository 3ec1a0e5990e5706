# The module walk-through: the module's .text address is read from the kernel and given to add-symbol-file.
#: guest kdive.insmod=poc
target remote guest.sock
hbreak start_kernel
continue
delete
break do_init_module
continue
backtrace
print mod->name
print mod->state
print mod->sect_attrs->nsections
print mod->sect_attrs->attrs[2].battr.attr.name
print /x mod->sect_attrs->attrs[2].address
set $text = mod->sect_attrs->attrs[2].address
eval "add-symbol-file modules/poc.ko 0x%lx", $text
info line hello_init
break hello_init
continue
list
info locals
next
next
print ts
print ts->pid
print ts->comm
print ts->mm->owner == ts
whatis *ts
whatis ts->comm
ptype hello_init
display ts
next
next
info locals
backtrace
x/3i $pc
info symbol $pc
print ts->pid
