//! User programs of the guest: their frames, above those of the kernel too, and steps that stay in them and in their task.

use super::guest::Guest;

/// The program of the initrd, and how it is found.
const LOAD: &str = "target remote guest.sock\nadd-symbol-file program\nset print frame-arguments all\n";

/// Starts a program, which becomes two processes; the pid of the first.
fn start(guest: &mut Guest, name: &str) -> u32 {
    let output = guest.shell(&format!("/{name} & sleep 1; echo started $!"));
    output.lines().find_map(|line| line.strip_prefix("started ")?.trim().parse().ok()).unwrap()
}

fn end(guest: &mut Guest, name: &str) {
    guest.shell(&format!("kill -9 $(grep -l '({name})' /proc/[0-9]*/stat | cut -d/ -f3); sleep 1"));
}

/// The line numbers that were shown: what the sources say begins with one and a tab.
fn lines_shown(text: &str) -> Vec<u32> {
    text.lines().filter_map(|line| line.split_once('\t')?.0.parse().ok()).collect()
}

/// Names of the functions of a backtrace, innermost first.
pub(super) fn functions(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let rest = line[4..].trim_start();
            let rest = rest
                .strip_prefix("0x")
                .and_then(|rest| rest.split_once(" in "))
                .map_or(rest, |(_, rest)| rest);
            rest.split(" (").next().unwrap().to_owned()
        })
        .collect()
}

pub(crate) fn a_program_has_frames(guest: &mut Guest) {
    let pid = start(guest, "program");
    let got = guest.kdive(&format!(
        "{LOAD}\
         tbreak work if depth == 2\n\
         continue\n\
         bt\n\
         info args\n\
         info locals\n\
         print record->name\n\
         up\n\
         print depth\n\
         down\n\
         finish\n\
         echo =====\\n\n\
         tbreak __do_sys_sched_yield task {pid}\n\
         continue\n\
         bt\n\
         frame function touch\n\
         info args\n\
         finish\n\
         printf \"finished in %d\\n\", $lx_current().pid\n\
         echo =====\\n\n\
         tbreak handle_mm_fault task {pid}\n\
         continue\n\
         bt\n"
    ));
    let output = format!("{}{}", got.out, got.err);
    let parts: Vec<&str> = got.out.split("=====\n").collect();
    let [program, syscall, fault] = parts[..] else { panic!("{output}") };
    assert!(program.contains("Temporary breakpoint 1, work (record=0x"), "{output}");
    assert_eq!(functions(program)[..3], ["work", "work", "turn"], "{output}");
    assert!(functions(program).contains(&"main".to_owned()), "{output}");
    assert!(program.contains("\ndepth = 2\n") && program.contains("\nvalue = "), "{output}");
    assert!(program.contains("\n$1 = \"two\\000\\000\\000\\000\"\n"), "{output}");
    assert!(program.contains("\n$2 = 3\n"), "{output}");
    assert!(program.contains("Value returned is $3 = 2\n"), "{output}");
    // The kernel's frames, then the program's.
    let stack = functions(syscall);
    let entry = stack.iter().position(|name| name.starts_with("entry_SYSCALL_64"));
    let entry = entry.unwrap_or_else(|| panic!("{output}"));
    let [library, rest @ ..] = &stack[entry + 1..] else { panic!("{output}") };
    assert!(library.ends_with("sched_yield"), "{output}");
    assert_eq!(rest[..3], ["touch", "turn", "main"], "{output}");
    assert!(syscall.contains("\npage = 0x"), "{output}");
    assert!(syscall.contains("turn (number=") && syscall.contains("Value returned is $4 = 3\n"), "{output}");
    assert!(syscall.contains(&format!("\nfinished in {pid}\n")), "{output}");
    let stack = functions(fault);
    let entry =
        stack.iter().position(|name| name == "asm_exc_page_fault").unwrap_or_else(|| panic!("{output}"));
    assert!(stack.len() > entry + 1 && !stack[entry + 1].contains("user mode"), "{output}");
    assert!(stack.contains(&"main".to_owned()), "{output}");
    end(guest, "program");
}

