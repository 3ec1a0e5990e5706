//! Tasks: the kernel's list of them, and what each is (`struct task_struct`, include/linux/sched.h).

use crate::field::Field;
use crate::{Error, ListWalk, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// More processes and threads than `kernel.pid_max` allows on 64-bit machines.
const MAX_TASKS: u64 = 1 << 22;
/// Larger than any `task_struct` is up to its last member that is read.
const MAX_TASK_STRUCT: usize = 1 << 16;
/// `PF_KTHREAD`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Address of its `task_struct`.
    pub addr: VirtAddr,
    /// Its thread id.
    pub pid: i32,
    /// The id of its process.
    pub tgid: i32,
    /// `comm`: 15 characters at most.
    pub comm: String,
    /// `__state` (`state` before 5.14) and `exit_state`, or-ed.
    pub state: u64,
    /// Whether a CPU runs it now; `None` where the kernel does not say (without SMP).
    pub on_cpu: Option<bool>,
    /// The CPU it runs on or ran on last; `None` where it is not in the `task_struct` (before 4.9).
    pub cpu: Option<u32>,
    /// Whether it is a kernel thread (`PF_KTHREAD`).
    pub kernel_thread: bool,
    /// The process that gets its exit status (`real_parent`).
    pub parent: VirtAddr,
    /// Lowest address of its kernel stack, 0 for a task that has given it back.
    pub stack: VirtAddr,
    /// Its `mm_struct`, 0 for kernel threads and tasks that exit.
    pub mm: VirtAddr,
}

impl Task {
    /// The letter `/proc/PID/stat` and `ps` show (fs/proc/array.c), by the meaning the bits have since 4.14.
    #[must_use]
    pub fn state_letter(&self) -> char {
        /// `TASK_UNINTERRUPTIBLE | TASK_NOLOAD`.
        const TASK_IDLE: u64 = 0x402;
        /// `TASK_RTLOCK_WAIT | TASK_FROZEN`: shown as uninterruptible.
        const SHOWN_AS_SLEEP: u64 = 0x1000 | 0x8000;
        const LETTERS: [char; 8] = ['R', 'S', 'D', 'T', 't', 'X', 'Z', 'P'];
        if self.state & TASK_IDLE == TASK_IDLE {
            return 'I';
        }
        let reported = if self.state & SHOWN_AS_SLEEP != 0 { 2 } else { self.state & 0x7f };
        // The highest bit counts, numbered from 1; running is 0.
        let index = (u64::BITS - reported.leading_zeros()) as usize;
        LETTERS.get(index).copied().unwrap_or('?')
    }
}

/// Tasks, and why there may be more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tasks {
    /// Those that could be read, in the kernel's order.
    pub found: Vec<Task>,
    /// What was wrong, once for each place.
    pub broken: Vec<Error>,
}

/// Where the members are that are read of every task.
#[derive(Debug)]
pub struct TaskLayout {
    tasks: Field,
    pid: Field,
    tgid: Field,
    comm: Field,
    state: Field,
    exit_state: Option<Field>,
    on_cpu: Option<Field>,
    cpu: Option<Field>,
    flags: Field,
    real_parent: Field,
    stack: Field,
    mm: Field,
    /// `signal`, `thread_head` in `signal_struct`, `thread_node`.
    threads: Option<(Field, Field, Field)>,
}

impl TaskLayout {
    /// Looks the members up.
    ///
    /// # Errors
    /// Without debug information of the kernel, or for a kernel whose tasks are made otherwise.
    pub fn new(program: &Program) -> Result<Self, Error> {
        let task = Object::of_struct(program, "task_struct", VirtAddr(0))?;
        let field = |path| Field::new(&task, path);
        let threads = || -> Result<_, Error> {
            let signal = Object::of_struct(program, "signal_struct", VirtAddr(0))?;
            Ok((field("signal")?, Field::new(&signal, "thread_head")?, field("thread_node")?))
        };
        Ok(Self {
            tasks: field("tasks")?,
            pid: field("pid")?,
            tgid: field("tgid")?,
            comm: field("comm")?,
            state: Field::any(&task, &["state", "__state"])?,
            exit_state: field("exit_state").ok(),
            on_cpu: field("on_cpu").ok(),
            // In the task itself 4.9 to 5.15, then in its thread_info.
            cpu: Field::any(&task, &["cpu", "thread_info.cpu"]).ok(),
            flags: field("flags")?,
            real_parent: field("real_parent")?,
            stack: field("stack")?,
            mm: field("mm")?,
            threads: threads().ok(),
        })
    }

    /// First and last byte, and one more, of what is read of every task.
    fn span(&self) -> (u64, u64) {
        let optional = [self.exit_state, self.on_cpu, self.cpu];
        let always = [
            self.pid,
            self.tgid,
            self.comm,
            self.state,
            self.flags,
            self.real_parent,
            self.stack,
            self.mm,
            self.tasks,
        ];
        let threads = self.threads.iter().flat_map(|(signal, _, node)| [*signal, *node]);
        let fields = || always.into_iter().chain(optional.into_iter().flatten()).chain(threads.clone());
        let start = fields().map(|field| field.offset).min().unwrap_or(0);
        let end = fields().map(|field| field.offset.saturating_add(field.size as u64)).max().unwrap_or(start);
        (start, end)
    }

