	.file	"classes.cpp"
	.text
.Ltext0:
	.cfi_sections	.debug_frame
	.file 0 "/src" "classes.cpp"
	.globl	obj
	.bss
	.align 8
	.type	obj, @object
	.size	obj, 8
obj:
	.zero	8
	.globl	plain
	.data
	.align 8
	.type	plain, @object
	.size	plain, 8
plain:
	.long	7
	.long	2
	.globl	num
	.align 4
	.type	num, @object
	.size	num, 4
num:
	.long	5
	.globl	ref
	.section	.data.rel.ro.local,"aw"
	.align 8
	.type	ref, @object
	.size	ref, 8
ref:
	.quad	num
	.text
	.globl	main
	.type	main, @function
main:
.LFB0:
	.file 1 "classes.cpp"
	.loc 1 8 12
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset 6, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register 6
	.loc 1 8 25
	movl	4+obj(%rip), %edx
	.loc 1 8 35
	movl	plain(%rip), %eax
	addl	%edx, %eax
	.loc 1 8 38
	popq	%rbp
	.cfi_def_cfa 7, 8
	ret
	.cfi_endproc
.LFE0:
	.size	main, .-main
.Letext0:
	.section	.debug_info,"",@progbits
.Ldebug_info0:
	.long	0xfd
	.value	0x5
	.byte	0x1
	.byte	0x8
	.long	.Ldebug_abbrev0
	.uleb128 0x4
	.long	.LASF6
	.byte	0x21
	.long	.LASF0
	.long	.LASF1
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.long	.Ldebug_line0
	.uleb128 0x2
	.long	.LASF2
	.byte	0x4
	.byte	0x1
	.long	0x44
	.uleb128 0x1
	.string	"b"
	.byte	0x1
	.byte	0x13
	.long	0x44
	.byte	0
	.byte	0
	.uleb128 0x5
	.byte	0x4
	.byte	0x5
	.string	"int"
	.uleb128 0x2
	.long	.LASF3
	.byte	0x8
	.byte	0x2
	.long	0x67
	.uleb128 0x6
	.long	0x2e
	.byte	0
	.uleb128 0x1
	.string	"d"
	.byte	0x2
	.byte	0x1d
	.long	0x44
	.byte	0x4
	.byte	0
	.uleb128 0x2
	.long	.LASF4
	.byte	0x8
	.byte	0x3
	.long	0x87
	.uleb128 0x1
	.string	"x"
	.byte	0x3
	.byte	0x14
	.long	0x44
	.byte	0
	.uleb128 0x1
	.string	"y"
	.byte	0x3
	.byte	0x1b
	.long	0x44
	.byte	0x4
	.byte	0
	.uleb128 0x3
	.string	"obj"
	.byte	0x4
	.byte	0x9
	.long	0x4b
	.uleb128 0x9
	.byte	0x3
	.quad	obj
	.uleb128 0x7
	.long	.LASF5
	.byte	0x1
	.byte	0x5
	.byte	0x7
	.long	0x67
	.uleb128 0x9
	.byte	0x3
	.quad	plain
	.uleb128 0x3
	.string	"num"
	.byte	0x6
	.byte	0x5
	.long	0x44
	.uleb128 0x9
	.byte	0x3
	.quad	num
	.uleb128 0x3
	.string	"ref"
	.byte	0x7
	.byte	0x6
	.long	0xdc
	.uleb128 0x9
	.byte	0x3
	.quad	ref
	.uleb128 0x8
	.byte	0x8
	.long	0x44
	.uleb128 0x9
	.long	.LASF7
	.byte	0x1
	.byte	0x8
	.byte	0x5
	.long	0x44
	.quad	.LFB0
	.quad	.LFE0-.LFB0
	.uleb128 0x1
	.byte	0x9c
	.byte	0
	.section	.debug_abbrev,"",@progbits
.Ldebug_abbrev0:
	.uleb128 0x1
	.uleb128 0xd
	.byte	0
	.uleb128 0x3
	.uleb128 0x8
	.uleb128 0x3a
	.uleb128 0x21
	.sleb128 1
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.uleb128 0x38
	.uleb128 0xb
	.byte	0
	.byte	0
	.uleb128 0x2
	.uleb128 0x13
	.byte	0x1
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3a
	.uleb128 0x21
	.sleb128 1
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0x21
	.sleb128 8
	.uleb128 0x1
	.uleb128 0x13
	.byte	0
	.byte	0
	.uleb128 0x3
	.uleb128 0x34
	.byte	0
	.uleb128 0x3
	.uleb128 0x8
	.uleb128 0x3a
	.uleb128 0x21
	.sleb128 1
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.uleb128 0x3f
	.uleb128 0x19
	.uleb128 0x2
	.uleb128 0x18
	.byte	0
	.byte	0
	.uleb128 0x4
	.uleb128 0x11
	.byte	0x1
	.uleb128 0x25
	.uleb128 0xe
	.uleb128 0x13
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x1f
	.uleb128 0x1b
	.uleb128 0x1f
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x10
	.uleb128 0x17
	.byte	0
	.byte	0
	.uleb128 0x5
	.uleb128 0x24
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3e
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x8
	.byte	0
	.byte	0
	.uleb128 0x6
	.uleb128 0x1c
	.byte	0
	.uleb128 0x49
	.uleb128 0x13
	.uleb128 0x38
	.uleb128 0xb
	.byte	0
	.byte	0
	.uleb128 0x7
	.uleb128 0x34
	.byte	0
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.uleb128 0x3f
	.uleb128 0x19
	.uleb128 0x2
	.uleb128 0x18
	.byte	0
	.byte	0
	.uleb128 0x8
	.uleb128 0x10
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.byte	0
	.byte	0
	.uleb128 0x9
	.uleb128 0x2e
	.byte	0
	.uleb128 0x3f
	.uleb128 0x19
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x40
	.uleb128 0x18
	.uleb128 0x7a
	.uleb128 0x19
	.byte	0
	.byte	0
	.byte	0
	.section	.debug_aranges,"",@progbits
	.long	0x2c
	.value	0x2
	.long	.Ldebug_info0
	.byte	0x8
	.byte	0
	.value	0
	.value	0
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.quad	0
	.quad	0
	.section	.debug_line,"",@progbits
.Ldebug_line0:
	.section	.debug_str,"MS",@progbits,1
.LASF4:
	.string	"Plain"
.LASF7:
	.string	"main"
.LASF5:
	.string	"plain"
.LASF3:
	.string	"Derived"
.LASF2:
	.string	"Base"
.LASF6:
	.string	"GNU C++17 12.2.0 -mtune=generic -march=x86-64 -g -O0 -fno-asynchronous-unwind-tables -fno-exceptions -fcf-protection=none"
	.section	.debug_line_str,"MS",@progbits,1
.LASF0:
	.string	"classes.cpp"
.LASF1:
	.string	"/src"
	.section	.note.GNU-stack,"",@progbits
