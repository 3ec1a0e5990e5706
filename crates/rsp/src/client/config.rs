//! What is set, asked and counted on a connection.

use crate::frame;
use crate::packet::Shape;
use crate::packets::Packets;
use kdive_base::Interrupt;
use std::time::Duration;

/// What is sent to stop a running target (`set remote interrupt-sequence`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InterruptSequence {
    /// The byte 0x03.
    #[default]
    CtrlC,
    /// A break condition of the line.
    Break,
    /// A break condition and `g`: the magic SysRq key of a Linux console, which kgdb listens to.
    BreakG,
}

impl InterruptSequence {
    /// What is sent besides the break condition.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::CtrlC => &[frame::INTERRUPT],
            Self::Break => &[],
            Self::BreakG => b"g",
        }
    }

    /// In `set debug remote`.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::CtrlC => "0x03",
            Self::Break => "BREAK",
            Self::BreakG => "BREAK g",
        }
    }
}

/// Settings of a connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// `set remotetimeout`: 2 s by default. A request is given up after three times this without a byte.
    pub remote_timeout: Duration,
    /// `target extended-remote`: the stub gets `!`.
    pub extended: bool,
    /// The user's Ctrl-C; ends a request that is being waited for.
    pub interrupt: Interrupt,
    /// A stub that is silent is asked again until it answers or the user has enough, however long that takes.
    pub until_interrupted: bool,
    /// What stops a running target.
    pub interrupt_sequence: InterruptSequence,
    /// The target may be running when the connection is made, and is stopped first (`set remote interrupt-on-connect`).
    pub interrupt_on_connect: bool,
    /// Packets the user forbids or demands.
    pub packets: Packets,
    /// `set remote memory-read-packet-size`.
    pub read_size: PacketSize,
    /// `set remote memory-write-packet-size`.
    pub write_size: PacketSize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            remote_timeout: Duration::from_secs(2),
            extended: false,
            interrupt: Interrupt::new(),
            until_interrupted: false,
            interrupt_sequence: InterruptSequence::default(),
            interrupt_on_connect: false,
            packets: Packets::default(),
            read_size: PacketSize::default(),
            write_size: PacketSize::default(),
        }
    }
}

/// How large packets may be that read or write memory.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PacketSize {
    /// As large as the stub says it takes.
    #[default]
    Stub,
    /// As large as that, and no larger than this.
    Limit(usize),
    /// As large as this, whatever the stub says.
    Fixed(usize),
}

impl PacketSize {
    /// Bytes a packet may have, with a stub that takes `stub` bytes; never fewer than gdb's 20.
    #[must_use]
    pub fn of(self, stub: usize) -> usize {
        match self {
            Self::Stub => stub,
            Self::Limit(size) => stub.min(size.max(20)),
            Self::Fixed(size) => size.clamp(20, 1 << 20),
        }
    }
}

/// Traffic on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Traffic {
    /// Packets sent, interrupts included.
    pub packets_sent: u64,
    /// Packets received, good ones.
    pub packets_received: u64,
    /// Bytes sent, framing and acks included.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
}

/// Traffic in all and since the target last ran.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Statistics {
    /// Since the connection was made.
    pub total: Traffic,
    /// Since the last resume.
    pub since_resume: Traffic,
}

/// Something worth telling the user that is not an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// Standard error of the command behind `target remote | COMMAND`.
    Diagnostics(Vec<u8>),
    /// The two sides were out of step and are again in step; the text says with which packet it showed.
    Resynchronized(String),
}

/// How long to wait for a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// Three times the remote timeout since the last byte.
    Normal,
    /// Until the user presses Ctrl-C: a monitor command may save a whole machine.
    Unlimited,
}

/// A request and what is known about its reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    pub(super) payload: Vec<u8>,
    pub(super) shape: Shape,
    pub(super) repeatable: bool,
    pub(super) patience: Patience,
    /// Bytes the reply is expected to have, for the window.
    pub(super) expected: usize,
}

impl Request {
    /// A request that only asks, and can be asked twice.
    #[must_use]
    pub fn query(payload: impl Into<Vec<u8>>, shape: Shape) -> Self {
        Self { payload: payload.into(), shape, repeatable: true, patience: Patience::Normal, expected: 64 }
    }

    /// A request that changes something, and is sent once.
    #[must_use]
    pub fn action(payload: impl Into<Vec<u8>>, shape: Shape) -> Self {
        Self { repeatable: false, ..Self::query(payload, shape) }
    }

    /// Says how many bytes the reply will have.
    #[must_use]
    pub fn expecting(self, bytes: usize) -> Self {
        Self { expected: bytes, ..self }
    }

    /// Says how long to wait.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The packet for messages: its text up to the first binary byte or 32 characters.
    pub(super) fn name(&self) -> String {
        let text: String =
            self.payload.iter().take(32).map_while(|&b| b.is_ascii_graphic().then_some(b as char)).collect();
        if text.len() < self.payload.len() { format!("{text}...") } else { text }
    }
}
