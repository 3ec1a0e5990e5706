//! Breakpoints and watchpoints: `Z type,addr,kind` and `z type,addr,kind`.
//!
//! QEMU under TCG: types 0 and 1 are the same, unlimited, never touch memory and are not de-duplicated (n inserts need n
//! removes). Under KVM: type 0 writes 0xCC through the current page tables, types 1, 2 and 4 share four slots, 3 does not exist.
//! Conditions appended to `Z` are accepted and ignored by QEMU, so none are ever sent.

/// The type digit of a `Z` packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `Z0`
    Software,
    /// `Z1`
    Hardware,
    /// `Z2`
    WriteWatch,
    /// `Z3`
    ReadWatch,
    /// `Z4`
    AccessWatch,
}

impl Kind {
    /// The digit.
    #[must_use]
    pub const fn digit(self) -> u8 {
        match self {
            Self::Software => 0,
            Self::Hardware => 1,
            Self::WriteWatch => 2,
            Self::ReadWatch => 3,
            Self::AccessWatch => 4,
        }
    }
}

/// `Z`: inserts. `len` is the length watched, or the size of the breakpoint instruction (x86: 1).
#[must_use]
pub fn insert(kind: Kind, addr: u64, len: u64) -> Vec<u8> {
    format!("Z{},{addr:x},{len:x}", kind.digit()).into_bytes()
}

/// `z`: removes.
#[must_use]
pub fn remove(kind: Kind, addr: u64, len: u64) -> Vec<u8> {
    format!("z{},{addr:x},{len:x}", kind.digit()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        assert_eq!(insert(Kind::Hardware, 0xffff_ffff_8100_0000, 1), b"Z1,ffffffff81000000,1");
        assert_eq!(remove(Kind::AccessWatch, 0x10, 8), b"z4,10,8");
    }
}
