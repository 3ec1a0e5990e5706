# From the reset vector to the kernel's first C function, and into a function it calls.
#: guest
target remote guest.sock
#= 0x000000000000fff0 in {{.*}}
hbreak start_kernel
#= Hardware assisted breakpoint 1 at 0x{{[0-9a-f]+}}: file {{.*}}init/main.c, line {{[0-9]+}}.
continue
#= Breakpoint 1, start_kernel () at {{.*}}init/main.c:{{[0-9]+}}
next
#= {{[0-9]+\t.*}}
next
#= {{[0-9]+\t.*}}
print init_task
#= $1 = {thread_info = {{.*}}, comm = "swapper{{.*}}
print init_task.comm
#= $2 = "swapper{{.*}}"
break security_init
#= Breakpoint 2 at 0x{{[0-9a-f]+}}: file {{.*}}security/security.c, line {{[0-9]+}}.
continue
#= Breakpoint 2, security_init () at {{.*}}security/security.c:{{[0-9]+}}
backtrace
#= #0  security_init () at {{.*}}security/security.c:{{[0-9]+}}
#= #1  0x{{[0-9a-f]+}} in start_kernel () at {{.*}}init/main.c:{{[0-9]+}}
info registers
#= rip            0x{{[0-9a-f]+}}  0x{{[0-9a-f]+}} <security_init{{.*}}>
#= cr0            0x80050033          [ PG AM WP NE ET MP PE ]
x/5i $pc
#= => 0x{{[0-9a-f]+}} <security_init{{.*}}>:{{\t.*}}
