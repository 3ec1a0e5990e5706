# Values of every kind in an optimised module, whose sections are placed by their addresses in sysfs.
#: guest kdive.insmod=kdive_test norandmaps
#: feed lines
target remote guest.sock
hbreak start_kernel
continue
delete
break do_init_module
continue
set $sections = mod->sect_attrs
set $i = 0
while $i < $sections->nsections
  set $name = $sections->attrs[$i].battr.attr.name
  if $_streq($name, ".text")
    set $text = $sections->attrs[$i].address
  end
  if $_streq($name, ".data")
    set $data = $sections->attrs[$i].address
  end
  if $_streq($name, ".bss")
    set $bss = $sections->attrs[$i].address
  end
  if $_streq($name, ".rodata")
    set $rodata = $sections->attrs[$i].address
  end
  if $_streq($name, ".init.text")
    set $init = $sections->attrs[$i].address
  end
  printf "%2d %s\n", $i, $name
  set $i = $i + 1
end
eval "add-symbol-file modules/kdive_test.ko 0x%lx -s .data 0x%lx -s .bss 0x%lx -s .rodata 0x%lx -s .init.text 0x%lx", $text, $data, $bss, $rodata, $init
info line kdive_test_run
info symbol kdive_test_run
info symbol &kdive_test_bits
info address kdive_test_list
break kdive_test_run
continue
delete
backtrace
print kdive_test_schar
print kdive_test_uchar
print kdive_test_char
print kdive_test_short
print kdive_test_ushort
print kdive_test_int
print kdive_test_uint
print kdive_test_long
print kdive_test_ulong
print/x kdive_test_ulong
print kdive_test_llong
print kdive_test_ullong
print kdive_test_int128
print/x kdive_test_int128
print kdive_test_true
print kdive_test_false
print kdive_test_const_volatile
print kdive_test_int_ptr
print *kdive_test_int_ptr
print **kdive_test_int_ptr_ptr
print kdive_test_void_ptr
print *kdive_test_void_ptr
print kdive_test_bad_string
print kdive_test_array
print kdive_test_array[1]@3
print kdive_test_matrix
print kdive_test_matrix[1][2]
print kdive_test_repeats
print kdive_test_text
print kdive_test_unterminated
print kdive_test_embedded
print kdive_test_bytes
print/d kdive_test_bytes
print kdive_test_string
print kdive_test_strings
print kdive_test_blue
print kdive_test_dark
print kdive_test_no_color
print kdive_test_rw
print kdive_test_strange
print kdive_test_no_flags
print kdive_test_bits
print/x kdive_test_bits
print kdive_test_bits.negative
print kdive_test_bits.across
print &kdive_test_bits
print &kdive_test_bits.three
print kdive_test_union
print/x kdive_test_union
print kdive_test_nested
print kdive_test_nested.both
print &kdive_test_nested.named.deeper
print kdive_test_packed
print/x kdive_test_packed
print kdive_test_flex
print *kdive_test_flex
print kdive_test_flex->values
print kdive_test_flex->values[5]
print *kdive_test_flex->values@6
print kdive_test_triangle
print *kdive_test_triangle.next
print kdive_test_triangle.points[1]
print -pretty -- kdive_test_triangle
print kdive_test_ops
print kdive_test_op
print *kdive_test_op
print kdive_test_op_table
print kdive_test_ops.add
print kdive_test_items[0]
print &kdive_test_items[3].link
print *(struct kdive_test_item *) ((char *) kdive_test_list.next - (long) &((struct kdive_test_item *) 0)->link)
print ((struct kdive_test_item *) ((char *) kdive_test_rb.rb_node - (long) &((struct kdive_test_item *) 0)->rb))->key
print kdive_test_list
print kdive_test_table
print kdive_test_llist
print kdive_test_rb
print kdive_test_rb_cached
print kdive_test_xarray
print kdive_test_poisoned_item
print kdive_test_task->comm
print kdive_test_task->__state
print &kdive_test_percpu
print kdive_test_shadow
ptype struct kdive_test_bits
ptype union kdive_test_union
ptype struct kdive_test_nested
ptype struct kdive_test_flex
ptype struct kdive_test_ops
ptype enum kdive_test_color
ptype enum kdive_test_flags
ptype struct kdive_test_packed
ptype kdive_test_op_fn
ptype/o struct kdive_test_bits
ptype/o struct kdive_test_nested
ptype/o union kdive_test_union
ptype/o struct kdive_test_packed
ptype/o struct kdive_test_flex
ptype/o struct kdive_test_item
whatis kdive_test_matrix
whatis kdive_test_matrix[0]
whatis &kdive_test_matrix
whatis kdive_test_op_table
whatis kdive_test_const_volatile
whatis kdive_test_percpu_dynamic
x/2s kdive_test_text
x/4dh kdive_test_matrix
x/3a &kdive_test_ops
x/2a kdive_test_op_table
set var kdive_test_int = 5
print kdive_test_int
set var kdive_test_bits.negative = 7
print kdive_test_bits
set var kdive_test_nested.y = -1
print kdive_test_nested
set var kdive_test_op = kdive_test_add
print kdive_test_op
set var kdive_test_text[0] = 'K'
print kdive_test_text
info scope kdive_test_optimized
info scope kdive_test_scopes
info functions ^kdive_test_inline
info variables ^kdive_test_percpu
info types ^kdive_test_
list kdive_test_loop
