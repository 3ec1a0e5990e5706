# Places to stop at, each with a frame that needs another rule. The labels are local, so that neither gdb nor the test
# takes them for functions; `stops` has their addresses.

        .macro  FUNC name
        .globl  \name
        .type   \name, @function
\name:
        .endm

        .macro  END name
        .size   \name, . - \name
        .endm

        .text

# Called from C in the middle of something: no CFI, nothing pushed.
FUNC stop_here
        nop
.Lstop0:
        nop
        ret
END stop_here

FUNC bare
.Lstop1:
        nop
        ret
END bare

FUNC endbr_push
        endbr64
        push    %rbp
.Lstop2:
        nop
        pop     %rbp
        ret
END endbr_push

FUNC push_mov
        push    %rbp
        mov     %rsp, %rbp
        sub     $32, %rsp
.Lstop3:
        nop
        leave
        ret
END push_mov

FUNC push_mov_other_encoding
        push    %rbp
        .byte   0x48, 0x8b, 0xec
        sub     $32, %rsp
.Lstop4:
        nop
        leave
        ret
END push_mov_other_encoding

FUNC realign
        lea     8(%rsp), %r10
        and     $-64, %rsp
.Lstop5:
        push    -8(%r10)
        push    %rbp
        mov     %rsp, %rbp
        push    %r10
.Lstop6:
        nop
        pop     %r10
        pop     %rbp
        lea     -8(%r10), %rsp
        ret
END realign

FUNC realign_callee_saved
        push    %r13
        lea     16(%rsp), %r13
        and     $-256, %rsp
.Lstop7:
        push    -8(%r13)
        lea     -16(%r13), %rsp
        pop     %r13
        ret
END realign_callee_saved

# The CFI is wrong at the ret, and gdb does not believe CFI there in assembly.
FUNC bad_epilogue
        .cfi_startproc
        sub     $56, %rsp
        .cfi_adjust_cfa_offset 56
        add     $56, %rsp
.Lstop8:
        ret
        .cfi_endproc
END bad_epilogue

FUNC rbp_zero
        push    %rbp
        mov     %rsp, %rbp
        mov     %rbp, %rax
        xor     %ebp, %ebp
.Lstop9:
        nop
        mov     %rax, %rbp
        leave
        ret
END rbp_zero

FUNC rbp_wild
        push    %rbp
        mov     %rsp, %rbp
        mov     %rbp, %rax
        mov     $0x10, %ebp
.Lstop10:
        nop
        mov     %rax, %rbp
        leave
        ret
END rbp_wild

FUNC return_to_zero
        push    $0
.Lstop11:
        nop
        add     $8, %rsp
        ret
END return_to_zero

# A frame that is its own caller.
FUNC own_caller
        push    %rbp
        mov     %rsp, %rbp
        mov     %rbp, %rax
        lea     .Lstop12(%rip), %rcx
        push    %rcx
        lea     -8(%rsp), %rcx
        push    %rcx
        mov     %rsp, %rbp
.Lstop12:
        nop
        mov     %rax, %rbp
        leave
        ret
END own_caller

# A caller further down the stack than its callee.
FUNC caller_below
        push    %rbp
        mov     %rsp, %rbp
        mov     %rbp, %rax
        lea     .Lstop13(%rip), %rcx
        sub     $128, %rsp
        lea     16(%rsp), %rdx
        mov     %rcx, 104(%rsp)
        mov     %rdx, 96(%rsp)
        mov     %rcx, 24(%rsp)
        movq    $0, 16(%rsp)
        lea     96(%rsp), %rbp
.Lstop13:
        nop
        mov     %rax, %rbp
        leave
        ret
END caller_below

FUNC no_return_address
        .cfi_startproc
        .cfi_undefined rip
        nop
.Lstop14:
        nop
        ret
        .cfi_endproc
END no_return_address

# The return address "is still in rip": the caller is where the callee is.
FUNC return_address_in_rip
        .cfi_startproc
        .cfi_same_value rip
        nop
.Lstop15:
        nop
        ret
        .cfi_endproc
END return_address_in_rip

# One of each rule.
FUNC rules
        .cfi_startproc
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        push    %r12
        .cfi_adjust_cfa_offset 8
        mov     %r13, %r9
        .cfi_register r13, r9
        .cfi_undefined rdi
        .cfi_same_value r14
        # r12: DW_CFA_expression, at CFA - 24 (the CFA is on the stack: DW_OP_lit24, DW_OP_minus)
        .cfi_escape 0x10, 12, 2, 0x48, 0x1c
        # r15: DW_CFA_val_expression, r9 + 1 (DW_OP_drop, DW_OP_breg9 1)
        .cfi_escape 0x16, 15, 3, 0x13, 0x79, 0x01
        # rsi: DW_CFA_val_offset, CFA - 2 * 8 scaled by the data alignment factor -8
        .cfi_escape 0x14, 4, 2
        # The CFA itself: DW_CFA_def_cfa_expression, rsp + 24 by way of memory: breg7 0; deref; drop; breg7 24
        .cfi_escape 0x0f, 6, 0x77, 0x00, 0x06, 0x13, 0x77, 0x18
.Lstop16:
        nop
        pop     %r12
        pop     %rbx
        ret
        .cfi_endproc
END rules

# Ends in a call that does not return here, so that the return address belongs to the next function.
FUNC ends_in_call
        .cfi_startproc
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    leaves_two_frames
        .cfi_endproc
END ends_in_call

FUNC after_ends_in_call
        .cfi_startproc
        .cfi_def_cfa_offset 512
        ret
        .cfi_endproc
END after_ends_in_call

FUNC leaves_two_frames
        .cfi_startproc
        nop
.Lstop17:
        nop
        add     $16, %rsp
        ret
        .cfi_endproc
END leaves_two_frames

        .data
        .globl  stops
        .type   stops, @object
stops:
        .quad   .Lstop0, .Lstop1, .Lstop2, .Lstop3, .Lstop4, .Lstop5, .Lstop6, .Lstop7, .Lstop8, .Lstop9
        .quad   .Lstop10, .Lstop11, .Lstop12, .Lstop13, .Lstop14, .Lstop15, .Lstop16, .Lstop17
        .size   stops, . - stops

        .section .note.GNU-stack, "", @progbits
