//! Reports of kernels 6.1, as they are and as people paste them.

use super::*;

const NULL_WRITE: &str = "\
[    2.179816] BUG: kernel NULL pointer dereference, address: 0000000000000970
[    2.182283] #PF: supervisor write access in kernel mode
[    2.182386] #PF: error_code(0x0002) - not-present page
[    2.182531] PGD 103f6067 P4D 103f6067 PUD 103f0067 PMD 0
[    2.182816] Oops: 0002 [#1] PREEMPT SMP NOPTI
[    2.182993] CPU: 0 PID: 82 Comm: insmod Tainted: G           OE      6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2
[    2.183235] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996)
[    2.183463] RIP: 0010:hello_init+0x68/0x7d [poc]
[    2.183786] Code: 45 e0 <c7> 80 70 09 00 00 00 00 00 00 b8 00
[    2.184128] RSP: 0018:ffffd186c05b39e0 EFLAGS: 00000246
[    2.184234] RAX: 0000000000000000 RBX: ffffffffc03d4033 RCX: c0000000ffffefff
[    2.184480] RBP: ffffd186c05b3a00 R08: 0000000000000000 R09: ffffd186c05b3878
[    2.184884] FS:  000000003aa1f3c0(0000) GS:ffff8a3f9f400000(0000) knlGS:0000000000000000
[    2.185133] CR2: 0000000000000970 CR3: 0000000002558000 CR4: 00000000000006b0
[    2.185390] Call Trace:
[    2.185904]  <TASK>
[    2.186055]  do_one_initcall+0x59/0x220
[    2.186535]  ? mntput_no_expire+0x4a/0x250
[    2.187321]  entry_SYSCALL_64_after_hwframe+0x6e/0xd8
[    2.187503] RIP: 0033:0x47fbe9
[    2.187688] Code: 08 89 <48> 3d
[    2.188121] RAX: ffffffffffffffda RBX: 000000003aa22180 RCX: 000000000047fbe9
[    2.188824] Modules linked in: poc(OE+) [last unloaded: kdive_test]
[    2.189094] CR2: 0000000000000970
[    2.189094] ---[ end trace 0000000000000000 ]---
[    2.189194] unrelated+0x1/0x2
";

fn check(text: &str) -> Oops {
    let mut found = parse_oopses(text);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_null_pointer_write() {
    let oops = check(NULL_WRITE);
    assert_eq!(oops.reason.len(), 4);
    assert_eq!((oops.address, oops.access), (Some(0x970), Some(Access::Write)));
    assert_eq!((oops.cpu, oops.pid, oops.comm.as_deref()), (Some(0), Some(82), Some("insmod")));
    assert_eq!(oops.taint.as_deref(), Some("GOE"));
    assert_eq!(taint_words("GOE"), ["out-of-tree module", "unsigned module"]);
    let at = oops.at.as_ref().unwrap();
    assert_eq!((at.to_string(), at.size), ("hello_init+0x68 [poc]".to_owned(), Some(0x7d)));
    assert_eq!(oops.register("rsp"), Some(0xffff_d186_c05b_39e0));
    assert_eq!(oops.register("rax"), Some(0));
    assert_eq!(oops.register("r9"), Some(0xffff_d186_c05b_3878));
    assert_eq!(oops.register("eflags"), Some(0x246));
    assert_eq!(oops.instruction()[..3], [0xc7, 0x80, 0x70]);
    let trace: Vec<_> = oops.trace.iter().map(|line| (line.place.symbol.as_str(), line.sure)).collect();
    assert_eq!(
        trace,
        [("do_one_initcall", true), ("mntput_no_expire", false), ("entry_SYSCALL_64_after_hwframe", true)]
    );
    assert_eq!(oops.modules, ["poc(OE+)"]);
}

#[test]
fn with_the_prefixes_of_journals_and_callers() {
    let journal: String = NULL_WRITE
        .lines()
        .map(|line| format!("Nov 22 21:00:00 host kernel: {}\n", line.replacen("] ", "] [   T82] ", 1)))
        .collect();
    assert_eq!(check(&journal), check(NULL_WRITE));
    let bare: String = NULL_WRITE.lines().map(|line| format!("<4>{}\n", &line[15..])).collect();
    assert_eq!(check(&bare), check(NULL_WRITE));
}

#[test]
fn several_and_none() {
    let twice = format!("{NULL_WRITE}\nnoise\n{NULL_WRITE}");
    assert_eq!(parse_oopses(&twice).len(), 2);
    assert_eq!(parse_oopses("[    0.000000] Linux version 6.1\nall is well"), []);
    let trace = check(" do_one_initcall+0x59/0x220\n ? x+0x1/0x2 [mod 0123456789abcdef]\n");
    assert_eq!(trace.trace.len(), 2);
    assert_eq!(trace.trace[1].place.module.as_deref(), Some("mod"));
}

#[test]
fn damaged_text() {
    assert_eq!(Place::parse("+0x1"), None);
    assert_eq!(Place::parse("f+0xzz"), None);
    assert_eq!(Place::parse("f+0x11111111111111111"), None);
    assert_eq!(Place::parse("f+0x1").unwrap().size, None);
    let oops = check(
        "BUG: unable to handle page fault for address: zz\nCPU: x PID: y\nRIP: nonsense\nCode: zz\nRSP: 0018:\n",
    );
    assert_eq!((oops.address, oops.cpu, oops.at), (None, None, None));
}
