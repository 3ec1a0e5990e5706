# An optimised program with DWARF 4 and its types in their own section.
#: program tour.c -O2 -gdwarf-4 -fdebug-types-section
#: feed lines
info line many
ptype struct tree
ptype struct bits
ptype/o struct tree
whatis root
print root
print bits
info scope loop
info scope many
info address counter
list many
set sysroot
target remote | ./serve
break many
continue
backtrace
info args
info locals
print *e
finish
tbreak twice
continue
continue