    /// Reads the task at an address, with one request: memory may be behind a slow line.
    ///
    /// # Errors
    /// Memory; [`Error::NoType`] for a structure of absurd size.
    pub fn read(&self, program: &Program, addr: VirtAddr) -> Result<Task, Error> {
        let (start, end) = self.span();
        let size = usize::try_from(end - start).ok().filter(|size| *size <= MAX_TASK_STRUCT);
        let mut bytes = vec![0; size.ok_or_else(|| Error::NoType("struct task_struct".to_owned()))?];
        program.read(addr.offset(start), &mut bytes)?;
        let get = |field: Field| field.get(&bytes, start);
        Ok(Task {
            addr,
            pid: get(self.pid) as i32,
            tgid: get(self.tgid) as i32,
            comm: self.comm.get_text(&bytes, start),
            state: get(self.state) | self.exit_state.map_or(0, get),
            on_cpu: self.on_cpu.map(|on_cpu| get(on_cpu) != 0),
            cpu: self.cpu.and_then(|cpu| u32::try_from(get(cpu)).ok()),
            kernel_thread: get(self.flags) & PF_KTHREAD != 0,
            parent: VirtAddr(get(self.real_parent)),
            stack: VirtAddr(get(self.stack)),
            mm: VirtAddr(get(self.mm)),
        })
    }
}

/// All processes, `init_task` first; with `threads`, the threads of each after it. Idle tasks of other CPUs than the
/// first are in no list.
///
/// # Errors
/// Without symbols or types of the kernel, or while the first task cannot be read.
pub fn tasks(program: &Program, threads: bool) -> Result<Tasks, Error> {
    let layout = TaskLayout::new(program)?;
    let init = Object::variable(program, "init_task")?.addr();
    let mut tasks = Tasks { found: vec![layout.read(program, init)?], broken: Vec::new() };
    for entry in ListWalk::new(program, init.offset(layout.tasks.offset), MAX_TASKS) {
        let leader = entry.map(|entry| VirtAddr(entry.0.wrapping_sub(layout.tasks.offset)));
        match leader.and_then(|leader| layout.read(program, leader)) {
            Ok(leader) => {
                let addr = leader.addr;
                tasks.found.push(leader);
                if threads {
                    add_threads(program, &layout, addr, &mut tasks);
                }
            }
            Err(error) => tasks.broken.push(error),
        }
    }
    Ok(tasks)
}

/// The threads of a process but its leader, from `signal->thread_head` (since 3.14).
fn add_threads(program: &Program, layout: &TaskLayout, leader: VirtAddr, tasks: &mut Tasks) {
    let Some((signal, head, node)) = layout.threads else { return };
    let head = match signal.pointer(program, leader) {
        Ok(signal) => signal.offset(head.offset),
        Err(error) => return tasks.broken.push(error),
    };
    for entry in ListWalk::new(program, head, MAX_TASKS) {
        let thread = entry.map(|entry| VirtAddr(entry.0.wrapping_sub(node.offset)));
        match thread {
            Ok(thread) if thread == leader => {}
            Ok(thread) => match layout.read(program, thread) {
                Ok(thread) => tasks.found.push(thread),
                Err(error) => tasks.broken.push(error),
            },
            Err(error) => tasks.broken.push(error),
        }
    }
}

/// What a task that does not run will have in its registers when it runs again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedRegisters {
    /// Its stack pointer.
    pub sp: VirtAddr,
    /// Where its other registers are saved, by DWARF number (16 is the return address that becomes its pc).
    pub saved: Vec<(u16, VirtAddr)>,
}

