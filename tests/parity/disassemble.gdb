# Code from the file: disassemble and x/i.
#: feed lines
disassemble security_init
disassemble /r security_init
disassemble /m security_init
disassemble /s security_init
disassemble security_init,security_init+20
disassemble security_init,+12
disassemble /r security_init,+12
disassemble /s security_init,+24
disassemble security_init+5,+12
disassemble 0
disassemble nothing_here
disassemble
disassemble vfs_read
disassemble /s vfs_fsync
disassemble do_syscall_64
disassemble entry_SYSCALL_64
x/5i start_kernel
x/3i
x/2i vfs_read+4
x/i *start_kernel
x/3i &vfs_read
x/8xb start_kernel
x/2i _text
x/4i secondary_startup_64
set disassembly-flavor intel
disassemble security_init
x/5i do_syscall_64
set disassembly-flavor att
show disassembly-flavor
x/20i copy_user_generic_string
x/10i memcpy_erms
x/10i __memset
x/12i native_load_gs_index
x/30i crc32c_pcl_intel_update
x/20i fpu__init_cpu_xstate
x/20i save_fpregs_to_fpstate
x/10i clear_page_erms
x/10i native_write_cr4
x/20i __switch_to_asm
x/20i asm_exc_page_fault
x/40i aesni_enc
x/40i chacha_block_xor_ssse3
x/40i sha1_transform_avx2
x/30i poly1305_blocks_avx512
