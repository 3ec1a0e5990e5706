//! Instructions as objdump of binutils 2.40 prints them (`-M att`, `-M intel`), whose text gdb 13.1 shares.
//!
//! Every row is disassembled at 0x1000 plus 32 bytes for each row before it.

use super::*;

mod kernel;

/// Bytes, AT&T, Intel.
const CODE64: &[(&str, &str, &str)] = &[
    ("90", "nop", "nop"),
    ("6690", "xchg   %ax,%ax", "xchg   ax,ax"),
    ("f390", "pause", "pause"),
    ("4890", "rex.W nop", "rex.W nop"),
    ("0f1f00", "nopl   (%rax)", "nop    DWORD PTR [rax]"),
    ("0f1f4000", "nopl   0x0(%rax)", "nop    DWORD PTR [rax+0x0]"),
    ("0f1f440000", "nopl   0x0(%rax,%rax,1)", "nop    DWORD PTR [rax+rax*1+0x0]"),
    ("660f1f440000", "nopw   0x0(%rax,%rax,1)", "nop    WORD PTR [rax+rax*1+0x0]"),
    ("0f1f8000000000", "nopl   0x0(%rax)", "nop    DWORD PTR [rax+0x0]"),
    ("0f1f840000000000", "nopl   0x0(%rax,%rax,1)", "nop    DWORD PTR [rax+rax*1+0x0]"),
    ("662e0f1f840000000000", "cs nopw 0x0(%rax,%rax,1)", "cs nop WORD PTR [rax+rax*1+0x0]"),
    ("66662e0f1f840000000000", "data16 cs nopw 0x0(%rax,%rax,1)", "data16 cs nop WORD PTR [rax+rax*1+0x0]"),
    ("2ee800010000", "cs call 0x1286", "cs call 0x1286"),
    ("2ee900010000", "cs jmp 0x12a6", "cs jmp 0x12a6"),
    ("e8fbffffff", "call   0x11c0", "call   0x11c0"),
    ("ebfe", "jmp    0x11e0", "jmp    0x11e0"),
    ("7410", "je     0x1212", "je     0x1212"),
    ("0f8500010000", "jne    0x1326", "jne    0x1326"),
    ("c3", "ret", "ret"),
    ("f3c3", "repz ret", "repz ret"),
    ("f2c3", "bnd ret", "bnd ret"),
    ("c20800", "ret    $0x8", "ret    0x8"),
    ("cb", "lret", "retf"),
    ("48cb", "lretq", "retfq"),
    ("cf", "iret", "iret"),
    ("48cf", "iretq", "iretq"),
    ("0f05", "syscall", "syscall"),
    ("480f07", "sysretq", "sysretq"),
    ("0f07", "sysretl", "sysretd"),
    ("0f34", "sysenter", "sysenter"),
    ("f4", "hlt", "hlt"),
    ("cc", "int3", "int3"),
    ("cd80", "int    $0x80", "int    0x80"),
    ("0f0b", "ud2", "ud2"),
    ("0fb93e", "ud1    (%rsi),%edi", "ud1    edi,DWORD PTR [rsi]"),
    ("670fb907", "ud1    (%edi),%eax", "ud1    eax,DWORD PTR [edi]"),
    ("f30f1efa", "endbr64", "endbr64"),
    ("f30f1efb", "endbr32", "endbr32"),
    ("55", "push   %rbp", "push   rbp"),
    ("4157", "push   %r15", "push   r15"),
    ("4889e5", "mov    %rsp,%rbp", "mov    rbp,rsp"),
    ("488bec", "mov    %rsp,%rbp", "mov    rbp,rsp"),
    ("ff3424", "push   (%rsp)", "push   QWORD PTR [rsp]"),
    ("ff742438", "push   0x38(%rsp)", "push   QWORD PTR [rsp+0x38]"),
    ("8f8090000000", "pop    0x90(%rax)", "pop    QWORD PTR [rax+0x90]"),
    ("6800000080", "push   $0xffffffff80000000", "push   0xffffffff80000000"),
    ("6aff", "push   $0xffffffffffffffff", "push   0xffffffffffffffff"),
    ("6650", "push   %ax", "push   ax"),
    ("66683412", "pushw  $0x1234", "pushw  0x1234"),
    ("9c", "pushf", "pushf"),
    ("9d", "popf", "popf"),
    ("669c", "pushfw", "pushfw"),
    ("c9", "leave", "leave"),
    ("c8100000", "enter  $0x10,$0x0", "enter  0x10,0x0"),
    ("ffd0", "call   *%rax", "call   rax"),
    ("41ffd3", "call   *%r11", "call   r11"),
    (
        "ff15d474a301",
        "call   *0x1a374d4(%rip)        # 0x1a38bda",
        "call   QWORD PTR [rip+0x1a374d4]        # 0x1a38bda",
    ),
    ("ff24c500104082", "jmp    *-0x7dbff000(,%rax,8)", "jmp    QWORD PTR [rax*8-0x7dbff000]"),
    ("3effe0", "notrack jmp *%rax", "notrack jmp rax"),
    ("3effd2", "notrack call *%rdx", "notrack call rdx"),
    ("67ff22", "jmp    *(%edx)", "jmp    QWORD PTR [edx]"),
    ("ff2d00100000", "ljmp   *0x1000(%rip)        # 0x27a6", "jmp    FWORD PTR [rip+0x1000]        # 0x27a6"),
    ("48ff2b", "rex.W ljmp *(%rbx)", "rex.W jmp FWORD PTR [rbx]"),
    (
        "488d25513fa001",
        "lea    0x1a03f51(%rip),%rsp        # 0x1a05738",
        "lea    rsp,[rip+0x1a03f51]        # 0x1a05738",
    ),
    (
        "488d3df2ffffff",
        "lea    -0xe(%rip),%rdi        # 0x17f9",
        "lea    rdi,[rip+0xfffffffffffffff2]        # 0x17f9",
    ),
    ("488b042558a8a482", "mov    0xffffffff82a4a858,%rax", "mov    rax,QWORD PTR ds:0xffffffff82a4a858"),
    ("65488b0425c0fb0100", "mov    %gs:0x1fbc0,%rax", "mov    rax,QWORD PTR gs:0x1fbc0"),
    (
        "654c0335dc73017f",
        "add    %gs:0x7f0173dc(%rip),%r14        # 0x7f018c44",
        "add    r14,QWORD PTR gs:[rip+0x7f0173dc]        # 0x7f018c44",
    ),
    ("648b042528000000", "mov    %fs:0x28,%eax", "mov    eax,DWORD PTR fs:0x28"),
    ("678b042510000000", "mov    0x10(,%eiz,1),%eax", "mov    eax,DWORD PTR [eiz*1+0x10]"),
    ("8b842480000000", "mov    0x80(%rsp),%eax", "mov    eax,DWORD PTR [rsp+0x80]"),
    ("8b442010", "mov    0x10(%rax,%riz,1),%eax", "mov    eax,DWORD PTR [rax+riz*1+0x10]"),
    ("8b046500000000", "mov    0x0(,%riz,2),%eax", "mov    eax,DWORD PTR [riz*2+0x0]"),
    ("8b43f8", "mov    -0x8(%rbx),%eax", "mov    eax,DWORD PTR [rbx-0x8]"),
    ("418b4500", "mov    0x0(%r13),%eax", "mov    eax,DWORD PTR [r13+0x0]"),
    ("498b0424", "mov    (%r12),%rax", "mov    rax,QWORD PTR [r12]"),
    ("428b04ad40788382", "mov    -0x7d7c87c0(,%r13,4),%eax", "mov    eax,DWORD PTR [r13*4-0x7d7c87c0]"),
    ("678d0408", "lea    (%eax,%ecx,1),%eax", "lea    eax,[eax+ecx*1]"),
    ("48b88877665544332211", "movabs $0x1122334455667788,%rax", "movabs rax,0x1122334455667788"),
    ("48c7c0ffffffff", "mov    $0xffffffffffffffff,%rax", "mov    rax,0xffffffffffffffff"),
    ("48c744240800000000", "movq   $0x0,0x8(%rsp)", "mov    QWORD PTR [rsp+0x8],0x0"),
    (
        "c605f6432b0201",
        "movb   $0x1,0x22b43f6(%rip)        # 0x22b5e1d",
        "mov    BYTE PTR [rip+0x22b43f6],0x1        # 0x22b5e1d",
    ),
    ("66c7073412", "movw   $0x1234,(%rdi)", "mov    WORD PTR [rdi],0x1234"),
    ("b8488d6424", "mov    $0x24648d48,%eax", "mov    eax,0x24648d48"),
    ("a18877665544332211", "movabs 0x1122334455667788,%eax", "movabs eax,ds:0x1122334455667788"),
    ("48a38877665544332211", "movabs %rax,0x1122334455667788", "movabs ds:0x1122334455667788,rax"),
    ("83c8ff", "or     $0xffffffff,%eax", "or     eax,0xffffffff"),
    ("4883e4f0", "and    $0xfffffffffffffff0,%rsp", "and    rsp,0xfffffffffffffff0"),
    ("6683f8ff", "cmp    $0xffff,%ax", "cmp    ax,0xffff"),
    ("0480", "add    $0x80,%al", "add    al,0x80"),
    ("80e1fe", "and    $0xfe,%cl", "and    cl,0xfe"),
    ("482500f0ffff", "and    $0xfffffffffffff000,%rax", "and    rax,0xfffffffffffff000"),
    ("d1e8", "shr    %eax", "shr    eax,1"),
    ("48d1ea", "shr    %rdx", "shr    rdx,1"),
    ("41d16610", "shll   0x10(%r14)", "shl    DWORD PTR [r14+0x10],1"),
    ("c1e004", "shl    $0x4,%eax", "shl    eax,0x4"),
    ("d3e0", "shl    %cl,%eax", "shl    eax,cl"),
    ("480facd010", "shrd   $0x10,%rdx,%rax", "shrd   rax,rdx,0x10"),
    ("0fa5c2", "shld   %cl,%eax,%edx", "shld   edx,eax,cl"),
    ("4869c0c0080000", "imul   $0x8c0,%rax,%rax", "imul   rax,rax,0x8c0"),
    ("6bc018", "imul   $0x18,%eax,%eax", "imul   eax,eax,0x18"),
    ("0fafc3", "imul   %ebx,%eax", "imul   eax,ebx"),
    ("f7e1", "mul    %ecx", "mul    ecx"),
    ("48f7f9", "idiv   %rcx", "idiv   rcx"),
    ("4898", "cltq", "cdqe"),
    ("98", "cwtl", "cwde"),
    ("6698", "cbtw", "cbw"),
    ("4899", "cqto", "cqo"),
    ("99", "cltd", "cdq"),
    ("48635608", "movslq 0x8(%rsi),%rdx", "movsxd rdx,DWORD PTR [rsi+0x8]"),
    ("0fb6c0", "movzbl %al,%eax", "movzx  eax,al"),
    ("0fb75404fe", "movzwl -0x2(%rsp,%rax,1),%edx", "movzx  edx,WORD PTR [rsp+rax*1-0x2]"),
    ("0fbfc3", "movswl %bx,%eax", "movsx  eax,bx"),
    ("480fbe07", "movsbq (%rdi),%rax", "movsx  rax,BYTE PTR [rdi]"),
    ("0fb644240f", "movzbl 0xf(%rsp),%eax", "movzx  eax,BYTE PTR [rsp+0xf]"),
    (
        "f00fb115c4e22a02",
        "lock cmpxchg %edx,0x22ae2c4(%rip)        # 0x22b012c",
        "lock cmpxchg DWORD PTR [rip+0x22ae2c4],edx        # 0x22b012c",
    ),
    ("f0ff4134", "lock incl 0x34(%rcx)", "lock inc DWORD PTR [rcx+0x34]"),
    ("f0480fc74e20", "lock cmpxchg16b 0x20(%rsi)", "lock cmpxchg16b OWORD PTR [rsi+0x20]"),
    ("0fc70f", "cmpxchg8b (%rdi)", "cmpxchg8b QWORD PTR [rdi]"),
    ("8706", "xchg   %eax,(%rsi)", "xchg   DWORD PTR [rsi],eax"),
    (
        "480fa305f26fc301",
        "bt     %rax,0x1c36ff2(%rip)        # 0x1c38efa",
        "bt     QWORD PTR [rip+0x1c36ff2],rax        # 0x1c38efa",
    ),
    ("f0480fba2b07", "lock btsq $0x7,(%rbx)", "lock bts QWORD PTR [rbx],0x7"),
    ("0f94c0", "sete   %al", "sete   al"),
    ("0f944341", "sete   0x41(%rbx)", "sete   BYTE PTR [rbx+0x41]"),
    ("480f44c2", "cmove  %rdx,%rax", "cmove  rax,rdx"),
    ("f3480fbc8748020000", "tzcnt  0x248(%rdi),%rax", "tzcnt  rax,QWORD PTR [rdi+0x248]"),
    ("f3480fb8c7", "popcnt %rdi,%rax", "popcnt rax,rdi"),
    ("480fc9", "bswap  %rcx", "bswap  rcx"),
    ("f3a4", "rep movsb %ds:(%rsi),%es:(%rdi)", "rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]"),
    ("f348a5", "rep movsq %ds:(%rsi),%es:(%rdi)", "rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]"),
    ("f3a5", "rep movsl %ds:(%rsi),%es:(%rdi)", "rep movs DWORD PTR es:[rdi],DWORD PTR ds:[rsi]"),
    ("f348ab", "rep stos %rax,%es:(%rdi)", "rep stos QWORD PTR es:[rdi],rax"),
    ("aa", "stos   %al,%es:(%rdi)", "stos   BYTE PTR es:[rdi],al"),
    ("f3a6", "repz cmpsb %es:(%rdi),%ds:(%rsi)", "repz cmps BYTE PTR ds:[rsi],BYTE PTR es:[rdi]"),
    ("f2ae", "repnz scas %es:(%rdi),%al", "repnz scas al,BYTE PTR es:[rdi]"),
    ("ac", "lods   %ds:(%rsi),%al", "lods   al,BYTE PTR ds:[rsi]"),
    ("6c", "insb   (%dx),%es:(%rdi)", "ins    BYTE PTR es:[rdi],dx"),
    ("666f", "outsw  %ds:(%rsi),(%dx)", "outs   dx,WORD PTR ds:[rsi]"),
    ("ec", "in     (%dx),%al", "in     al,dx"),
    ("ef", "out    %eax,(%dx)", "out    dx,eax"),
    ("e460", "in     $0x60,%al", "in     al,0x60"),
    ("e670", "out    %al,$0x70", "out    0x70,al"),
    ("6e", "outsb  %ds:(%rsi),(%dx)", "outs   dx,BYTE PTR ds:[rsi]"),
    ("d7", "xlat   %ds:(%rbx)", "xlat   BYTE PTR ds:[rbx]"),
    ("0f20c0", "mov    %cr0,%rax", "mov    rax,cr0"),
    ("0f22d8", "mov    %rax,%cr3", "mov    cr3,rax"),
    ("0f21f8", "mov    %db7,%rax", "mov    rax,dr7"),
    ("0f23c1", "mov    %rcx,%db0", "mov    dr0,rcx"),
    ("440f20c0", "mov    %cr8,%rax", "mov    rax,cr8"),
    ("8ed8", "mov    %eax,%ds", "mov    ds,eax"),
    ("8ce8", "mov    %gs,%eax", "mov    eax,gs"),
    ("668c18", "data16 mov %ds,(%rax)", "data16 mov WORD PTR [rax],ds"),
    ("0f00d8", "ltr    %ax", "ltr    ax"),
    ("0f00d0", "lldt   %ax", "lldt   ax"),
    ("0f0110", "lgdt   (%rax)", "lgdt   [rax]"),
    ("0f011b", "lidt   (%rbx)", "lidt   [rbx]"),
    ("0f01d8", "vmrun", "vmrun"),
    ("0f01f8", "swapgs", "swapgs"),
    ("0f01c8", "monitor %rax,%ecx,%edx", "monitor"),
    ("0f01c9", "mwait  %eax,%ecx", "mwait"),
    ("0f01ca", "clac", "clac"),
    ("0f01cb", "stac", "stac"),
    ("0f01f9", "rdtscp", "rdtscp"),
    ("0f013b", "invlpg (%rbx)", "invlpg BYTE PTR [rbx]"),
    ("0f30", "wrmsr", "wrmsr"),
    ("0f32", "rdmsr", "rdmsr"),
    ("0f31", "rdtsc", "rdtsc"),
    ("0fa2", "cpuid", "cpuid"),
    ("0f09", "wbinvd", "wbinvd"),
    ("660f38820424", "invpcid (%rsp),%rax", "invpcid rax,[rsp]"),
    ("0faee8", "lfence", "lfence"),
    ("0fae28", "xrstor (%rax)", "xrstor [rax]"),
    ("480fae28", "xrstor64 (%rax)", "xrstor64 [rax]"),
    ("480fc728", "xsaves64 (%rax)", "xsaves64 [rax]"),
    ("f3480faec0", "rdfsbase %rax", "rdfsbase rax"),
    ("0f01d0", "xgetbv", "xgetbv"),
    ("0f01ee", "rdpkru", "rdpkru"),
    ("0fae38", "clflush (%rax)", "clflush BYTE PTR [rax]"),
    ("660fae3f", "clflushopt (%rdi)", "clflushopt BYTE PTR [rdi]"),
    ("0f1808", "prefetcht0 (%rax)", "prefetcht0 BYTE PTR [rax]"),
    ("0f0d08", "prefetchw (%rax)", "prefetchw BYTE PTR [rax]"),
    ("dbe3", "fninit", "fninit"),
    ("9bdbe3", "finit", "finit"),
    ("9bd93b", "fstcw  (%rbx)", "fstcw  WORD PTR [rbx]"),
    ("d93b", "fnstcw (%rbx)", "fnstcw WORD PTR [rbx]"),
    ("ddd8", "fstp   %st(0)", "fstp   st(0)"),
    ("d8c1", "fadd   %st(1),%st", "fadd   st,st(1)"),
    ("dcc1", "fadd   %st,%st(1)", "fadd   st(1),st"),
    ("d8c0", "fadd   %st(0),%st", "fadd   st,st(0)"),
    ("dee9", "fsubrp %st,%st(1)", "fsubp  st(1),st"),
    ("d9c9", "fxch   %st(1)", "fxch   st(1)"),
    ("dfe0", "fnstsw %ax", "fnstsw ax"),
    ("dbe9", "fucomi %st(1),%st", "fucomi st,st(1)"),
    ("d8d1", "fcom   %st(1)", "fcom   st(1)"),
    ("dd07", "fldl   (%rdi)", "fld    QWORD PTR [rdi]"),
    ("db2f", "fldt   (%rdi)", "fld    TBYTE PTR [rdi]"),
    ("df2f", "fildll (%rdi)", "fild   QWORD PTR [rdi]"),
    ("d9e8", "fld1", "fld1"),
    ("9b", "fwait", "fwait"),
    ("dd37", "fnsave (%rdi)", "fnsave [rdi]"),
    ("0f28c1", "movaps %xmm1,%xmm0", "movaps xmm0,xmm1"),
    ("660fefc0", "pxor   %xmm0,%xmm0", "pxor   xmm0,xmm0"),
    ("0f2907", "movaps %xmm0,(%rdi)", "movaps XMMWORD PTR [rdi],xmm0"),
    ("f30f6f06", "movdqu (%rsi),%xmm0", "movdqu xmm0,XMMWORD PTR [rsi]"),
    ("66480f6ec7", "movq   %rdi,%xmm0", "movq   xmm0,rdi"),
    ("f20f2ac7", "cvtsi2sd %edi,%xmm0", "cvtsi2sd xmm0,edi"),
    ("f2480f2a07", "cvtsi2sdq (%rdi),%xmm0", "cvtsi2sd xmm0,QWORD PTR [rdi]"),
    ("0fc2c100", "cmpeqps %xmm1,%xmm0", "cmpeqps xmm0,xmm1"),
    ("660f3a44c111", "pclmulhqhqdq %xmm1,%xmm0", "pclmulhqhqdq xmm0,xmm1"),
    ("660f3800c1", "pshufb %xmm1,%xmm0", "pshufb xmm0,xmm1"),
    ("660f3815c1", "blendvpd %xmm0,%xmm1,%xmm0", "blendvpd xmm0,xmm1,xmm0"),
    ("0f38cbc1", "sha256rnds2 %xmm0,%xmm1,%xmm0", "sha256rnds2 xmm0,xmm1,xmm0"),
    ("660fc5c102", "pextrw $0x2,%xmm1,%eax", "pextrw eax,xmm1,0x2"),
    ("660ff7c1", "maskmovdqu %xmm1,%xmm0", "maskmovdqu xmm0,xmm1"),
    ("c5f877", "vzeroupper", "vzeroupper"),
    ("c5fd6f07", "vmovdqa (%rdi),%ymm0", "vmovdqa ymm0,YMMWORD PTR [rdi]"),
    ("c4e27d5907", "vpbroadcastq (%rdi),%ymm0", "vpbroadcastq ymm0,QWORD PTR [rdi]"),
    ("c4e2fd19", "(bad)", "(bad)"),
    ("c5f5fec2", "vpaddd %ymm2,%ymm1,%ymm0", "vpaddd ymm0,ymm1,ymm2"),
    ("c4e3fd39", "(bad)", "(bad)"),
    ("c4e2fbf7c3", "shrx   %rax,%rbx,%rax", "shrx   rax,rbx,rax"),
    ("62f17d486f07", "vmovdqa32 (%rdi),%zmm0", "vmovdqa32 zmm0,ZMMWORD PTR [rdi]"),
    ("62f17dc96f4701", "vmovdqa32 0x40(%rdi),%zmm0{%k1}{z}", "vmovdqa32 zmm0{k1}{z},ZMMWORD PTR [rdi+0x40]"),
    ("62f16d58fe07", "vpaddd (%rdi){1to16},%zmm2,%zmm0", "vpaddd zmm0,zmm2,DWORD BCST [rdi]"),
    ("62f1ed58d44701", "vpaddq 0x8(%rdi){1to8},%zmm2,%zmm0", "vpaddq zmm0,zmm2,QWORD BCST [rdi+0x8]"),
    ("62f16c1858cb", "vaddps {rn-sae},%zmm3,%zmm2,%zmm1", "vaddps zmm1,zmm2,zmm3{rn-sae}"),
    ("62f26d087ecb", "vpermt2d %xmm3,%xmm2,%xmm1", "vpermt2d xmm1,xmm2,xmm3"),
    ("c5f892c8", "kmovw  %eax,%k1", "kmovw  k1,eax"),
    ("62f16d4876cb", "vpcmpeqd %zmm3,%zmm2,%k1", "vpcmpeqd k1,zmm2,zmm3"),
    ("62f36d481fcb01", "vpcmpltd %zmm3,%zmm2,%k1", "vpcmpltd k1,zmm2,zmm3"),
    ("06", "(bad)", "(bad)"),
    ("4806", "rex.W (bad)", "rex.W (bad)"),
    ("0f0a", "(bad)", "(bad)"),
    ("660fffc1", "ud0    %cx,%ax", "ud0    ax,cx"),
    ("f052", "lock push %rdx", "lock push rdx"),
    ("2e7405", "je,pn  0x2d68", "cs je  0x2d68"),
    ("3e0f8400000000", "je,pt  0x2d87", "ds je  0x2d87"),
    ("40b501", "mov    $0x1,%bpl", "mov    bpl,0x1"),
    ("4088e8", "mov    %bpl,%al", "mov    al,bpl"),
    ("88e8", "mov    %ch,%al", "mov    al,ch"),
    ("4488c0", "mov    %r8b,%al", "mov    al,r8b"),
    ("664589c0", "mov    %r8w,%r8w", "mov    r8w,r8w"),
    ("48eb00", "rex.W jmp 0x2e43", "rex.W jmp 0x2e43"),
    ("66eb00", "data16 jmp 0x2e63", "data16 jmp 0x2e63"),
    ("67e310", "jecxz  0x2e93", "jecxz  0x2e93"),
    ("e310", "jrcxz  0x2eb2", "jrcxz  0x2eb2"),
    ("e2f0", "loop   0x2eb2", "loop   0x2eb2"),
    ("480f1f00", "nopq   (%rax)", "nop    QWORD PTR [rax]"),
    ("26488b07", "es mov (%rdi),%rax", "es mov rax,QWORD PTR [rdi]"),
    ("36c3", "ss ret", "ss ret"),
    ("66e80000", "callw  0x2f44", "callw  0x2f44"),
    ("c7f800000000", "xbegin 0x2f66", "xbegin 0x2f66"),
    ("0f01d5", "xend", "xend"),
    ("c6f801", "xabort $0x1", "xabort 0x1"),
];
/// Bytes, AT&T, Intel.
const CODE32: &[(&str, &str, &str)] = &[
    ("55", "push   %ebp", "push   ebp"),
    ("89e5", "mov    %esp,%ebp", "mov    ebp,esp"),
    ("83ec18", "sub    $0x18,%esp", "sub    esp,0x18"),
    ("8b4508", "mov    0x8(%ebp),%eax", "mov    eax,DWORD PTR [ebp+0x8]"),
    ("8b442404", "mov    0x4(%esp),%eax", "mov    eax,DWORD PTR [esp+0x4]"),
    ("8d742600", "lea    0x0(%esi,%eiz,1),%esi", "lea    esi,[esi+eiz*1+0x0]"),
    ("8db42600000000", "lea    0x0(%esi,%eiz,1),%esi", "lea    esi,[esi+eiz*1+0x0]"),
    ("8db600000000", "lea    0x0(%esi),%esi", "lea    esi,[esi+0x0]"),
    ("890424", "mov    %eax,(%esp)", "mov    DWORD PTR [esp],eax"),
    ("a1001040c0", "mov    0xc0401000,%eax", "mov    eax,ds:0xc0401000"),
    ("a3001040c0", "mov    %eax,0xc0401000", "mov    ds:0xc0401000,eax"),
    ("ff15001040c0", "call   *0xc0401000", "call   DWORD PTR ds:0xc0401000"),
    ("ff2485001040c0", "jmp    *-0x3fbff000(,%eax,4)", "jmp    DWORD PTR [eax*4-0x3fbff000]"),
    ("e800000000", "call   0x11a5", "call   0x11a5"),
    ("ea000010001000", "ljmp   $0x10,$0x100000", "jmp    0x10:0x100000"),
    ("9a000010001000", "lcall  $0x10,$0x100000", "call   0x10:0x100000"),
    ("60", "pusha", "pusha"),
    ("61", "popa", "popa"),
    ("6660", "pushaw", "pushaw"),
    ("9c", "pushf", "pushf"),
    ("cf", "iret", "iret"),
    ("cb", "lret", "retf"),
    ("66cb", "lretw", "retfw"),
    ("64a114000000", "mov    %fs:0x14,%eax", "mov    eax,fs:0x14"),
    ("2e8b07", "mov    %cs:(%edi),%eax", "mov    eax,DWORD PTR cs:[edi]"),
    ("3e8b07", "mov    %ds:(%edi),%eax", "mov    eax,DWORD PTR ds:[edi]"),
    ("268b07", "mov    %es:(%edi),%eax", "mov    eax,DWORD PTR es:[edi]"),
    ("0f0110", "lgdtl  (%eax)", "lgdtd  [eax]"),
    ("660f0110", "lgdtw  (%eax)", "lgdtw  [eax]"),
    ("40", "inc    %eax", "inc    eax"),
    ("4b", "dec    %ebx", "dec    ebx"),
    ("1e", "push   %ds", "push   ds"),
    ("06", "push   %es", "push   es"),
    ("6650", "push   %ax", "push   ax"),
    ("68000000c0", "push   $0xc0000000", "push   0xc0000000"),
    ("6aff", "push   $0xffffffff", "push   0xffffffff"),
    ("678b07", "mov    (%bx),%eax", "mov    eax,DWORD PTR [bx]"),
    ("67a10010", "addr16 mov 0x1000,%eax", "addr16 mov eax,ds:0x1000"),
    ("c507", "lds    (%edi),%eax", "lds    eax,FWORD PTR [edi]"),
    ("6207", "bound  %eax,(%edi)", "bound  eax,QWORD PTR [edi]"),
    ("63c3", "arpl   %ax,%bx", "arpl   bx,ax"),
    ("0f20c0", "mov    %cr0,%eax", "mov    eax,cr0"),
    ("6690", "xchg   %ax,%ax", "xchg   ax,ax"),
    ("90", "nop", "nop"),
    ("668b07", "mov    (%edi),%ax", "mov    ax,WORD PTR [edi]"),
    ("f3a5", "rep movsl %ds:(%esi),%es:(%edi)", "rep movs DWORD PTR es:[edi],DWORD PTR ds:[esi]"),
    ("66ab", "stos   %ax,%es:(%edi)", "stos   WORD PTR es:[edi],ax"),
    ("2e7505", "jne,pn 0x15e8", "cs jne 0x15e8"),
    ("3effe0", "notrack jmp *%eax", "notrack jmp eax"),
    ("66e90000", "jmpw   0x1624", "jmpw   0x1624"),
    ("c20400", "ret    $0x4", "ret    0x4"),
    ("27", "daa", "daa"),
    ("d40a", "aam    $0xa", "aam    0xa"),
    ("8b042500100000", "mov    0x1000(,%eiz,1),%eax", "mov    eax,DWORD PTR [eiz*1+0x1000]"),
];
/// Bytes, AT&T, Intel.
const CODE16: &[(&str, &str, &str)] = &[
    ("ea5be000f0", "ljmp   $0xf000,$0xe05b", "jmp    0xf000:0xe05b"),
    ("2e66833ec86100", "cmpl   $0x0,%cs:0x61c8", "cmp    DWORD PTR cs:0x61c8,0x0"),
    ("0f8500f0", "jne    0x44", "jne    0x44"),
    ("31d2", "xor    %dx,%dx", "xor    dx,dx"),
    ("8ed2", "mov    %dx,%ss", "mov    ss,dx"),
    ("66bc00700000", "mov    $0x7000,%esp", "mov    esp,0x7000"),
    ("66ba00f00f00", "mov    $0xff000,%edx", "mov    edx,0xff000"),
    ("e90000", "jmp    0x10e3", "jmp    0x10e3"),
    ("e8fbff", "call   0x10fe", "call   0x10fe"),
    ("ebfe", "jmp    0x1120", "jmp    0x1120"),
    ("fa", "cli", "cli"),
    ("fc", "cld", "cld"),
    ("6689c1", "mov    %eax,%ecx", "mov    ecx,eax"),
    ("8b4702", "mov    0x2(%bx),%ax", "mov    ax,WORD PTR [bx+0x2]"),
    ("8b42f0", "mov    -0x10(%bp,%si),%ax", "mov    ax,WORD PTR [bp+si-0x10]"),
    ("8b4600", "mov    0x0(%bp),%ax", "mov    ax,WORD PTR [bp+0x0]"),
    ("8b0e007c", "mov    0x7c00,%cx", "mov    cx,WORD PTR ds:0x7c00"),
    ("a1007c", "mov    0x7c00,%ax", "mov    ax,ds:0x7c00"),
    ("a3feff", "mov    %ax,0xfffe", "mov    ds:0xfffe,ax"),
    ("67668b442404", "mov    0x4(%esp),%eax", "mov    eax,DWORD PTR [esp+0x4]"),
    ("678b042500100000", "addr32 mov 0x1000,%ax", "addr32 mov ax,WORD PTR ds:0x1000"),
    ("2e0f011e186f", "lidtw  %cs:0x6f18", "lidtw  cs:0x6f18"),
    ("2e660f0116d46e", "lgdtl  %cs:0x6ed4", "lgdtd  cs:0x6ed4"),
    ("0f20c0", "mov    %cr0,%eax", "mov    eax,cr0"),
    ("6683c801", "or     $0x1,%eax", "or     eax,0x1"),
    ("0f22c0", "mov    %eax,%cr0", "mov    cr0,eax"),
    ("66ea000010000800", "ljmpl  $0x8,$0x100000", "jmp    0x8:0x100000"),
    ("f3a5", "rep movsw %ds:(%si),%es:(%di)", "rep movs WORD PTR es:[di],WORD PTR ds:[si]"),
    ("f366ab", "rep stos %eax,%es:(%di)", "rep stos DWORD PTR es:[di],eax"),
    ("66e800000000", "calll  0x13a6", "calld  0x13a6"),
    ("66c3", "retl", "retd"),
    ("66cb", "lretl", "retfd"),
    ("6661", "popal", "popad"),
    ("60", "pusha", "pusha"),
    ("cf", "iret", "iret"),
    ("66cf", "iretl", "iretd"),
    ("50", "push   %ax", "push   ax"),
    ("6650", "push   %eax", "push   eax"),
    ("680010", "push   $0x1000", "push   0x1000"),
    ("666a10", "pushl  $0x10", "pushd  0x10"),
    ("90", "nop", "nop"),
    ("6690", "xchg   %eax,%eax", "xchg   eax,eax"),
    ("cd13", "int    $0x13", "int    0x13"),
    ("e492", "in     $0x92,%al", "in     al,0x92"),
    ("ec", "in     (%dx),%al", "in     al,dx"),
    ("c50600fc", "lds    -0x400,%ax", "lds    ax,DWORD PTR ds:0xfc00"),
    ("ff26007c", "jmp    *0x7c00", "jmp    WORD PTR ds:0x7c00"),
    ("ff6604", "jmp    *0x4(%bp)", "jmp    WORD PTR [bp+0x4]"),
    ("66ff27", "jmpl   *(%bx)", "jmp    DWORD PTR [bx]"),
    ("7410", "je     0x1632", "je     0x1632"),
    ("0fb707", "movzww (%bx),%ax", "movzx  ax,WORD PTR [bx]"),
    ("660fb6c0", "movzbl %al,%eax", "movzx  eax,al"),
    ("c8100000", "enter  $0x10,$0x0", "enter  0x10,0x0"),
    ("c9", "leave", "leave"),
];

