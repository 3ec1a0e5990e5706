//! The locks a task can get at: what the pointers in its frames lead to, and the task itself.

use crate::{LockKind, LockLayout, LockMember, LockState, Object, lock_kind, locks_within, static_lock_at};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::{ElfKind, ModuleId};
use kdive_types::{Kind, Type};
use std::collections::{HashMap, HashSet};

/// A lock and how one gets to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundLock {
    /// `guarded->mutex`, `current->mm->mmap_lock`.
    pub name: String,
    /// Where it is.
    pub addr: VirtAddr,
    /// What it is.
    pub kind: LockKind,
    /// What it says of its holder.
    pub state: LockState,
    /// The module whose variable it is in.
    pub module: Option<ModuleId>,
}

/// What was found.
#[derive(Default)]
pub struct ReachableLocks {
    /// The locks that are not free.
    pub taken: Vec<FoundLock>,
    /// How many locks were examined.
    pub locks: usize,
    /// In how many frames.
    pub frames: usize,
    /// The lock the task is about to take, by the frames it is in.
    pub wanted: Option<FoundLock>,
    /// The modules of its frames.
    pub modules: Vec<ModuleId>,
}

/// Most frames, objects, and bytes of one object that are examined.
const MAX_FRAMES: usize = 64;
const MAX_OBJECTS: usize = 2000;
const MAX_STRUCT: u64 = 1 << 16;
/// More variables than a module has.
const MAX_VARIABLES: usize = 20_000;

/// Functions that wait for the lock that is their first parameter (kernel/locking).
const WAITERS: &[&str] = &[
    "mutex_lock",
    "__mutex_lock",
    "rwsem_down_",
    "down_read",
    "down_write",
    "__down_read",
    "__down_write",
    "rt_mutex_",
    "__rt_mutex_",
    "_raw_spin_lock",
    "native_queued_spin_lock_slowpath",
    "queued_spin_lock_slowpath",
];

struct Walk<'a> {
    program: &'a Program,
    layout: &'a LockLayout,
    reachable_locks: ReachableLocks,
    /// Locks, and objects, that were examined.
    seen: HashSet<VirtAddr>,
    objects: HashSet<VirtAddr>,
    /// The locks of each type.
    types: HashMap<String, Vec<LockMember>>,
    /// Objects whose own pointers are to be followed.
    queue: Vec<(String, VirtAddr, Type)>,
    /// Whether locks without owner count: what is further away is as likely to be somebody else's.
    spinlocks: bool,
}

/// Searches what the selected frames, those of `task`, lead to. A sleeping task holds no spinlock.
#[must_use]
pub fn reachable_locks(
    program: &Program,
    layout: &LockLayout,
    task: VirtAddr,
    sleeps: bool,
) -> ReachableLocks {
    let mut walk = Walk {
        program,
        layout,
        reachable_locks: ReachableLocks::default(),
        seen: HashSet::new(),
        objects: HashSet::new(),
        types: HashMap::new(),
        queue: Vec::new(),
        spinlocks: !sleeps,
    };
    walk.frames();
    walk.statics();
    walk.spinlocks = false;
    if let Ok(task) = Object::of_struct(program, "task_struct", task) {
        walk.object("current", task.addr(), task.ty());
    }
    for (name, addr, ty) in std::mem::take(&mut walk.queue) {
        if program.interrupt.is_raised() {
            break;
        }
        walk.pointers_in(&name, addr, &ty);
    }
    walk.reachable_locks
}

