//! The locks a task holds and the one it waits for, from what the kernel keeps for itself: with `CONFIG_LOCKDEP` the task has a list
//! of them (`held_locks`, include/linux/lockdep_types.h); otherwise locks in static data name their owners.

use crate::lock::{LockKind, LockLayout, lock_at};
use crate::{Error, Object};
use kdive_base::{AddrRange, ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::{ElfKind, Module, ModuleId};

/// An entry of `held_locks`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockdepEntry {
    /// Name of its class, such as `&mm->mmap_lock`.
    pub class: String,
    /// Where it was taken.
    pub taken_at: VirtAddr,
    /// 0 to write, 1 to read, 2 to read recursively.
    pub read: u64,
    /// Whether it was a trylock.
    pub trylock: bool,
}

/// What the kernel says that a task holds. `None` for a kernel without `CONFIG_LOCKDEP`.
///
/// # Errors
/// Memory; without types of the kernel.
pub fn lockdep_held(program: &Program, task: VirtAddr) -> Result<Option<Vec<LockdepEntry>>, Error> {
    /// `MAX_LOCK_DEPTH`.
    const MAX_HELD: u64 = 48;
    let task = Object::of_struct(program, "task_struct", task)?;
    if !task.has("held_locks") || !task.has("lockdep_depth") {
        return Ok(None);
    }
    let depth = task.member("lockdep_depth")?.uint()?.min(MAX_HELD);
    let locks = task.member("held_locks")?;
    let classes = Object::variable(program, "lock_classes");
    let mut found = Vec::new();
    for index in 0..depth {
        let entry = locks.index(index)?;
        let bits = |name| crate::field::Field::new(&entry, name).and_then(|field| field.read_of(&entry));
        // The class has the name; the lock's own map has that of its first class.
        let of_class = || -> Result<String, Error> {
            classes.clone()?.index(bits("class_idx")?)?.member("name")?.string(128)
        };
        let class = match of_class().ok().filter(|name| !name.is_empty()) {
            Some(name) => name,
            None => entry.member("instance")?.deref()?.member("name")?.string(128)?,
        };
        found.push(LockdepEntry {
            class,
            taken_at: entry.member("acquire_ip")?.pointer()?,
            read: bits("read")?,
            trylock: bits("trylock").unwrap_or(0) != 0,
        });
    }
    Ok(Some(found))
}

/// The lock a task says that it waits for, with its kind: `blocked_on` (a mutex, since 6.17), `blocker` (since 6.16, its low bits are
/// the kind; include/linux/hung_task.h), `pi_blocked_on` (an rt_mutex). `None` where it does not say, or does not wait.
#[must_use]
pub fn waited_for(program: &Program, task: VirtAddr) -> Option<(LockKind, VirtAddr)> {
    let task = Object::of_struct(program, "task_struct", task).ok()?;
    let set = |object: Result<Object<'_>, Error>| {
        object.and_then(|object| object.pointer()).ok().filter(|at| at.0 != 0)
    };
    let is_mutex = |object: &Object<'_>| {
        object.ty().strip().target().is_some_and(|target| target.strip().name() == Some("mutex"))
    };
    if let Ok(blocked) = task.member("blocked_on")
        && is_mutex(&blocked)
        && let Some(at) = set(Ok(blocked))
    {
        return Some((LockKind::Mutex, at));
    }
    if let Some(blocker) = set(task.member("blocker")) {
        // Semaphores (1) have no owner.
        let kind = match blocker.0 & 3 {
            0 => LockKind::Mutex,
            2 | 3 => LockKind::RwSem,
            _ => return None,
        };
        return Some((kind, VirtAddr(blocker.0 & !3)));
    }
    let waiter = task.member("pi_blocked_on").ok()?;
    set(Ok(waiter.clone()))?;
    Some((LockKind::RtMutex, set(waiter.deref().and_then(|waiter| waiter.member("lock")))?))
}

/// A lock in static data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaticLock {
    /// `kdive_test_mutex`, `cgroup_root.lock`.
    pub name: String,
    /// The file of the module it is in; `None` for the kernel's own.
    pub module: Option<ModuleId>,
    /// Where it is.
    pub addr: VirtAddr,
    /// What it is.
    pub kind: LockKind,
}

/// Static data that was looked through.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaticLocks {
    /// Locks that name the owner.
    pub found: Vec<StaticLock>,
    /// Bytes of data that were read.
    pub bytes: u64,
    /// What could not be read.
    pub broken: Vec<Error>,
}

/// Bytes read at a time.
const BLOCK: usize = 256 << 10;
/// More static data than a kernel has.
const MAX_DATA: u64 = 64 << 20;
/// More words that name one task.
const MAX_WORDS: usize = 4096;