/// Where `__switch_to_asm` left the registers of a task that does not run: below them `thread.sp` points to a
/// `struct inactive_task_frame` (arch/x86/include/asm/switch_to.h, since 4.9).
///
/// # Errors
/// Memory; [`Error::NoType`] for older kernels.
pub fn saved_registers(program: &Program, task: VirtAddr) -> Result<SavedRegisters, Error> {
    let frame = Object::of_struct(program, "inactive_task_frame", VirtAddr(0))?;
    let sp = Object::of_struct(program, "task_struct", task)?.member("thread.sp")?.pointer()?;
    let mut saved = Vec::new();
    for (member, number) in
        [("bx", 3), ("bp", 6), ("r12", 12), ("r13", 13), ("r14", 14), ("r15", 15), ("ret_addr", 16)]
    {
        saved.push((number, sp.offset(frame.offset_of(member)?)));
    }
    let size = frame.ty().size().ok_or_else(|| Error::NoType("struct inactive_task_frame".to_owned()))?;
    Ok(SavedRegisters { sp: sp.offset(size), saved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::symbol;
    use crate::testing::image;

    /// Three processes, the second with a thread more.
    const LISTS: &str = r#"
        struct list_head { struct list_head *next, *prev; };
        struct mm { int users; } mm;
        struct signal_struct { int live; struct list_head thread_head; };
        struct inactive_task_frame { unsigned long r15, r14, r13, r12, bx, bp, ret_addr; };
        struct task_struct {
            struct { unsigned long flags; unsigned int cpu; } thread_info;
            unsigned int __state;
            void *stack;
            unsigned int flags;
            int on_cpu;
            struct list_head tasks;
            struct mm *mm;
            int exit_state;
            int pid, tgid;
            struct task_struct *real_parent;
            struct list_head thread_node;
            char comm[16];
            struct signal_struct *signal;
            struct { unsigned long sp; } thread;
        };
        extern struct task_struct init_task, shell, worker, thread;
        struct signal_struct init_signal = { 1, { &init_task.thread_node, &init_task.thread_node } };
        struct signal_struct shell_signal = { 2, { &shell.thread_node, &thread.thread_node } };
        struct signal_struct worker_signal = { 1, { &worker.thread_node, &worker.thread_node } };
        struct inactive_task_frame frame = { 15, 14, 13, 12, 3, 6, 0xffffffff81000123 };
        struct task_struct init_task = { .comm = "swapper/0", .flags = 0x200002, .on_cpu = 1, .real_parent = &init_task,
            .tasks = { &shell.tasks, &worker.tasks }, .signal = &init_signal,
            .thread_node = { &init_signal.thread_head, &init_signal.thread_head } };
        struct task_struct shell = { .comm = "sh", .pid = 77, .tgid = 77, .__state = 1, .mm = &mm, .real_parent = &init_task,
            .tasks = { &worker.tasks, &init_task.tasks }, .signal = &shell_signal, .thread_info = { 0, 3 },
            .thread_node = { &thread.thread_node, &shell_signal.thread_head } };
        struct task_struct thread = { .comm = "sh thread", .pid = 78, .tgid = 77, .__state = 0, .exit_state = 0x20,
            .real_parent = &init_task, .signal = &shell_signal,
            .thread_node = { &shell_signal.thread_head, &shell.thread_node } };
        struct task_struct worker = { .comm = "kworker/u2:12345", .pid = 9, .tgid = 9, .__state = 0x402, .flags = 0x4208060 | 0x200000,
            .real_parent = &init_task, .tasks = { LAST, &shell.tasks }, .signal = &worker_signal,
            .thread = { (unsigned long)&frame },
            .thread_node = { &worker_signal.thread_head, &worker_signal.thread_head } };
    "#;

    fn names(tasks: &Tasks) -> Vec<(&str, i32, char)> {
        tasks.found.iter().map(|task| (task.comm.as_str(), task.pid, task.state_letter())).collect()
    }

    #[test]
    fn processes_and_threads() {
        let program = image(&LISTS.replace("LAST", "&init_task.tasks"));
        let found = tasks(&program, true).unwrap();
        assert_eq!(found.broken, []);
        assert_eq!(
            names(&found),
            [("swapper/0", 0, 'R'), ("sh", 77, 'S'), ("sh thread", 78, 'Z'), ("kworker/u2:12345", 9, 'I')]
        );
        let [init, shell, thread, worker] = &found.found[..] else { panic!() };
        assert!(init.kernel_thread && worker.kernel_thread && !shell.kernel_thread);
        assert_eq!((init.on_cpu, shell.on_cpu, shell.cpu), (Some(true), Some(false), Some(3)));
        assert_eq!((thread.tgid, thread.parent), (77, init.addr));
        assert_eq!(Some(shell.mm), symbol(&program, "mm"));
        assert_eq!(tasks(&program, false).unwrap().found.len(), 3);
    }

    #[test]
    fn a_list_that_leads_back_into_itself() {
        let program = image(&LISTS.replace("LAST", "&shell.tasks"));
        let found = tasks(&program, false).unwrap();
        assert_eq!(names(&found).len(), 3);
        let [Error::Corrupt { what: "list", .. }] = &found.broken[..] else { panic!("{:?}", found.broken) };
    }

    #[test]
    fn a_wild_pointer_in_the_list() {
        let program = image(&LISTS.replace("LAST", "(struct list_head *)0xdead000000000100"));
        let found = tasks(&program, false).unwrap();
        assert_eq!(names(&found).len(), 3);
        let reasons: Vec<String> = found.broken.iter().map(ToString::to_string).collect();
        assert!(reasons[0].starts_with("Cannot access memory at address 0xdead"), "{reasons:?}");
    }

    #[test]
    fn registers_of_a_sleeping_task() {
        let program = image(&LISTS.replace("LAST", "&init_task.tasks"));
        let frame = symbol(&program, "frame").unwrap();
        let saved = saved_registers(&program, symbol(&program, "worker").unwrap()).unwrap();
        assert_eq!(saved.sp, frame.offset(56));
        assert_eq!(saved.saved.last(), Some(&(16, frame.offset(48))));
        assert_eq!(saved.saved.first(), Some(&(3, frame.offset(32))));
    }
}
