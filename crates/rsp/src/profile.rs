//! What kind of stub this is, and what that allows.
//!
//! Recognised by what a stub says of itself in the first exchange, never by version numbers. See `docs/rsp-quirks.md`.

use crate::packet::supported::Features;

/// Kinds of stub kdive knows to differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// QEMU's system emulator.
    Qemu {
        /// `Qqemu.PhyMemMode` exists (4.1 and later).
        physical_memory: bool,
    },
    /// gdbserver of the gdb project.
    Gdbserver,
    /// The kernel's own stub on a serial line.
    Kgdb,
    /// OpenOCD.
    OpenOcd,
    /// Anything else, among them stubs built on the gdbstub crate (crosvm, Cloud Hypervisor, Firecracker).
    Other,
}

impl Profile {
    /// Tells the kind from the `qSupported` reply and the reply to `qqemu.Supported` (or `qqemu.sstepbits`).
    #[must_use]
    pub fn detect(features: &Features, qemu: Option<&str>) -> Self {
        if let Some(text) = qemu {
            let physical_memory = text.split(';').any(|item| item == "PhyMemMode");
            return Self::Qemu { physical_memory };
        }
        let gdbserver = ["QPassSignals+", "QProgramSignals+", "QDisableRandomization+", "QStartupWithShell+"];
        if gdbserver.iter().any(|item| features.has(item)) {
            return Self::Gdbserver;
        }
        if features.packet_size == 0x4000 && features.has("qXfer:threads:read+") {
            return Self::OpenOcd;
        }
        if features.all.is_empty() { Self::Kgdb } else { Self::Other }
    }

    /// Whether `-` may be sent. The gdbstub crate takes it for the end of the session, so only known stubs get it.
    #[must_use]
    pub fn allows_nack(self) -> bool {
        matches!(self, Self::Qemu { .. } | Self::Gdbserver | Self::Kgdb)
    }

    /// Whether several requests may be under way at once. QEMU takes the start of a packet for the ack of the last reply; stubs that wait
    /// for a real `+` after each reply would read the next request instead.
    #[must_use]
    pub fn allows_pipelining(self, acks: bool) -> bool {
        match self {
            Self::Qemu { .. } => true,
            Self::Gdbserver => !acks,
            Self::Kgdb | Self::OpenOcd | Self::Other => false,
        }
    }

    /// Whether this is QEMU.
    #[must_use]
    pub fn is_qemu(self) -> bool {
        matches!(self, Self::Qemu { .. })
    }

    /// Whether `Qqemu.PhyMemMode` exists.
    #[must_use]
    pub fn has_physical_mode(self) -> bool {
        matches!(self, Self::Qemu { physical_memory: true })
    }

    /// Whether a thread with no action in `vCont` may be left out. Where scheduler locking is not implemented that ends the session, so
    /// the others continue instead.
    #[must_use]
    pub fn can_hold_threads(self) -> bool {
        matches!(self, Self::Qemu { .. } | Self::Gdbserver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_by_what_they_say() {
        let detect = |text: &str, qemu| Profile::detect(&Features::parse(text.as_bytes()), qemu);
        let qemu = "PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+";
        assert_eq!(detect(qemu, Some("sstepbits;sstep;PhyMemMode")), Profile::Qemu { physical_memory: true });
        assert_eq!(
            detect(qemu, Some("ENABLE=1,NOIRQ=2,NOTIMER=4")),
            Profile::Qemu { physical_memory: false }
        );
        assert_eq!(detect("PacketSize=47ff;QPassSignals+;QStartNoAckMode+", None), Profile::Gdbserver);
        assert_eq!(detect("PacketSize=4000;qXfer:threads:read+;QStartNoAckMode+", None), Profile::OpenOcd);
        assert_eq!(detect("", None), Profile::Kgdb);
        assert_eq!(detect("PacketSize=1000;vContSupported+", None), Profile::Other);
    }

    #[test]
    fn only_known_stubs_get_a_nack() {
        assert!(Profile::Qemu { physical_memory: true }.allows_nack());
        assert!(!Profile::Other.allows_nack());
        assert!(!Profile::Gdbserver.allows_pipelining(true));
        assert!(Profile::Gdbserver.allows_pipelining(false));
    }
}