/// The static variables of the kernel and its modules that hold a lock whose owner is a task: every word is examined, and those that
/// name the task are asked what they are a part of. Readers of a semaphore are found where they took it last.
#[must_use]
pub fn static_locks(program: &Program, layout: &LockLayout, owner: VirtAddr) -> StaticLocks {
    let mut all = StaticLocks::default();
    if owner.0 & 7 != 0 || owner.0 == 0 {
        return all;
    }
    let mut words = Vec::new();
    for range in data_sections(program) {
        let mut at = range.start;
        while at < range.end && words.len() < MAX_WORDS && all.bytes < MAX_DATA {
            if program.interrupt.is_raised() {
                return all;
            }
            let left = usize::try_from(range.end.0 - at.0).unwrap_or(BLOCK);
            let mut block = vec![0; left.min(BLOCK)];
            match program.read(at, &mut block) {
                Ok(()) => {
                    all.bytes += block.len() as u64;
                    for (index, word) in block.chunks_exact(8).enumerate() {
                        let word = word.try_into().map_or(0, u64::from_le_bytes);
                        if word & !7 == owner.0 {
                            words.push(at.offset(index as u64 * 8));
                        }
                    }
                }
                Err(fault) => all.broken.push(fault.into()),
            }
            at = at.offset(block.len() as u64);
        }
    }
    all.found = words.into_iter().filter_map(|word| static_lock(program, layout, word)).collect();
    all
}

/// Sections with variables in them, at run time. Per-CPU data is not where the file has it, and that of initialisation is gone.
fn data_sections(program: &Program) -> Vec<AddrRange> {
    let mut ranges = Vec::new();
    for module in program.modules.modules() {
        for section in module.object().sections() {
            let is_data = section.alloc && section.write && !section.exec && !section.tls && section.size > 0;
            let gone =
                [".data..percpu", ".init", ".brk", ".exit"].iter().any(|s| section.name.starts_with(s));
            let start = module.to_virt(section.addr).0.next_multiple_of(8);
            let end = module.to_virt(section.addr).0.saturating_add(section.size);
            if is_data && !gone && VirtAddr(start).is_canonical(57) && start < end {
                ranges.push(AddrRange::new(VirtAddr(start), VirtAddr(end)));
            }
        }
    }
    ranges
}

/// The lock in static data that begins at an address.
#[must_use]
pub fn static_lock_at(program: &Program, addr: VirtAddr) -> Option<StaticLock> {
    let (variable, offset) = program.modules.variable_at(addr)?;
    let lock = lock_at(program, &program.modules.complete(&variable.ty()), offset)?;
    (lock.offset == offset).then(|| StaticLock {
        name: format!("{}{}", variable.name(), lock.path),
        module: of_module(variable.module()),
        addr,
        kind: lock.kind,
    })
}

fn of_module(file: &Module) -> Option<ModuleId> {
    (file.object().kind() == ElfKind::Relocatable).then(|| file.id())
}

