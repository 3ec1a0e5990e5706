# The same module, the short way: its name is enough, before it is loaded.
#: guest kdive.insmod=poc
#: options --module-path modules
target remote guest.sock
break hello_init
#= Breakpoint 1 (hello_init) pending.
continue
#= Breakpoint 1, hello_init () at {{.*}}poc.c:{{[0-9]+}}
backtrace 2
#= #0  hello_init () at {{.*}}poc.c:{{[0-9]+}}
#= #1  0x{{[0-9a-f]+}} in do_one_initcall (fn=0x{{[0-9a-f]+}} <hello_init>) at {{.*}}init/main.c:{{[0-9]+}}
next
next
print ts->comm
#= $1 = "insmod{{.*}}"
info locals
#= ts = 0x{{[0-9a-f]+}}
