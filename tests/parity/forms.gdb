# Big-endian members, complex numbers, types that are only declared, names of types, index radix, variables as places.
#: program forms.c
#: symbols program
#: feed lines
print be
print be.x
print be.y + 1
print be.b1
print be.b2
print be.l
print/x be.l
print be.d
print be.a[1]
print be.in
print/x be
print -be.x
print be.x == 0x01020304
print (short)be.x
print (int)be.x
print &be.x
whatis be.x
x/4xb &be
print cd
print cd * cd
print cd + 1
print $_creal(cd)
print $_cimag(cd)
print ci
print sizeof(ci)
print (long)ci
print holds
print holds.m
print holds.m + 1
print *self.u
print self.u
print **self.uu
print *eup
print sizeof(struct undef)
info types ^[ABC]$
info types _t$
info types short
info types unsigned
info sources -dirname
info sources -foo
info sources -basename -dirname x
list be
list hidden
list forms.c:arr
list cd,arr
info line ci
info line hidden
info line forms.c:runs
set output-radix 16
print -array-indexes on -- arr
print -array-indexes on -- runs
print -array-indexes on -- /d arr
set output-radix 8
print -array-indexes on -- arr
set output-radix 10
print -array-indexes on -- /x arr
set sysroot
target remote | ./serve
break work
continue
next 3
info locals -t int
info locals -t 'struct holds'
info locals -t int x
info locals -t nosuch
info locals -q -t nosuch
info locals -t
info args -t double
info args -t int q
info args -t
set var be.x = 0x0a0b0c0d
print/x be.x
x/4xb &be
set var be.b2 = 7
print be
print $xmm0.v8_bfloat16
whatis $xmm0.v8_bfloat16
kill
