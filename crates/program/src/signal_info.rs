//! `$_siginfo`: what the system of a program told it with the signal it stopped for, as `siginfo_t` of Linux on x86-64 lays it out
//! (sigaction.2, asm-generic/siginfo.h).

use crate::Program;
use kdive_arch::Arch;
use kdive_types::{Array, Composite, CompositeKind, Encoding, Kind, Member, Node, Type, Value};

/// Size of the whole.
const SIZE: u64 = 128;

impl Program {
    /// The value of `$_siginfo`; `None` where what is debugged has no signals.
    pub(crate) fn signal_info(&self) -> Option<Value> {
        let machine = self.machine()?;
        if machine.registers().ok()?.layout().arch() != Arch::X86_64 {
            return None;
        }
        let bytes = machine.signal_info()?;
        (bytes.len() as u64 == SIZE).then(|| Value::from_bytes(siginfo(), bytes))
    }
}

fn composite(kind: CompositeKind, name: Option<&str>, size: u64, members: &[(&str, &Type, u64)]) -> Type {
    let members = members
        .iter()
        .map(|(name, ty, offset)| Member {
            name: Some((*name).into()),
            ty: (*ty).clone().into(),
            bit_offset: offset * 8,
            bit_size: None,
        })
        .collect();
    Type::new(Node {
        name: name.map(Into::into),
        byte_size: Some(size),
        align: None,
        big_endian: false,
        kind: Kind::Composite(Composite::with_members(kind, members)),
    })
}

fn structure(size: u64, members: &[(&str, &Type, u64)]) -> Type {
    composite(CompositeKind::Struct, None, size, members)
}

fn alias(name: &str, ty: &Type) -> Type {
    Type::new(Node {
        name: Some(name.into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Typedef(ty.clone().into()),
    })
}

/// The type, with gdb's names.
fn siginfo() -> Type {
    let short = Type::base("short", 2, Encoding::Signed);
    let int = Type::base("int", 4, Encoding::Signed);
    let unsigned = Type::base("unsigned int", 4, Encoding::Unsigned);
    let long = Type::base("long", 8, Encoding::Signed);
    let pointer = Type::void().pointer_to();
    let pad = Type::derived(Kind::Array(Array { elem: int.clone().into(), count: Some(28), vector: true }));
    let (pid, uid) = (alias("__pid_t", &int), alias("__uid_t", &unsigned));
    let clock = alias("__clock_t", &long);
    let sigval = composite(
        CompositeKind::Union,
        Some("sigval_t"),
        8,
        &[("sival_int", &int, 0), ("sival_ptr", &pointer, 0)],
    );
    let kill = structure(8, &[("si_pid", &pid, 0), ("si_uid", &uid, 4)]);
    let timer = structure(16, &[("si_tid", &int, 0), ("si_overrun", &int, 4), ("si_sigval", &sigval, 8)]);
    let queued = structure(16, &[("si_pid", &pid, 0), ("si_uid", &uid, 4), ("si_sigval", &sigval, 8)]);
    let child = structure(
        32,
        &[
            ("si_pid", &pid, 0),
            ("si_uid", &uid, 4),
            ("si_status", &int, 8),
            ("si_utime", &clock, 16),
            ("si_stime", &clock, 24),
        ],
    );
    let bound = structure(16, &[("_lower", &pointer, 0), ("_upper", &pointer, 8)]);
    let fault =
        structure(32, &[("si_addr", &pointer, 0), ("_addr_lsb", &short, 8), ("_addr_bnd", &bound, 16)]);
    let poll = structure(16, &[("si_band", &long, 0), ("si_fd", &int, 8)]);
    let call = structure(16, &[("_call_addr", &pointer, 0), ("_syscall", &int, 8), ("_arch", &unsigned, 12)]);
    let fields = composite(
        CompositeKind::Union,
        None,
        112,
        &[
            ("_pad", &pad, 0),
            ("_kill", &kill, 0),
            ("_timer", &timer, 0),
            ("_rt", &queued, 0),
            ("_sigchld", &child, 0),
            ("_sigfault", &fault, 0),
            ("_sigpoll", &poll, 0),
            ("_sigsys", &call, 0),
        ],
    );
    composite(
        CompositeKind::Struct,
        Some("siginfo"),
        SIZE,
        &[("si_signo", &int, 0), ("si_errno", &int, 4), ("si_code", &int, 8), ("_sifields", &fields, 16)],
    )
}
