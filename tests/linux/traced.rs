//! Functions whose return a tracer watches for: the stack has the tracer's trampoline in the place of their callers.

use super::guest::{GO, Guest};
use super::programs::functions;

/// Where the tracing file system is in the guest.
const TRACING: &str = "cd /sys/kernel/tracing";

/// Reads a file of /proc while kdive listens; what kdive says, and the functions of the two backtraces.
fn traced(guest: &mut Guest) -> (String, Vec<String>, Vec<String>) {
    // The shell itself reads it, in the same way each time.
    guest.at_go("read line < /proc/uptime");
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         set print frame-arguments none\n\
         {GO}\n\
         tbreak uptime_proc_show if $_streq($lx_current().comm, \"sh\")\n\
         continue\n\
         bt\n\
         echo =====\\n\n\
         finish\n\
         echo =====\\n\n\
         finish\n\
         bt\n\
         echo =====\\n\n\
         set $n = 0\n\
         set $from = $sp\n\
         while $sp == $from && $n < 40\n\
         next\n\
         set $n = $n + 1\n\
         end\n\
         bt 2\n"
    ));
    let output = format!("{}{}", got.out, got.err);
    let parts: Vec<&str> = got.out.split("=====\n").collect();
    let [before, first, second, out] = parts[..] else { panic!("{output}") };
    assert!(
        first.contains(" in seq_read_iter (") && first.contains("Value returned is $1 = 0\n"),
        "{output}"
    );
    assert!(second.contains("Value returned is $2 = 1\n"), "{output}");
    let (whole, rest) = (functions(before), functions(second));
    assert!(whole.ends_with(&rest) && rest.len() + 2 <= whole.len(), "{output}");
    // Stepped out of: into the caller.
    let caller = functions(out);
    assert!(whole.contains(&caller[0]) && caller[0] != rest[0], "{output}");
    assert!(!output.contains("SIGTRAP"), "{output}");
    (output, whole, rest)
}

/// At each instruction of a trampoline the stack goes on to the true caller, in what it calls too.
fn inside(guest: &mut Guest, trampoline: &str, rest: &[String]) {
    guest.at_go("read line < /proc/uptime");
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         set print frame-arguments none\n\
         set print address off\n\
         {GO}\n\
         tbreak uptime_proc_show if $_streq($lx_current().comm, \"sh\")\n\
         continue\n\
         tbreak *{trampoline} if $_streq($lx_current().comm, \"sh\")\n\
         continue\n\
         set $start = (long)$pc\n\
         set $n = 0\n\
         while (unsigned long)$pc - $start < 0x80 && $n < 80\n\
         echo =====\\n\n\
         bt\n\
         nexti\n\
         set $n = $n + 1\n\
         end\n\
         echo =====\\n\n\
         bt\n"
    ));
    let output = format!("{}{}", got.out, got.err);
    let stacks: Vec<Vec<String>> = got.out.split("=====\n").skip(1).map(functions).collect();
    let (out, within) = stacks.split_last().unwrap_or_else(|| panic!("{output}"));
    assert!(within.len() > 5, "{output}");
    for (number, stack) in within.iter().enumerate() {
        assert_eq!((stack[0].as_str(), &stack[1..]), (trampoline, rest), "instruction {number}: {output}");
    }
    assert_eq!(out, rest, "{output}");
}

pub(crate) fn frames_are_those_without_tracers(guest: &mut Guest) {
    guest.shell("mount -t tracefs none /sys/kernel/tracing 2> /dev/null");
    let (_, plain, left) = traced(guest);
    assert!(plain.contains(&"ksys_read".to_owned()), "{plain:?}");
    let names = "uptime_proc_show seq_read_iter proc_reg_read_iter vfs_read ksys_read";
    let graph =
        format!("{TRACING}; echo {names} > set_ftrace_filter; echo function_graph > current_tracer; cd /");
    let no_graph = format!("{TRACING}; echo nop > current_tracer; echo > set_ftrace_filter; cd /");
    let probes = format!(
        "{TRACING}; for name in {names}; do echo \"r:kdive_$name $name\" >> kprobe_events; done; \
         echo 1 > events/kprobes/enable; cd /"
    );
    let no_probes = format!("{TRACING}; echo 0 > events/kprobes/enable; echo > kprobe_events; cd /; sleep 1");
    // Probes of function returns, where the kernel has them (6.6 and later, CONFIG_FPROBE).
    let fprobes = format!(
        "{TRACING}; echo 'f:kdive/back seq_read_iter%return' >> dynamic_events && echo 1 > events/kdive/enable && echo made; cd /"
    );
    let no_fprobes = format!("{TRACING}; echo 0 > events/kdive/enable; echo > dynamic_events; cd /; sleep 1");
    // Both of one function: each keeps the address that it found in the place of the true one.
    let (both, none) = (format!("{graph}; {probes}"), format!("{no_probes}; {no_graph}"));
    let mut kinds = vec![(&graph, &no_graph), (&probes, &no_probes), (&both, &none)];
    if guest.shell(&fprobes).contains("made") {
        guest.shell(&no_fprobes);
        kinds.push((&fprobes, &no_fprobes));
    }
    for (on, off) in kinds {
        guest.shell(on);
        let (output, whole, rest) = traced(guest);
        if on == &graph {
            inside(guest, "return_to_handler", &plain[1..]);
        }
        guest.shell(off);
        assert_eq!((&whole, &rest), (&plain, &left), "{on}: {output}");
    }
}
