//! Words of other debuggers and of the guest's shell, and what each is called here.

/// Words, whose they are, and the commands that stand for them here. A word that is a command here has no row.
struct Row(&'static [&'static str], &'static str, &'static [&'static str]);

const WINDBG: &str = "WinDbg's";
const POINTERS: &str = "pwndbg's and GEF's";
const LLDB: &str = "LLDB's";
const KDB: &str = "kdb's";
const CRASH: &str = "crash's";
const DRGN: &str = "drgn's";
const GUEST: &str = "the guest's shell's";

const ROWS: &[Row] = &[
    Row(&["lm", "lmv"], WINDBG, &["info modules"]),
    Row(&["dt"], WINDBG, &["ptype /o struct task_struct", "struct task_struct ADDRESS"]),
    Row(&["dx", "??"], WINDBG, &["print"]),
    Row(&["db", "dc"], WINDBG, &["x/64xb ADDRESS"]),
    Row(&["dw"], WINDBG, &["x/32xh ADDRESS"]),
    Row(&["dd"], WINDBG, &["x/16xw ADDRESS"]),
    Row(&["dq"], WINDBG, &["x/8xg ADDRESS"]),
    Row(&["dps", "dds", "dqs"], WINDBG, &["x/16ga ADDRESS"]),
    Row(&["da"], WINDBG, &["x/s ADDRESS"]),
    Row(&["dv"], WINDBG, &["info locals", "info args"]),
    Row(&["eb", "ew", "eq"], WINDBG, &["set variable *(int *)ADDRESS = 1"]),
    Row(&["uf", "ub"], WINDBG, &["disassemble"]),
    Row(&["ln"], WINDBG, &["info symbol ADDRESS"]),
    Row(&["kb", "kp", "kn", "kv", "kL"], WINDBG, &["backtrace"]),
    Row(&["bp", "bu"], "WinDbg's and kdb's", &["break"]),
    Row(&["bl"], "WinDbg's and kdb's", &["info breakpoints"]),
    Row(&["bc"], "WinDbg's and kdb's", &["delete"]),
    Row(&["bd"], "WinDbg's and kdb's", &["disable"]),
    Row(&["be"], "WinDbg's and kdb's", &["enable"]),
    Row(&["bph"], KDB, &["hbreak"]),
    Row(&["gu"], WINDBG, &["finish"]),
    Row(&["process"], "WinDbg's and LLDB's", &["ps", "continue"]),
    Row(&["ptov"], CRASH, &["pagewalk"]),
    Row(&["mach"], CRASH, &["sys", "lx-cpus"]),
    Row(&["wr"], CRASH, &["set variable *(int *)ADDRESS = 1"]),
    Row(&["fuser", "ipcs", "swap"], CRASH, &["files", "sys"]),
    Row(&["telescope", "tele", "dereference"], POINTERS, &["x/16ga $sp"]),
    Row(&["hexdump"], POINTERS, &["x/64xb ADDRESS", "rd ADDRESS"]),
    Row(&["context", "ctx"], POINTERS, &["backtrace", "info registers", "info locals"]),
    Row(&["nearpc", "pdisas", "pdisass", "emulate"], POINTERS, &["x/8i $pc", "disassemble"]),
    Row(&["regs", "registers"], POINTERS, &["info registers"]),
    Row(&["xinfo", "vmmap_add"], POINTERS, &["address ADDRESS"]),
    Row(&["kbase", "kversion", "kconfig"], POINTERS, &["info kernel", "lx-version", "lx-configdump"]),
    Row(&["kcmdline"], POINTERS, &["lx-cmdline"]),
    Row(&["kdmesg", "klog"], GUEST, &["lx-dmesg", "log"]),
    Row(&["ktask", "ptree", "pstree", "top"], GUEST, &["ps"]),
    Row(&["slab", "slabinfo", "slabtop"], GUEST, &["kmem -s", "lx-slabinfo"]),
    Row(&["lsmod", "modinfo", "kmod"], GUEST, &["info modules", "lx-lsmod"]),
    Row(&["kallsyms", "ksymaddr", "klookup"], GUEST, &["sym NAME", "info address NAME"]),
    Row(&["uname"], GUEST, &["lx-version", "sys"]),
    Row(&["lspci", "lsblk"], GUEST, &["dev"]),
    Row(&["ifconfig", "ip", "netstat"], GUEST, &["net"]),
    Row(&["lsof"], GUEST, &["files"]),
    Row(&["free", "meminfo"], GUEST, &["kmem -i"]),
    Row(&["uptime"], GUEST, &["sys"]),
    Row(&["iomem"], GUEST, &["lx-iomem"]),
    Row(&["interrupts"], GUEST, &["lx-interruptlist"]),
    Row(&["maps", "pmap"], GUEST, &["vm", "vmmap"]),
    Row(&["expr", "expression", "po", "v"], LLDB, &["print"]),
    Row(&["image"], LLDB, &["info symbol ADDRESS", "info modules"]),
    Row(&["register"], LLDB, &["info registers"]),
    Row(&["memory"], LLDB, &["x/8xg ADDRESS"]),
    Row(&["breakpoint", "breakpoints"], LLDB, &["break", "info breakpoints"]),
    Row(&["watchpoint"], LLDB, &["watch", "info watchpoints"]),
    Row(&["type"], LLDB, &["ptype", "info types"]),
    Row(&["settings"], LLDB, &["show", "set"]),
    Row(&["md", "mdr", "mds"], KDB, &["x/8xg ADDRESS"]),
    Row(&["mm"], KDB, &["set variable *(int *)ADDRESS = 1"]),
    Row(&["go"], KDB, &["continue"]),
    Row(&["ss"], KDB, &["stepi"]),
    Row(&["btp"], KDB, &["task PID", "backtrace"]),
    Row(&["bta", "btt"], KDB, &["task apply all backtrace"]),
    Row(&["btc"], KDB, &["thread apply all backtrace"]),
    Row(&["id"], KDB, &["x/8i ADDRESS"]),
    Row(&["cpu"], KDB, &["thread", "info threads"]),
    Row(&["kgdb"], KDB, &["target remote"]),
    Row(&["prog"], DRGN, &["print"]),
    Row(&["for_each_task", "find_task"], DRGN, &["ps", "task PID"]),
    Row(&["stack_trace"], DRGN, &["task PID", "backtrace"]),
];

/// Commands of WinDbg that begin with `!`, which here is the system's shell.
const BANGS: &[Row] = &[
    Row(&["process"], WINDBG, &["ps", "vm", "files"]),
    Row(&["thread", "stacks"], WINDBG, &["task PID", "task apply all backtrace"]),
    Row(&["analyze"], WINDBG, &["analyze"]),
    Row(&["pte", "vtop"], WINDBG, &["pagewalk ADDRESS", "pte"]),
    Row(&["address", "vprot"], WINDBG, &["address ADDRESS", "vmmap"]),
    Row(&["locks", "deadlock"], WINDBG, &["locks"]),
    Row(&["pool", "poolused", "poolfind", "heap"], WINDBG, &["kmem"]),
    Row(&["running", "ready", "runaway"], WINDBG, &["runq"]),
    Row(&["irql", "idt", "irq"], WINDBG, &["lx-interruptlist"]),
    Row(&["timer"], WINDBG, &["timer"]),
    Row(&["devnode", "devobj", "drvobj"], WINDBG, &["dev"]),
    Row(&["handle"], WINDBG, &["files"]),
    Row(&["sym", "lmi", "reload"], WINDBG, &["lx-symbols", "info modules"]),
    Row(&["vm", "memusage"], WINDBG, &["kmem -i"]),
    Row(&["cpuinfo", "pcr", "prcb"], WINDBG, &["lx-cpus", "info threads"]),
];

/// What a word of another debugger is called here.
pub(super) fn hint(word: &str) -> Option<String> {
    // `prog["init_task"]`, `prog.crashed_thread()`.
    let word = if word.starts_with("prog.") { "prog" } else { word };
    say(word, ROWS, word)
}

/// The same for what stands after `!`.
pub(crate) fn bang_hint(command: &str) -> Option<String> {
    let word = command.split_whitespace().next()?;
    say(word, BANGS, &format!("!{word}"))
}

fn say(word: &str, rows: &[Row], shown: &str) -> Option<String> {
    let Row(_, whose, commands) = rows.iter().find(|Row(words, ..)| words.contains(&word))?;
    let commands: Vec<String> = commands.iter().map(|command| format!("\"{command}\"")).collect();
    let (last, others) = commands.split_last()?;
    let list = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
    Some(format!("\"{shown}\" is {whose} word; here it is {list}."))
}

#[cfg(test)]
mod tests {
    use super::{BANGS, ROWS, Row, bang_hint, hint};
    use crate::settings;
    use crate::table::TABLE;
    use crate::tree::Tree;
    use std::collections::HashSet;

    #[test]
    fn words_are_no_commands_and_what_stands_for_them_is_one() {
        let tree = Tree::new(TABLE, settings::TABLE);
        let mut wrong = Vec::new();
        for (rows, are_commands) in [(ROWS, true), (BANGS, false)] {
            let mut seen = HashSet::new();
            for Row(words, _, commands) in rows {
                for word in *words {
                    assert!(seen.insert(*word), "{word} stands twice");
                    if are_commands && let Ok(found) = tree.find(word) {
                        wrong.push(format!("{word} is {}", found.name()));
                    }
                }
                for command in *commands {
                    if let Err(error) = tree.find(command) {
                        wrong.push(format!("{command}: {error}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn hints_say_whose_word_it_is() {
        assert_eq!(hint("lm").as_deref(), Some("\"lm\" is WinDbg's word; here it is \"info modules\"."));
        assert_eq!(
            hint("prog.crashed_thread").as_deref(),
            Some("\"prog\" is drgn's word; here it is \"print\".")
        );
        assert_eq!(
            bang_hint("process 0 0").as_deref(),
            Some("\"!process\" is WinDbg's word; here it is \"ps\", \"vm\" or \"files\".")
        );
        assert_eq!(hint("frobnicate"), None);
    }
}