pub(crate) fn steps_stay_in_a_program(guest: &mut Guest) {
    let pid = start(guest, "program");
    // Two processes in the same lines on two CPUs; each round of one has two page faults, three system calls and a recursion.
    let got = guest.kdive(&format!(
        "{LOAD}\
         tbreak touch task {pid}\n\
         continue\n\
         echo =====\\n\n\
         set $n = 0\n\
         while $n < 26\n\
         next\n\
         printf \"in %d\\n\", $lx_current().pid\n\
         set $n = $n + 1\n\
         end\n\
         echo =====\\n\n\
         tbreak turn task {pid}\n\
         continue\n\
         set $n = 0\n\
         while $n < 8\n\
         step\n\
         printf \"in %d\\n\", $lx_current().pid\n\
         set $n = $n + 1\n\
         end\n\
         echo =====\\n\n\
         tbreak touch task {pid}\n\
         continue\n\
         until\n\
         until\n\
         until\n\
         printf \"in %d\\n\", $lx_current().pid\n\
         info breakpoints\n"
    ));
    let output = format!("{}{}", got.out, got.err);
    let parts: Vec<&str> = got.out.split("=====\n").collect();
    let [_, next, step, until] = parts[..] else { panic!("{output}") };
    assert_eq!(next.matches(&format!("in {pid}\n")).count(), 26, "{output}");
    let source = include_str!("../guest/program.c");
    let line = |text: &str| {
        let at = source.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}"));
        u32::try_from(at + 1).unwrap()
    };
    let shown = lines_shown(next);
    let out_of_it = [
        line("page[4096] = 2;"),
        line("sched_yield();"),
        line("return page[0] + page[4096];"),
        line("return page[0] + page[4096];") + 1,
        line("sum += touch(page);"),
        line("munmap(page"),
        line("return sum + number;"),
        line("return sum + number;") + 1,
    ];
    assert_eq!(shown[..out_of_it.len()], out_of_it, "{output}");
    // Then round after round, each a call.
    for pair in shown[out_of_it.len()..].chunks_exact(2) {
        assert_eq!(pair, [line("number &= 0xff"), line("number = turn(number)")], "{output}");
    }
    assert_eq!(step.matches(&format!("in {pid}\n")).count(), 8, "{output}");
    assert_eq!(
        lines_shown(step),
        [
            line("char *page = mmap"),
            line("int sum = work"),
            line("int value = record->id;"),
            line("if (depth > 0"),
            line("value += work("),
            line("int value = record->id;"),
            line("if (depth > 0"),
            line("counter += value;"),
            line("return value;"),
        ],
        "{output}"
    );
    assert!(until.contains(&format!("in {pid}\n")), "{output}");
    assert_eq!(lines_shown(until).last(), Some(&line("return page[0] + page[4096];")), "{output}");
    assert!(until.contains("No breakpoints or watchpoints.\n"), "{output}");
    end(guest, "program");
}

/// Where a program lies that is loaded anywhere, its own maps tell.
pub(crate) fn a_moved_program_has_frames_and_steps(guest: &mut Guest) {
    let pid = start(guest, "moved");
    // The first of its own areas: the heap may be in front of it.
    let maps = guest.shell(&format!("grep /moved /proc/{pid}/maps | head -n 1"));
    let offset = maps.trim().split('-').next().unwrap().to_owned();
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         add-symbol-file moved -o 0x{offset}\n\
         set print frame-arguments all\n\
         tbreak work task {pid} if depth == 2\n\
         continue\n\
         bt\n\
         next\n\
         info locals\n\
         print record->name\n\
         next\n\
         step\n\
         bt 2\n\
         finish\n\
         printf \"in %d\\n\", $lx_current().pid\n\
         tbreak touch task {pid}\n\
         continue\n\
         finish\n"
    ));
    let output = format!("{}{}", got.out, got.err);
    let source = include_str!("../guest/program.c");
    let line = |text: &str| {
        let at = source.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}"));
        u32::try_from(at + 1).unwrap()
    };
    let stack = functions(&got.out);
    assert_eq!(stack[..3], ["work", "work", "turn"], "{output}");
    assert!(stack.contains(&"main".to_owned()), "{output}");
    assert!(got.out.contains("\nvalue = 2\n") && got.out.contains(" = \"two\\000"), "{output}");
    let shown = lines_shown(&got.out);
    let steps = [line("int value = record->id;"), line("if (depth > 0"), line("counter += value;")];
    assert_eq!(shown[..3], steps, "{output}");
    assert!(got.out.contains(&format!("\nin {pid}\n")), "{output}");
    assert!(got.out.contains("Value returned is $2 = 2\n"), "{output}");
    assert!(got.out.contains("Value returned is $3 = 3\n"), "{output}");
    end(guest, "moved");
}
