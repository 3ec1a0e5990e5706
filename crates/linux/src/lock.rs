//! Locks: which members of a structure are one, and who holds it as far as the lock itself tells.
//!
//! | lock | says | source |
//! |---|---|---|
//! | `struct mutex` | its owner; the three low bits are flags | include/linux/mutex.h, kernel/locking/mutex.c |
//! | `struct rw_semaphore` | its writer; how many readers, and the last one of them | kernel/locking/rwsem.c |
//! | `struct rt_mutex` | its owner; the low bit is a flag | kernel/locking/rtmutex_common.h |
//! | `struct raw_spinlock`, `struct spinlock` | that it is locked; its owner with `CONFIG_DEBUG_SPINLOCK` | include/asm-generic/qspinlock_types.h |
//!
//! With `CONFIG_PREEMPT_RT` a mutex and a spinlock are made of an `rt_mutex_base`.

use crate::field::Field;
use crate::{Error, Object};
use kdive_base::VirtAddr;
use kdive_program::Program;
use kdive_types::{Kind, Type};
use std::fmt;

/// A kind of lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockKind {
    /// `struct mutex`.
    Mutex,
    /// `struct rw_semaphore`.
    RwSem,
    /// `struct rt_mutex`.
    RtMutex,
    /// `spinlock_t` or `raw_spinlock_t`.
    Spin,
}

impl fmt::Display for LockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mutex => "struct mutex",
            Self::RwSem => "struct rw_semaphore",
            Self::RtMutex => "struct rt_mutex",
            Self::Spin => "spinlock",
        })
    }
}

/// What a lock says of its holder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LockState {
    /// No owner.
    Free,
    /// This task, by the address of its `task_struct`.
    By(VirtAddr),
    /// So many readers. The task is one that took it: others may have come since, and it may have let go.
    Reading(u64, Option<VirtAddr>),
    /// Somebody: a lock without owner.
    Somebody,
}

/// A member that is a lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockMember {
    /// `mmap_lock`, `wait.lock`; empty for the whole object.
    pub path: String,
    /// Bytes from the start of the object.
    pub offset: u64,
    /// What it is.
    pub kind: LockKind,
}

/// The three low bits of an owner are flags.
const FLAGS: u64 = 7;
/// `RWSEM_WRITER_LOCKED`; readers are counted from bit 8 on; bit 63 says that counting went wrong.
const RWSEM_WRITER: u64 = 1;
const RWSEM_READERS: u32 = 8;
/// `RWSEM_READER_OWNED`: the named task only reads.
const RWSEM_READER: u64 = 1;
/// Deepest nesting of structures.
const MAX_DEPTH: usize = 12;
/// More members than any structure has.
const MAX_MEMBERS: usize = 20_000;
/// Most locks that are examined in one structure.
const MAX_LOCKS: usize = 256;

/// Where locks of a kernel keep what they say. Kinds it does not have are left out.
#[derive(Debug, Default)]
pub struct LockLayout {
    mutex: Option<Field>,
    rwsem: Option<(Field, Field)>,
    rt_mutex: Option<Field>,
    /// The locked byte (or word), and the owner.
    spin: Option<(Field, Option<Field>)>,
}

/// The kind of lock a type is.
#[must_use]
pub fn lock_kind(ty: &Type) -> Option<LockKind> {
    let stripped = ty.strip();
    if !stripped.is_composite() {
        return None;
    }
    Some(match stripped.name()? {
        "mutex" => LockKind::Mutex,
        "rw_semaphore" => LockKind::RwSem,
        "rt_mutex" | "rt_mutex_base" => LockKind::RtMutex,
        "spinlock" | "raw_spinlock" => LockKind::Spin,
        _ => return None,
    })
}

