# A module, the long way: its section's address is read from the kernel and handed to add-symbol-file.
#: guest kdive.insmod=poc
target remote guest.sock
hbreak start_kernel
continue
#= Breakpoint 1, start_kernel () at {{.*}}
break do_init_module
continue
#= Breakpoint 2, do_init_module (mod=0x{{[0-9a-f]+}}) at {{.*}}kernel/module/main.c:{{[0-9]+}}
print mod->name
#= $1 = "poc", '\000' <repeats {{[0-9]+}} times>
print mod->sect_attrs->attrs[2].battr.attr.name
#= $2 = 0x{{[0-9a-f]+}} ".text"
print /x mod->sect_attrs->attrs[2].address
#= $3 = 0x{{[0-9a-f]+}}
eval "add-symbol-file modules/poc.ko 0x%lx", $3
#= add symbol table from file "modules/poc.ko" at
break hello_init
#= Breakpoint 3 at 0x{{[0-9a-f]+}}: file {{.*}}poc.c, line {{[0-9]+}}.
continue
#= Breakpoint 3, hello_init () at {{.*}}poc.c:{{[0-9]+}}
next
#= {{[0-9]+}}	{{\s*}}struct task_struct *ts = current;
next
#= {{[0-9]+}}	{{\s*}}printk(KERN_INFO "hello,world,%s\n", ts->comm);
print ts
#= $4 = (struct task_struct *) 0x{{[0-9a-f]+}}
print ts->pid
#= $5 = {{[0-9]+}}
print ts->comm
#= $6 = "insmod{{.*}}"
next
#= {{[0-9]+}}	{{\s*}}ts = NULL;
next
#= {{[0-9]+}}	{{\s*}}ts->pid = 0;
print ts
#= $7 = (struct task_struct *) 0x0{{.*}}
print ts->pid
#= Cannot access memory at address 0x{{[0-9a-f]+}}
