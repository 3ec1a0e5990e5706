# Flags and unions of registers in arithmetic, in conditions, and assigned to.
#: guest
#: symbols none
#: feed lines
target remote guest.sock
print $eflags
print $eflags & 0x200
print $eflags == 2
print (($eflags >> 9) & 1)
print $cr0 & 1
print/x $eflags
print/t $eflags
output $eflags
printf "%x\n", $eflags
whatis $eflags & 1
whatis $cr0 + 1
set $eflags |= 1
print $eflags
set $eflags = 0x202
set $eflags++
print $eflags
print -$eflags
print !$eflags
print $eflags ? 1 : 2
print $eflags.ZF
print $eflags + 1.5
print (long)$eflags
print $cr0 | $eflags
print $eflags << 1
print $eflags / 0
print $xmm0 & 1
print $xmm0 == 0
print ~$xmm0
set $xmm0 = 1
print $xmm0.v4_int32 + 1
break *0x7c00 if $eflags & 2
info breakpoints