fn check(size: CodeSize, rows: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (index, (hex, att, intel)) in rows.iter().enumerate() {
        let addr = VirtAddr(0x1000 + 32 * index as u64);
        let mut bytes = unhex(hex);
        let len = bytes.len();
        bytes.resize(15, 0x90);
        for (flavor, want) in [(Flavor::Att, att), (Flavor::Intel, intel)] {
            let insn = Disassembler::new(size, flavor).decode(&bytes, addr, &()).unwrap();
            if insn.text != **want || insn.bytes.len() != len {
                wrong.push(format!(
                    "{hex}: want {want:?}, have {:?} of {} bytes",
                    insn.text,
                    insn.bytes.len()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn code_of_64_bits() {
    check(CodeSize::Bits64, CODE64);
}

#[test]
fn code_of_32_bits() {
    check(CodeSize::Bits32, CODE32);
}

#[test]
fn code_of_16_bits() {
    check(CodeSize::Bits16, CODE16);
}

fn decode(bytes: &[u8]) -> Insn {
    let mut padded = bytes.to_vec();
    padded.resize(15, 0x90);
    Disassembler::for_arch(Arch::X86_64, Flavor::Att)
        .decode(&padded, VirtAddr(0xffff_ffff_8100_0000), &())
        .unwrap()
}

#[test]
fn facts_are_those_of_the_whole_instruction() {
    let addr = VirtAddr(0xffff_ffff_8100_0000);
    let disassembler = Disassembler::for_arch(Arch::X86_64, Flavor::Att);
    for hex in ["90", "e800000000", "7505", "c3", "f4", "f3a4", "48894708", "9bd93c24", "06", "4840"] {
        let mut bytes = unhex(hex);
        bytes.resize(16, 0x90);
        let whole = disassembler.decode(&bytes, addr, &()).unwrap();
        let facts = disassembler.facts(&bytes, addr).unwrap();
        assert_eq!(Insn { text: facts.text.clone(), ..whole }, facts, "{hex}");
    }
    assert_eq!(disassembler.facts(&[0xc3], addr).unwrap().text, "");
}

#[test]
fn what_does_nothing() {
    let nothing = ["90", "6690", "0f1f440000", "660f1f440000", "66662e0f1f840000000000", "f30f1efa", "4890"];
    for hex in nothing {
        assert!(decode(&unhex(hex)).does_nothing, "{hex}");
    }
    // pause, mov %rax,%rax, jmp to the next, call, ret
    for hex in ["f390", "4889c0", "eb00", "e800000000", "c3"] {
        assert!(!decode(&unhex(hex)).does_nothing, "{hex}");
    }
}

#[test]
fn prefixes_after_rex_make_it_a_line_of_its_own() {
    let rex = decode(&[0x48, 0x66, 0x90]);
    assert_eq!((rex.text.as_str(), rex.len(), rex.flow), ("rex.W", 1, Flow::Invalid));
    assert_eq!(decode(&[0x66, 0x48, 0x2e, 0x90]).text, "data16 rex.W");
}

#[test]
fn names_come_from_the_caller() {
    let names = |addr: VirtAddr| match addr.0 {
        0xffff_ffff_8100_07e0 => Some("startup_64_setup_env".to_owned()),
        0xffff_ffff_82bf_9d18 => Some("initial_gs+8".to_owned()),
        _ => None,
    };
    let at = |addr: u64, bytes: &[u8]| {
        let disassembler = Disassembler::for_arch(Arch::X86_64, Flavor::Att);
        disassembler.decode(bytes, VirtAddr(addr), &names).unwrap().text
    };
    assert_eq!(
        at(0xffff_ffff_8100_0031, &[0xe8, 0xaa, 0x07, 0, 0]),
        "call   0xffffffff810007e0 <startup_64_setup_env>"
    );
    assert_eq!(
        at(0xffff_ffff_8100_0013, &[0x48, 0x8b, 0x05, 0xfe, 0x9c, 0xbf, 0x01]),
        "mov    0x1bf9cfe(%rip),%rax        # 0xffffffff82bf9d18 <initial_gs+8>"
    );
}

#[test]
fn flow_and_targets() {
    let flow = |bytes: &[u8]| decode(bytes).flow;
    assert_eq!(flow(&[0x90]), Flow::Next);
    assert_eq!(flow(&[0xe8, 0, 0, 0, 0]), Flow::Call);
    assert_eq!(flow(&[0xff, 0xd0]), Flow::Call);
    assert_eq!(flow(&[0xc3]), Flow::Return);
    assert_eq!(flow(&[0x48, 0xcb]), Flow::Return);
    assert_eq!(flow(&[0xeb, 0xfe]), Flow::Jump);
    assert_eq!(flow(&[0xff, 0xe0]), Flow::Jump);
    assert_eq!(flow(&[0x74, 0x00]), Flow::Branch);
    assert_eq!(flow(&[0xe2, 0x00]), Flow::Branch);
    assert_eq!(flow(&[0xe3, 0x00]), Flow::Branch);
    assert_eq!(flow(&[0x48, 0xcf]), Flow::ExceptionReturn);
    assert_eq!(flow(&[0x0f, 0x05]), Flow::Syscall);
    assert_eq!(flow(&[0xcd, 0x80]), Flow::Syscall);
    assert_eq!(flow(&[0x48, 0x0f, 0x07]), Flow::SyscallReturn);
    assert_eq!(flow(&[0xcc]), Flow::Breakpoint);
    assert_eq!(flow(&[0x0f, 0x0b]), Flow::Undefined);
    assert_eq!(flow(&[0x0f, 0xb9, 0x3e]), Flow::Undefined);
    assert_eq!(flow(&[0xf4]), Flow::Halt);
    assert_eq!(flow(&[0xf3, 0xa4]), Flow::RepString);
    assert_eq!(flow(&[0xa4]), Flow::Next);
    assert_eq!(flow(&[0x0f, 0x01, 0xc1]), Flow::Next);
    assert_eq!(flow(&[0x06]), Flow::Invalid);
    let call = decode(&[0xe8, 0xfb, 0xff, 0xff, 0xff]);
    assert_eq!(call.target, Some(VirtAddr(0xffff_ffff_8100_0000)));
    assert_eq!(call.next(), VirtAddr(0xffff_ffff_8100_0005));
    assert_eq!(decode(&[0xff, 0xd0]).target, None);
}

#[test]
fn effects() {
    let sp = |bytes: &[u8]| decode(bytes).writes_sp;
    assert!(sp(&[0x55]) && sp(&[0xc3]) && sp(&[0xc9]) && sp(&[0xe8, 0, 0, 0, 0]));
    assert!(sp(&[0x48, 0x83, 0xec, 0x10]) && sp(&[0x48, 0x89, 0xec]) && sp(&[0x48, 0x8d, 0x64, 0x24, 0x08]));
    assert!(!sp(&[0x48, 0x89, 0xe5]) && !sp(&[0x48, 0x83, 0xfc, 0x00]) && !sp(&[0x90]));
    let flags = |bytes: &[u8]| decode(bytes).writes_flags;
    assert!(flags(&[0x48, 0x83, 0xc0, 0x01]) && flags(&[0x39, 0xc3]) && flags(&[0xfa]) && flags(&[0x9d]));
    assert!(!flags(&[0x48, 0x89, 0xe5]) && !flags(&[0x48, 0x8d, 0x04, 0x08]) && !flags(&[0x74, 0x00]));
    assert_eq!(decode(&[0x48, 0x8b, 0x05, 0, 0, 0, 0]).memory, Some(VirtAddr(0xffff_ffff_8100_0007)));
    assert_eq!(
        decode(&[0x48, 0x8b, 0x04, 0x25, 0, 0, 0xa0, 0x82]).memory,
        Some(VirtAddr(0xffff_ffff_82a0_0000))
    );
    assert_eq!(decode(&[0x48, 0x8b, 0x03]).memory, None);
}

#[test]
fn too_few_bytes_are_no_instruction() {
    let disassembler = Disassembler::for_arch(Arch::X86_64, Flavor::Att);
    for bytes in [&[][..], &[0xe8, 0, 0], &[0x48], &[0x66, 0x66], &[0x9b]] {
        assert_eq!(disassembler.decode(bytes, VirtAddr(0), &()), None, "{bytes:x?}");
    }
}

#[test]
fn any_bytes_decode_without_panic_and_make_progress() {
    // A linear congruential generator: the same bytes in every run.
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut bytes = [0u8; 15];
    for round in 0..30_000 {
        for byte in &mut bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        // Prefixes are rare among random bytes.
        let prefixes = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x65, 0x48, 0x0f, 0x62, 0xc4, 0x9b];
        bytes[0] = if round % 2 == 0 { prefixes[(state >> 40) as usize % prefixes.len()] } else { bytes[0] };
        for size in [CodeSize::Bits16, CodeSize::Bits32, CodeSize::Bits64] {
            for flavor in [Flavor::Att, Flavor::Intel] {
                for end in [15, round % 16] {
                    let short = &bytes[..end];
                    match Disassembler::new(size, flavor).decode(short, VirtAddr(u64::MAX - 4), &()) {
                        Some(insn) => assert!(!insn.bytes.is_empty() && short.starts_with(&insn.bytes)),
                        None => assert!(end < 15, "{bytes:x?}"),
                    }
                }
            }
        }
    }
}
