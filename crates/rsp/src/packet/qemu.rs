//! QEMU's private packets: `qqemu.Supported`, `qqemu.sstep`, `qqemu.PhyMemMode`.
//!
//! Source: QEMU docs/system/gdb.rst ("Advanced debugging options"). All three settings outlive the connection, so a client has to set
//! them again when it connects.

/// Which of these packets there are; a stub that is not QEMU answers with nothing. QEMU 4.1 and later.
pub const SUPPORTED: &[u8] = b"qqemu.Supported";
/// Bits that may be set in the step mask: `ENABLE=1,NOIRQ=2,NOTIMER=4`.
pub const STEP_BITS: &[u8] = b"qqemu.sstepbits";
/// The step mask, `0x7` by default.
pub const STEP_MASK: &[u8] = b"qqemu.sstep";
/// `1` when memory packets mean guest-physical addresses.
pub const PHYSICAL_MODE: &[u8] = b"qqemu.PhyMemMode";

/// Bit of the step mask: interrupts are held back while a single instruction executes.
pub const STEP_NO_IRQ: u8 = 2;
/// Bit of the step mask: the virtual clock stands still while a single instruction executes.
pub const STEP_NO_TIMER: u8 = 4;

/// `Qqemu.PhyMemMode:`.
#[must_use]
pub const fn set_physical_mode(on: bool) -> &'static [u8] {
    if on { b"Qqemu.PhyMemMode:1" } else { b"Qqemu.PhyMemMode:0" }
}

/// `Qqemu.sstep=`. Without a value QEMU would not answer at all.
#[must_use]
pub fn set_step_mask(mask: u8) -> Vec<u8> {
    format!("Qqemu.sstep={mask:x}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        assert_eq!(set_physical_mode(true), b"Qqemu.PhyMemMode:1");
        assert_eq!(set_step_mask(7), b"Qqemu.sstep=7");
    }
}
