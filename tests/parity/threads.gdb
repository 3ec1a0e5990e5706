# CPUs are threads: two of them, one woken by the other.
#: guest norandmaps
#: cpus 2
#: feed lines
target remote guest.sock
info threads
thread
hbreak start_kernel
continue
info threads
print $_thread
thread 2
info registers rip cs cr0
backtrace
thread 1
frame
thread apply all backtrace 1
thread apply 1 print $rip
thread apply 1-2 info registers rip
info threads 1
delete
hbreak start_secondary
continue
# Where the CPU that did not stop is then is chance: only this one is shown.
info threads 2
print $_thread
backtrace
thread apply 2 backtrace 1
thread apply 2 info registers rip
thread apply 1-2 print $cs
thread apply all -q print $cs
thread 3
thread name nothing
delete
hbreak cpu_startup_entry thread 2
info breakpoints
info inferiors
detach
