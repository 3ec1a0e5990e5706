//! Which packets are used: what the user decided about them (`set remote NAME-packet`), and what was found out.

use std::collections::BTreeMap;

/// A packet, or a feature announced in `qSupported`, that is used only where it is allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Packet {
    /// `Z0`
    SoftwareBreakpoint,
    /// `Z1`
    HardwareBreakpoint,
    /// `Z2`
    WriteWatch,
    /// `Z3`
    ReadWatch,
    /// `Z4`
    AccessWatch,
    /// `X`
    BinaryWrite,
    /// `p`
    ReadRegister,
    /// `P`
    WriteRegister,
    /// `qXfer:features:read`
    TargetFeatures,
    /// `qXfer:auxv:read`
    AuxiliaryVector,
    /// `qXfer:siginfo:read`
    ReadSignalInfo,
    /// `vCont`
    Resume,
    /// `qSupported`
    Supported,
    /// `QStartNoAckMode`
    NoAck,
    /// `vKill`
    Kill,
    /// `vAttach`
    Attach,
    /// `vRun`
    Run,
    /// `qAttached`
    Attached,
    /// The feature `multiprocess`.
    Multiprocess,
    /// The feature `swbreak`.
    SoftwareStop,
    /// The feature `hwbreak`.
    HardwareStop,
    /// The feature `vContSupported`.
    ResumeSupported,
}

impl Packet {
    /// All of them, with the names gdb has for them.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::SoftwareBreakpoint, "Z0"),
        (Self::HardwareBreakpoint, "Z1"),
        (Self::WriteWatch, "Z2"),
        (Self::ReadWatch, "Z3"),
        (Self::AccessWatch, "Z4"),
        (Self::BinaryWrite, "X"),
        (Self::ReadRegister, "p"),
        (Self::WriteRegister, "P"),
        (Self::TargetFeatures, "qXfer:features:read"),
        (Self::AuxiliaryVector, "qXfer:auxv:read"),
        (Self::ReadSignalInfo, "qXfer:siginfo:read"),
        (Self::Resume, "vCont"),
        (Self::Supported, "qSupported"),
        (Self::NoAck, "QStartNoAckMode"),
        (Self::Kill, "vKill"),
        (Self::Attach, "vAttach"),
        (Self::Run, "vRun"),
        (Self::Attached, "qAttached"),
        (Self::Multiprocess, "multiprocess-feature"),
        (Self::SoftwareStop, "swbreak-feature"),
        (Self::HardwareStop, "hwbreak-feature"),
        (Self::ResumeSupported, "vContSupported"),
    ];

    /// The packet gdb calls so; `None` for those that are never sent.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(packet, _)| *packet)
    }
}

/// Decisions and findings.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Packets {
    decided: BTreeMap<Packet, bool>,
    found: BTreeMap<Packet, bool>,
}

impl Packets {
    /// `set remote NAME-packet on`, `off`, or `auto`, which is `None`.
    pub fn decide(&mut self, packet: Packet, choice: Option<bool>) {
        match choice {
            Some(on) => drop(self.decided.insert(packet, on)),
            None => drop(self.decided.remove(&packet)),
        }
    }

    /// Whether the stub knows a packet, as far as it was tried.
    #[must_use]
    pub fn found(&self, packet: Packet) -> Option<bool> {
        self.found.get(&packet).copied()
    }

    /// Takes note of whether the stub knows a packet.
    pub(crate) fn note(&mut self, packet: Packet, known: bool) {
        self.found.insert(packet, known);
    }

    /// Whether the user wants a packet sent that kdive would not send otherwise.
    #[must_use]
    pub fn demands(&self, packet: Packet) -> bool {
        self.decided.get(&packet) == Some(&true)
    }

    /// Whether the user forbids a packet.
    #[must_use]
    pub fn refuses(&self, packet: Packet) -> bool {
        self.decided.get(&packet) == Some(&false)
    }
}