impl LockLayout {
    /// Looks the members up. Nothing is there without debug information.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let of = |name: &str| Object::of_struct(program, name, VirtAddr(0)).ok();
        let first = |object: &Object<'_>, paths: &[&str]| Field::any(object, paths).ok();
        let spin = |lock: Object<'_>| {
            // `val` of a queued spinlock counts waiters too: its first byte is the lock.
            let word = first(&lock, &["raw_lock.locked", "raw_lock.val.counter", "raw_lock.slock"])?;
            Some((word, Field::new(&lock, "owner").ok()))
        };
        Self {
            // A plain pointer until 4.9.
            mutex: of("mutex").and_then(|lock| first(&lock, &["owner.counter", "rtmutex.owner", "owner"])),
            rwsem: of("rw_semaphore").and_then(|lock| {
                Some((
                    first(&lock, &["count.counter", "rwbase.readers.counter", "count"])?,
                    first(&lock, &["owner.counter", "rwbase.rtmutex.owner", "owner"])?,
                ))
            }),
            rt_mutex: of("rt_mutex_base")
                .or_else(|| of("rt_mutex"))
                .and_then(|lock| first(&lock, &["owner"])),
            spin: of("raw_spinlock").and_then(spin),
        }
    }

    /// What a lock at an address says.
    ///
    /// # Errors
    /// Memory; [`Error::NoType`] for a kind this kernel does not have.
    pub fn state(&self, program: &Program, kind: LockKind, addr: VirtAddr) -> Result<LockState, Error> {
        let missing = || Error::NoType(kind.to_string());
        let owner = |value: u64| match value & !FLAGS {
            0 => LockState::Free,
            task => LockState::By(VirtAddr(task)),
        };
        Ok(match kind {
            LockKind::Mutex => owner(self.mutex.ok_or_else(missing)?.read(program, addr)?),
            LockKind::RtMutex => owner(self.rt_mutex.ok_or_else(missing)?.read(program, addr)?),
            LockKind::RwSem => {
                let (count, of) = self.rwsem.ok_or_else(missing)?;
                let (count, of) = (count.read(program, addr)?, of.read(program, addr)?);
                let task = Some(VirtAddr(of & !FLAGS)).filter(|task| task.0 != 0);
                match (count & RWSEM_WRITER, count << 1 >> (RWSEM_READERS + 1), task) {
                    (RWSEM_WRITER, _, Some(task)) => LockState::By(task),
                    (RWSEM_WRITER, _, None) => LockState::Somebody,
                    (_, 0, _) => LockState::Free,
                    (_, readers, task) => {
                        LockState::Reading(readers, task.filter(|_| of & RWSEM_READER != 0))
                    }
                }
            }
            LockKind::Spin => {
                let (word, of) = self.spin.ok_or_else(missing)?;
                if word.read(program, addr)? & 0xff == 0 {
                    return Ok(LockState::Free);
                }
                // SPINLOCK_OWNER_INIT is -1.
                match of.map(|of| of.read(program, addr)).transpose()? {
                    Some(task) if task != 0 && task != u64::MAX => LockState::By(VirtAddr(task)),
                    _ => LockState::Somebody,
                }
            }
        })
    }

    /// Whether bytes `offset` of a lock are those that name its owner.
    #[must_use]
    pub fn is_owner(&self, kind: LockKind, offset: u64) -> bool {
        let field = match kind {
            LockKind::Mutex => self.mutex,
            LockKind::RtMutex => self.rt_mutex,
            LockKind::RwSem => self.rwsem.map(|(_, of)| of),
            LockKind::Spin => self.spin.and_then(|(_, of)| of),
        };
        field.is_some_and(|field| field.offset == offset)
    }
}

/// The locks among the members of a type, members of members included, in the order of the structure; of arrays none.
#[must_use]
pub fn locks_within(program: &Program, ty: &Type) -> Vec<LockMember> {
    let mut found = Vec::new();
    let mut budget = MAX_MEMBERS;
    collect(program, ty, "", 0, 0, &mut budget, &mut found);
    found
}

fn collect(
    program: &Program,
    ty: &Type,
    path: &str,
    offset: u64,
    depth: usize,
    budget: &mut usize,
    found: &mut Vec<LockMember>,
) {
    let ty = program.modules.complete(&ty.strip()).strip();
    if let Some(kind) = lock_kind(&ty) {
        found.push(LockMember { path: path.to_owned(), offset, kind });
        return;
    }
    let Kind::Composite(composite) = ty.kind() else { return };
    for member in composite.members() {
        if depth >= MAX_DEPTH || found.len() >= MAX_LOCKS || *budget == 0 {
            return;
        }
        *budget -= 1;
        let inner = match (&member.name, path) {
            (None, _) => path.to_owned(),
            (Some(name), "") => name.to_string(),
            (Some(name), _) => format!("{path}.{name}"),
        };
        collect(
            program,
            &member.ty.get(),
            &inner,
            offset.saturating_add(member.bit_offset / 8),
            depth + 1,
            budget,
            found,
        );
    }
}

