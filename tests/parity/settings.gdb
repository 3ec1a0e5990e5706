# Settings of how stops, frames, types and names are shown.
#: program tour.c -O0
#: feed lines
set sysroot
set print type hex on
show print type hex
ptype /o struct bits
ptype /od struct bits
set print type hex off
ptype /ox struct tree
set case-sensitive off
print COUNTER
print ROOT.KEY
print Red
info functions ^ADD$
break ADD
ptype struct TREE
info line Add
set case-sensitive auto
print COUNTER
delete
target remote | ./serve
break main
set disassemble-next-line on
continue
next
step
stepi
frame
set disassemble-next-line auto
next
stepi
set source open off
list
frame
stepi
set disassemble-next-line on
stepi
set source open on
set filename-display absolute
frame
backtrace
info breakpoints
break add
list add
info line add
set filename-display basename
frame
backtrace
info breakpoints
up
info frame
set filename-display relative
set print frame-info source-line
frame
down
backtrace
set print frame-info location
frame
stepi
set print frame-info source-and-location
frame
next
backtrace 1
set disassemble-next-line off
set print frame-info location-and-address
frame
up
down
set print frame-info short-location
frame
up
down
backtrace
next
finish
set print frame-info auto
frame
set print inferior-events off
show print inferior-events
kill
set print inferior-events on
set print symbol-loading off
file program
set print symbol-loading brief
file program
