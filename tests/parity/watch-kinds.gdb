# Kinds of watchpoints: by location, of an address, of a bit-field, of a structure, of an array.
#: program tour.c -O0
#: feed lines
set sysroot
target remote | ./serve
watch -l root.key
watch *(int *) &hidden
watch bits.three
watch text
watch root
info watchpoints
continue
delete
tbreak loop
watch counter
awatch root.key
rwatch hidden
disable 7
info watchpoints
delete
continue
