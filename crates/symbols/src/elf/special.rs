//! Symbols that mark what bytes are rather than name them: mapping symbols and the labels of compilers.
//!
//! Which names these are depends on the processor. Sources: ELF for the Arm Architecture and for the Arm 64-bit Architecture ("Mapping
//! symbols"), the RISC-V ELF psABI ("Mapping Symbol"), and what gdb 13 leaves out.

use object::elf::{EM_AARCH64, EM_ARM, EM_RISCV};

/// Whether programs for that processor have marks at all.
pub(super) fn has_marks(machine: u16) -> bool {
    [EM_ARM, EM_AARCH64, EM_RISCV].iter().any(|has| has.0 == machine)
}

/// Whether a name is that of a mark and never the name of an address.
pub(super) fn is_mark(machine: u16, name: &[u8]) -> bool {
    if machine == EM_ARM.0 {
        marks(name, |letter| letter.is_ascii_lowercase())
    } else if machine == EM_AARCH64.0 {
        marks(name, |letter| b"dfmpx".contains(&letter))
    } else if machine == EM_RISCV.0 {
        // The name of a mark of code may go on with the extensions the code needs: `$xrv64i2p1`.
        let starts = [&b"$d"[..], b"$x", b".L", b"..", b"_.L_"];
        starts.iter().any(|start| name.starts_with(start))
    } else {
        false
    }
}

/// `$` and one of those letters, and perhaps a dot and more.
fn marks(name: &[u8], letters: fn(u8) -> bool) -> bool {
    match name {
        [b'$', letter] | [b'$', letter, b'.', ..] => letters(*letter),
        _ => false,
    }
}

/// Whether a local name in code is that of a label a compiler made, which a `-r` link kept.
pub(super) fn is_label(name: &[u8]) -> bool {
    name.starts_with(b".L") || name.starts_with(b"$L")
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::elf::EM_X86_64;

    /// gdb 13 names no address of an object with these symbols by a name that is a mark.
    #[test]
    fn marks_of_each_processor() {
        let names = [
            "$a", "$b", "$d", "$f", "$m", "$p", "$t", "$x", "$z.q", "$x.foo", "$A", "$x1", "$dfoo", ".Lx",
            "L0", "x$d",
        ];
        let marks = |machine: u16| -> Vec<&str> {
            names.into_iter().filter(|name| is_mark(machine, name.as_bytes())).collect()
        };
        assert_eq!(marks(EM_ARM.0), ["$a", "$b", "$d", "$f", "$m", "$p", "$t", "$x", "$z.q", "$x.foo"]);
        assert_eq!(marks(EM_AARCH64.0), ["$d", "$f", "$m", "$p", "$x", "$x.foo"]);
        assert_eq!(marks(EM_RISCV.0), ["$d", "$x", "$x.foo", "$x1", "$dfoo", ".Lx"]);
        assert!(marks(EM_X86_64.0).is_empty());
    }
}