/// The lock that covers an offset of a type: how C names it after the object (`.mutex`, `[3].lock`, nothing for the whole), where it
/// begins, and what it is.
#[must_use]
pub fn lock_at(program: &Program, ty: &Type, offset: u64) -> Option<LockMember> {
    let (mut ty, mut rest, mut path) = (program.modules.complete(ty), offset, String::new());
    for _ in 0..MAX_DEPTH {
        let stripped = program.modules.complete(&ty.strip()).strip();
        if let Some(kind) = lock_kind(&stripped) {
            return Some(LockMember { path, offset: offset - rest, kind });
        }
        match stripped.kind() {
            Kind::Composite(composite) => {
                let (name, start, inner) = composite.members().iter().find_map(|member| {
                    let inner = program.modules.complete(&member.ty.get());
                    let start = member.bit_offset / 8;
                    let size = inner.size().unwrap_or(0);
                    let covers = start <= rest && rest < start.saturating_add(size);
                    covers.then(|| (member.name.clone(), start, inner))
                })?;
                if let Some(name) = name {
                    path.push_str(&format!(".{name}"));
                }
                rest -= start;
                ty = inner;
            }
            Kind::Array(_) => {
                let elem = program.modules.complete(&stripped.target()?);
                let size = elem.size().filter(|size| *size > 0)?;
                path.push_str(&format!("[{}]", rest / size));
                rest %= size;
                ty = elem;
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    /// Locks as kernels without lockdep have them.
    pub(super) const LOCKS: &str = r#"
        typedef struct { long counter; } atomic_long_t;
        typedef struct { int counter; } atomic_t;
        struct list_head { struct list_head *next, *prev; };
        typedef struct { union { atomic_t val; struct { unsigned char locked, pending; }; }; } arch_spinlock_t;
        typedef struct raw_spinlock { arch_spinlock_t raw_lock; } raw_spinlock_t;
        typedef struct spinlock { union { struct raw_spinlock rlock; }; } spinlock_t;
        struct mutex { atomic_long_t owner; raw_spinlock_t wait_lock; struct list_head wait_list; };
        struct rw_semaphore { atomic_long_t count, owner; raw_spinlock_t wait_lock; struct list_head wait_list; };
        struct rt_mutex_base { raw_spinlock_t wait_lock; void *waiters; void *owner; };
        struct rt_mutex { struct rt_mutex_base rtmutex; };
    "#;

    #[test]
    fn members_and_holders() {
        let program = image(&format!(
            "{LOCKS}
             struct inner {{ int unused; spinlock_t lock; }};
             struct outer {{ struct mutex mutex; struct {{ struct rw_semaphore sem; }}; struct inner inner;
                             struct mutex many[3]; struct rt_mutex rt; struct outer *next; }};
             struct outer outer = {{
                .mutex.owner.counter = 0xffff888000001000 | 1, .sem = {{ {{ 0x301 }}, {{ 0xffff888000002000 }} }},
                .inner.lock.rlock.raw_lock.val.counter = 1, .many[2].owner.counter = 0xffff888000003000,
                .rt.rtmutex.owner = (void *)0xffff888000004001 }};
             struct rw_semaphore readers = {{ {{ 0x200 }}, {{ 0xffff888000005003 }} }};
             struct rw_semaphore free = {{ {{ 2 }}, {{ 0xffff888000005003 }} }};
             struct mutex untaken;"
        ));
        let object = Object::variable(&program, "outer").unwrap();
        let found = locks_within(&program, object.ty());
        let names: Vec<(&str, LockKind)> = found.iter().map(|lock| (&*lock.path, lock.kind)).collect();
        assert_eq!(
            names,
            [
                ("mutex", LockKind::Mutex),
                ("sem", LockKind::RwSem),
                ("inner.lock", LockKind::Spin),
                ("rt", LockKind::RtMutex),
            ]
        );
        let layout = LockLayout::new(&program);
        let state = |kind, addr| layout.state(&program, kind, addr).unwrap();
        let states: Vec<LockState> =
            found.iter().map(|lock| state(lock.kind, object.addr().offset(lock.offset))).collect();
        let task = |number: u64| VirtAddr(0xffff_8880_0000_0000 + number * 0x1000);
        assert_eq!(
            states,
            [LockState::By(task(1)), LockState::By(task(2)), LockState::Somebody, LockState::By(task(4))]
        );
        let of = |name| Object::variable(&program, name).unwrap().addr();
        assert_eq!(state(LockKind::RwSem, of("readers")), LockState::Reading(2, Some(task(5))));
        assert_eq!(state(LockKind::RwSem, of("free")), LockState::Free);
        assert_eq!(state(LockKind::Mutex, of("untaken")), LockState::Free);
        // From the place of an owner to the lock it owns.
        let last = object.offset_of("many").unwrap() + 2 * 32;
        let lock = lock_at(&program, object.ty(), last).unwrap();
        assert_eq!((&*lock.path, lock.offset, lock.kind), (".many[2]", last, LockKind::Mutex));
        assert!(layout.is_owner(lock.kind, 0) && !layout.is_owner(lock.kind, 8));
        assert_eq!(lock_at(&program, object.ty(), object.offset_of("next").unwrap()), None);
    }
}
