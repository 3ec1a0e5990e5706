# Values in a running program: floats, bit-fields, unions, assignment, calls of functions through registers.
#: program tour.c -O0
#: feed lines
set sysroot
target remote | ./serve
break many
continue
info args
print *e
print &e->y
print root
print *root.left
print root.left->name
print -pretty -- root
print bits
print bits.negative
print/x bits
print/t bits.three
print number
print number.bytes
print/x number.bytes
print color
print flags
print (enum flags) 7
print (enum flags) 8
print (enum color) 1
print table
print table[1]
print *table@2
print &table[1][1]
print ratio
print single
print extended
print ratio * 2 + single
print (int) ratio
print truth
print text
print text[0]
print big
print hidden
print counter
print operations
print *operations
print operations[1]
print many
print &many
print factorial
print sizeof(root)
print sizeof(struct bits)
whatis root.left
whatis &root
whatis table
whatis table[0]
whatis operations
whatis many
ptype struct tree
ptype struct bits
ptype union number
ptype operations
ptype many
ptype/o struct bits
ptype/o struct tree
print $rip
print $pc
print $sp
print $fp
print $eflags
print $rax = 5
print $rax
print $eax
print $al
print $ax
print/x $rip
info registers rip eflags cs
info registers rax rbx
info line
info source
info symbol $pc
info address counter
info address a
info scope many
info frame
set var counter = 77
print counter
print counter++
print ++counter
print counter = counter * 2
print counter += 1
set var bits.three = 2
print bits
set var root.key = 99
print root.key
set var ratio = 2.5
print ratio
set var text[0] = 'J'
print text
set var number.f = -1
print number
set var p = 5
set var color = GREEN
print color
set var $x = root
print $x.key
set var $x.key = 5
print a = 6
print c
print d
print *d@3
print d[0]
print *e == *e
print e == &root
print a > 5 && counter != 0
print -a
print ~a
print a ? 1 : 0
print !a
print (char) a
print/c 65
print/x -1L
print &*e
print *&a
print &a
print $_exitcode
up
print p
print t
print &t
print t.key
print i
info locals
x/4dw &table
x/s text
x/2i $pc
x/2g $sp
output table
output/x a
printf "%d %s %c %f %g\n", i, text, text[1], ratio, ratio
call counter
print many::a
print tour.c::hidden
print 'tour.c'::hidden
print factorial::n
list
list 1,3
list many
list -
list main
list factorial,move
list tour.c:10
list 9999
info line many
info line 20
break 100
tbreak tour.c:130
info breakpoints
kill