/// The lock one of whose words is the owner at `word`.
fn static_lock(program: &Program, layout: &LockLayout, word: VirtAddr) -> Option<StaticLock> {
    let symbol = program.modules.symbol_at(word)?;
    let offset = word.distance_from(symbol.addr)?;
    let name = |path: &str| format!("{}{path}", symbol.name);
    let lock = match program.modules.variable_at(word) {
        Some((variable, offset)) => {
            lock_at(program, &program.modules.complete(&variable.ty()), offset).map(|mut lock| {
                lock.path = name(&lock.path);
                lock
            })?
        }
        // A static of a function, or no debug information: what has the size of a mutex is taken for one.
        None => {
            let size = Object::of_struct(program, "mutex", VirtAddr(0)).ok()?.ty().size()?;
            (symbol.size == size && layout.is_owner(LockKind::Mutex, offset))
                .then(|| crate::lock::LockMember { path: name(""), offset: 0, kind: LockKind::Mutex })?
        }
    };
    let addr = symbol.addr.offset(lock.offset);
    layout.is_owner(lock.kind, word.distance_from(addr)?).then_some(StaticLock {
        name: lock.path,
        module: of_module(&symbol.module),
        addr,
        kind: lock.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    const KERNEL: &str = r#"
        typedef struct { long counter; } atomic_long_t;
        struct mutex { atomic_long_t owner; long more[3]; };
        struct rw_semaphore { atomic_long_t count, owner; long more[3]; };
        struct rt_mutex_base { void *waiters; void *owner; };
    "#;

    #[test]
    fn owners_of_static_locks() {
        let program = image(&format!(
            "{KERNEL}
             struct task_struct {{ int pid; }} task __attribute__((aligned(8))) = {{ 7 }};
             struct object {{ struct task_struct *task; struct mutex lock; }};
             static struct object objects[2] = {{ {{ &task }}, {{ &task, {{ {{ (long)&task + 1 }} }} }} }};
             struct mutex plain = {{ {{ (long)&task }} }};
             struct rw_semaphore read = {{ {{ 0x100 }}, {{ (long)&task + 3 }} }};
             int use(void) {{ static struct mutex inside = {{ {{ (long)&task }} }}; return objects[0].task->pid + inside.more[0]; }}"
        ));
        let task = Object::variable(&program, "task").unwrap().addr();
        let all = static_locks(&program, &LockLayout::new(&program), task);
        let mut names: Vec<(String, LockKind)> =
            all.found.into_iter().map(|lock| (lock.name, lock.kind)).collect();
        names.sort();
        // The compiler numbers what is static in a function.
        names[0].0.truncate("inside".len());
        let expected = ["inside", "objects[1].lock", "plain"].map(|name| (name.to_owned(), LockKind::Mutex));
        assert_eq!(names[..3], expected);
        assert_eq!(names[3], ("read".to_owned(), LockKind::RwSem));
        assert_eq!((names.len(), all.broken), (4, vec![]));
        assert!(all.bytes > 100);
        let objects = Object::variable(&program, "objects").unwrap();
        let lock = objects.index(1).unwrap().member("lock").unwrap().addr();
        assert_eq!(static_lock_at(&program, lock).unwrap().name, "objects[1].lock");
        assert_eq!(static_lock_at(&program, lock.offset(8)), None);
        assert_eq!(static_lock_at(&program, objects.addr()), None);
    }

    #[test]
    fn a_kernel_with_lockdep() {
        let program = image(
            r#"
            struct lockdep_map { void *key; void *class_cache[2]; const char *name; };
            struct lock_class { long hash; const char *name; };
            struct held_lock { unsigned long prev_chain_key, acquire_ip; struct lockdep_map *instance, *nest_lock;
                unsigned int class_idx:13, irq_context:2, trylock:1, read:2, check:1, hardirqs_off:1, sync:1, references:11; };
            struct lock_class lock_classes[4] = { {}, {}, {}, { 1, "&mm->mmap_lock" } };
            struct lockdep_map map = { .name = "&sb->s_type->i_mutex_key" };
            struct task_struct { int pid, lockdep_depth; struct held_lock held_locks[48]; } task = {
                1, 2, { { 1, 0xffffffff81001234, &map, 0, .class_idx = 3, .read = 1, .trylock = 1 },
                        { 2, 0xffffffff81005678, &map, 0, .class_idx = 2 }, { 3, 4 } } };
            struct task_struct mad = { 1, 0x7fffffff };
            "#,
        );
        let task = |name| Object::variable(&program, name).unwrap().addr();
        let entry = |class: &str, taken_at, read, trylock| LockdepEntry {
            class: class.to_owned(),
            taken_at: VirtAddr(taken_at),
            read,
            trylock,
        };
        assert_eq!(
            lockdep_held(&program, task("task")).unwrap().unwrap(),
            [
                entry("&mm->mmap_lock", 0xffff_ffff_8100_1234, 1, true),
                entry("&sb->s_type->i_mutex_key", 0xffff_ffff_8100_5678, 0, false),
            ]
        );
        // A depth beyond the array, and entries that lead nowhere.
        assert!(lockdep_held(&program, task("mad")).is_err());
        let without = image("struct task_struct { int pid; } task;");
        let task = Object::variable(&without, "task").unwrap().addr();
        assert_eq!(lockdep_held(&without, task).unwrap(), None);
    }

    #[test]
    fn what_a_task_says_that_it_waits_for() {
        let program = image(
            "struct mutex { long owner; } mutex; struct rt_mutex_base { long owner; } rt;
             struct rt_mutex_waiter { int prio; struct rt_mutex_base *lock; } waiter = { 1, &rt };
             struct task_struct { struct mutex *blocked_on; unsigned long blocker;
                struct rt_mutex_waiter *pi_blocked_on; };
             struct task_struct a = { &mutex }, b = { 0, (long)&mutex + 3 }, c = { 0, 0, &waiter }, d = { 0, 1 }, e;",
        );
        let of = |name| Object::variable(&program, name).unwrap().addr();
        assert_eq!(waited_for(&program, of("a")), Some((LockKind::Mutex, of("mutex"))));
        assert_eq!(waited_for(&program, of("b")), Some((LockKind::RwSem, of("mutex"))));
        assert_eq!(waited_for(&program, of("c")), Some((LockKind::RtMutex, of("rt"))));
        assert_eq!(waited_for(&program, of("d")), None);
        assert_eq!(waited_for(&program, of("e")), None);
    }
}
