# The floating-point unit, the sections of a program, and the auxiliary vector; functions that look at settings.
#: program x87.c -O0
#: feed lines
set sysroot
info float
info vector
info auxv
print $_gdb_maint_setting()
print $_gdb_maint_setting(5)
print $_gdb_maint_setting("nosuch")
print $_gdb_maint_setting_str("nosuch")
compare-sections .nosuch
target remote | ./serve
info float
compare-sections
compare-sections -r
compare-sections .bss
compare-sections .rodata
compare-sections -r .text
print/x *(char *)main = 0x90
compare-sections .text
print/x *(char *)main = 0x55
compare-sections .text
break 8
break 10
break 12
continue
info float
continue
info float
continue
info float
set $fctrl = 0xc7f
info float
set $fctrl = 0x600
info float
compare-sections -r
kill