impl Walk<'_> {
    /// The pointers in scope in each frame, innermost first.
    fn frames(&mut self) {
        let selected = self.program.selected_level();
        for level in 0..MAX_FRAMES {
            let Ok(frame) = self.program.frame(level) else { break };
            if frame.is_user_mode() || self.program.interrupt.is_raised() {
                break;
            }
            self.reachable_locks.frames = level + 1;
            if let Some((module, _)) = self.program.modules.module_at(frame.pc())
                && module.object().kind() == ElfKind::Relocatable
                && !self.reachable_locks.modules.contains(&module.id())
            {
                self.reachable_locks.modules.push(module.id());
            }
            let Some(scope) = &frame.scope else { continue };
            if self.program.select_frame(level).is_err() {
                break;
            }
            let waits = WAITERS.iter().any(|name| scope.name().starts_with(name));
            for variable in scope.params().into_iter().chain(scope.locals().into_iter().flatten()) {
                let ty = self.program.modules.complete(&variable.ty());
                let Some(target) = pointee(self.program, &ty) else { continue };
                let Ok(value) = self.program.evaluate_address(variable.name()) else { continue };
                self.object(variable.name(), value, &target);
                if waits
                    && self.reachable_locks.wanted.is_none()
                    && let Some(kind) = lock_kind(&target)
                    && let Ok(state) = self.layout.state(self.program, kind, value)
                {
                    let (name, module) = lock_name(self.program, value, variable.name());
                    self.reachable_locks.wanted = Some(FoundLock { name, addr: value, kind, state, module });
                }
            }
        }
        // As it was before.
        let _ = self.program.select_frame(selected);
    }

    /// The locks within an object.
    fn object(&mut self, name: &str, addr: VirtAddr, ty: &Type) {
        if addr.0 >> 47 != 0x1_ffff || self.objects.len() >= MAX_OBJECTS || !self.objects.insert(addr) {
            return;
        }
        self.locks_of(name, "->", addr, ty, None);
        self.queue.push((name.to_owned(), addr, ty.clone()));
    }

    fn locks_of(&mut self, name: &str, arrow: &str, addr: VirtAddr, ty: &Type, module: Option<ModuleId>) {
        let program = self.program;
        let members = match ty.strip().name() {
            Some(of) => self.types.entry(of.to_owned()).or_insert_with(|| locks_within(program, ty)).clone(),
            None => locks_within(program, ty),
        };
        for member in members {
            let at = addr.offset(member.offset);
            let Ok(state) = self.layout.state(program, member.kind, at) else { continue };
            if state == LockState::Somebody && !self.spinlocks {
                continue;
            }
            if !self.seen.insert(at) {
                continue;
            }
            self.reachable_locks.locks += 1;
            if state != LockState::Free {
                let name = if member.path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}{arrow}{}", member.path)
                };
                self.reachable_locks.taken.push(FoundLock {
                    name,
                    addr: at,
                    kind: member.kind,
                    state,
                    module,
                });
            }
        }
    }

    /// The objects the pointers in an object lead to.
    fn pointers_in(&mut self, name: &str, addr: VirtAddr, ty: &Type) {
        let Kind::Composite(composite) = ty.kind() else { return };
        let Some(size) = ty.size().filter(|size| *size <= MAX_STRUCT) else { return };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        if self.program.read(addr, &mut bytes).is_err() {
            return;
        }
        for member in composite.members() {
            let inner = self.program.modules.complete(&member.ty.get());
            let (Some(member_name), Some(target)) = (&member.name, pointee(self.program, &inner)) else {
                continue;
            };
            let start = usize::try_from(member.bit_offset / 8).unwrap_or(usize::MAX);
            let word = start.checked_add(8).and_then(|end| bytes.get(start..end)?.try_into().ok());
            let Some(value) = word.map(u64::from_le_bytes) else { continue };
            self.object(&format!("{name}->{member_name}"), VirtAddr(value), &target);
        }
    }

    /// Locks without owner in the variables of the modules it is in: nothing else leads to them.
    fn statics(&mut self) {
        for module in self.reachable_locks.modules.clone() {
            for variable in self.program.modules.variables_of(module, MAX_VARIABLES) {
                let ty = self.program.modules.complete(&variable.ty());
                if let Some(addr) = variable.static_address()
                    && ty.strip().is_composite()
                    && addr.0 >> 47 == 0x1_ffff
                {
                    self.locks_of(variable.name(), ".", addr, &ty, Some(module));
                }
            }
        }
    }
}

/// The name of the lock at an address: the static variable it is in, with the module that has it, or else `otherwise`.
#[must_use]
pub fn lock_name(program: &Program, addr: VirtAddr, otherwise: &str) -> (String, Option<ModuleId>) {
    match static_lock_at(program, addr) {
        Some(lock) => (lock.name, lock.module),
        None => (otherwise.to_owned(), None),
    }
}

/// What a pointer type points to, when that is a structure whose members are known.
pub(crate) fn pointee(program: &Program, ty: &Type) -> Option<Type> {
    let ty = ty.strip();
    if !ty.is_pointer() {
        return None;
    }
    let target = program.modules.complete(&ty.target()?.strip()).strip();
    matches!(target.kind(), Kind::Composite(composite) if !composite.members().is_empty()).then_some(target)
}
