# Functions of a program that expressions call: arguments, results, and what happens on the way.
#: program calls.c -O0 -static
#: feed lines
set sysroot
target remote | ./serve
break bump
continue
print add(2, 3)
call add(2, 3)
print make_big(10)
print make_pair(4, 5)
print make_pair(4, 5).second
print turn(letters)
print sum_big(numbers, 100)
print sum_big(make_big(1), add(1, 1))
print sum_pair(make_pair(6, 7))
print ten(1,2,3,4,5,6,7,8,9,10)
print length("four")
print copy("hello")
print chosen(1, 2)
print (*chosen)(3, 4)
print ((int (*)(int, int))add)(5, 6)
print length(text)
print both(3)
print $text = "short"
print $text = "rather longer"
print $list = {1, 2}
print $list = {1, 2, 3}
call (void)0
call add
print add(1)
print add(1, 2, 3)
print nosuch(1)
print 5(3)
print ((long)add)(1, 2)
print (int)((long)add)(1, 2)
print (short)((long)add)(1, 2)
whatis add(1, 2)
ptype make_pair(1, 2)
print sizeof(make_big(1))
print $x = add(3, 4), $x = $x + 1, add($x, 1)
print $x
print $x++ + add(1, 1)
print $x
print counter = add(20, 20)
print counter++ + add(1, 1)
print counter
print 0 && add(1, 1)
print 1 || add(1, 1)
print add(1, 0) ? add(2, 0) : add(3, 0)
printf "%d %s\n", add(1, 2), copy("p")
output add(7, 7)
echo \n
set var counter = add(50, 50)
print counter
x/s copy("mem")
if add(1, 1) == 2
echo yes\n
end
print $pc
info registers rip
# A breakpoint within.
tbreak bump
call bump()
backtrace
print counter
finish
backtrace 1
break inner
print outer(1)
backtrace
up
info locals
up
print add(1, 1)
info breakpoints
continue
backtrace 1
delete
# A dprintf within prints, and the call goes on.
dprintf inner,"inner is called\n"
print outer(1)
print outer(2) + outer(3)
delete
# A signal within.
print crash()
backtrace
set unwindonsignal on
show unwindonsignal
print crash()
backtrace
set unwindonsignal off
display add(1, 2)
up
undisplay 1
# Results that are put in.
break add
continue
return 99
frame
next
print counter
break make_pair
continue
set var first = 70
return made
next
break copy
continue
return text
finish
break length
continue
return
frame
# Out of a function that was called.
delete
break add
print add(1, 2)
return 7
frame
