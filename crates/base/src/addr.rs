//! Newtypes for the kinds of address a kernel debugger meets, so that they cannot be mixed up.

use std::fmt;

macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl $name {
            /// The address `n` bytes further on, wrapping at the end of the address space as the CPU does.
            #[must_use]
            pub const fn offset(self, n: u64) -> Self {
                Self(self.0.wrapping_add(n))
            }

            /// Distance in bytes from `base` up to this address, `None` when it lies below `base`.
            #[must_use]
            pub const fn distance_from(self, base: Self) -> Option<u64> {
                self.0.checked_sub(base.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::LowerHex for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }
    };
}

address! {
    /// An address as the debugged CPU uses it, after translation of nothing: what RSP `m` takes.
    VirtAddr
}
address! {
    /// A guest-physical address (QEMU's `PhyMemMode`).
    PhysAddr
}
address! {
    /// An address as written in an ELF or DWARF file, before KASLR or module relocation moved it.
    LinkAddr
}

impl VirtAddr {
    /// Whether a CPU with `bits` implemented address bits accepts the address (x86: 48 or 57).
    #[must_use]
    pub const fn is_canonical(self, bits: u32) -> bool {
        let shift = 64 - bits;
        (((self.0 << shift) as i64) >> shift) as u64 == self.0
    }
}

/// A half-open range of target addresses, `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AddrRange {
    /// First address inside.
    pub start: VirtAddr,
    /// First address after.
    pub end: VirtAddr,
}

impl AddrRange {
    /// `start..end`; an `end` below `start` gives the empty range at `start`.
    #[must_use]
    pub fn new(start: VirtAddr, end: VirtAddr) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Whether `addr` lies inside.
    #[must_use]
    pub fn contains(&self, addr: VirtAddr) -> bool {
        self.start <= addr && addr < self.end
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.0 - self.start.0
    }

    /// Whether no address lies inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_addresses() {
        assert!(VirtAddr(0xffff_8000_0000_0000).is_canonical(48));
        assert!(VirtAddr(0x7fff_ffff_ffff).is_canonical(48));
        assert!(!VirtAddr(0x8000_0000_0000).is_canonical(48));
        assert!(VirtAddr(0x8000_0000_0000).is_canonical(57));
    }

    #[test]
    fn reversed_range_is_empty() {
        let range = AddrRange::new(VirtAddr(8), VirtAddr(4));
        assert!(range.is_empty());
        assert!(!range.contains(VirtAddr(8)));
    }
}
