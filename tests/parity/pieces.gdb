# Structures in pieces, some of which are gone.
#: program pieces.c -O2
#: feed lines
set sysroot
target remote | ./serve
break make
continue
finish
p $.b
break pieces.c:35
break pieces.c:37
break pieces.c:47
break pieces.c:49
break pieces.c:59
continue
info locals
p s
p s.a
p s.b
p &s
whatis s
bt full 1
continue
info locals
p s
p s.b
p sizeof(s.b)
continue
info locals
p m
p m.x
p m.y
p m.tag
p/x m
output m
set print pretty on
p m
set print pretty off
continue
info locals
p m
continue
info locals
p w
p w.p
p w.arr
p w.arr[1]
p w.arr[0]
p w.p.b
p w.arr[0] + 1
p &w
p &w.p.a
info address w
set var w.p.a = 3
p w
set var w.p.b = 4
set var w.arr[1] = 4
p w.p
p $x = w
p $x.p.a
p *&w
ptype w
printf "%ld\n", w.p.a
printf "%ld\n", w.p.b
x/d &w
display w
up
info locals
break pieces.c:96
continue
info locals
p s
p s.name
p *s.name
p s.name[2]
p s.rest
p alone
p *alone
p alone[1]
p alone[3]
output alone
p/x alone
p/c alone[1]
p *alone@4
p (long)alone
p alone + 1
p *(alone + 1)
p alone == 0
p !alone
ptype alone
whatis *alone
p &s
p &alone
info address alone
break pieces.c:103
continue
info locals
p count
p environ != 0
kill
