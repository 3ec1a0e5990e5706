//! Framing: `$payload#cc`, `%notification#cc`, the acks `+` and `-`, escapes and run-length encoding.
//!
//! Bytes in, frames out; nothing here knows what a payload means. Source: gdb manual, "Remote Protocol: Overview".
//! Peers send garbage (console text on a shared line, telnet negotiation), start a packet again in the middle of one, and
//! forget the end; each of these gives a [`Frame`] or nothing, never a panic and never more than [`MAX_PAYLOAD`] bytes.

use crate::hex;

/// Longest payload accepted, after expansion. QEMU's longest reply is 128 KiB; `O` packets may be longer.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// The byte that interrupts a running target; it stands outside any packet.
pub const INTERRUPT: u8 = 0x03;

const ESCAPE: u8 = b'}';
const REPEAT: u8 = b'*';

/// One unit of what a peer sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// `+`
    Ack,
    /// `-`
    Nack,
    /// A packet with a good checksum, unescaped and expanded.
    Packet(Vec<u8>),
    /// A notification with a good checksum, never acknowledged.
    Notification(Vec<u8>),
    /// A packet that cannot be trusted. Damaged notifications are dropped.
    Corrupt(Corruption),
}

/// What was wrong with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Corruption {
    /// The two digits after `#` do not match the bytes.
    #[error("bad checksum: computed {computed:02x}, sent {sent:02x}")]
    Checksum {
        /// Sum of the bytes modulo 256.
        computed: u8,
        /// What the peer wrote.
        sent: u8,
    },
    /// What follows `#` is not two hex digits.
    #[error("malformed checksum")]
    ChecksumDigits,
    /// `}` as the last byte.
    #[error("escape character at the end of a packet")]
    DanglingEscape,
    /// `*` without a byte before it or with an impossible count after it.
    #[error("bad run-length encoding")]
    RunLength,
    /// The payload is longer than [`MAX_PAYLOAD`] once expanded.
    #[error("packet too long")]
    TooLong,
}

/// The peer sends a packet without end; the connection is of no use any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("packet without end: more than {MAX_PAYLOAD} bytes and no checksum")]
pub struct Endless;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between packets.
    Idle,
    /// After `$` or `%`.
    Body,
    /// After `#`, no digit yet.
    Checksum,
    /// After `#` and this byte.
    ChecksumLow(u8),
}

/// Splits a byte stream into frames.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    notification: bool,
    raw: Vec<u8>,
    /// Garbage bytes skipped since the last call of [`Decoder::take_garbage`], at most 256 of them kept.
    garbage: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder between packets.
    #[must_use]
    pub fn new() -> Self {
        Self { state: State::Idle, notification: false, raw: Vec::new(), garbage: Vec::new() }
    }

    /// Whether a packet has begun and not ended.
    #[must_use]
    pub fn is_mid_packet(&self) -> bool {
        self.state != State::Idle
    }

    /// Forgets a half-received packet.
    pub fn reset(&mut self) {
        self.state = State::Idle;
        self.raw.clear();
    }

    /// The garbage met between packets since the last call, shortened to 256 bytes.
    pub fn take_garbage(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.garbage)
    }

    /// Takes bytes in and hands complete frames to `out`, in order.
    ///
    /// # Errors
    /// [`Endless`] when a packet exceeds [`MAX_PAYLOAD`] raw bytes; the decoder is then between packets.
    pub fn push(&mut self, mut bytes: &[u8], mut out: impl FnMut(Frame)) -> Result<(), Endless> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.state {
                State::Idle => self.idle(byte, &mut out),
                State::Body => {
                    // The bulk of a packet in one go: everything up to a byte that ends or restarts it.
                    let end = memchr::memchr2(b'#', b'$', bytes).unwrap_or(bytes.len());
                    let (body, tail) = bytes.split_at(end);
                    if self.raw.len() + body.len() > MAX_PAYLOAD {
                        self.reset();
                        return Err(Endless);
                    }
                    self.raw.extend_from_slice(body);
                    match tail.first() {
                        Some(b'#') => self.state = State::Checksum,
                        Some(_) => self.begin(false),
                        None => {}
                    }
                    bytes = tail.get(1..).unwrap_or_default();
                    continue;
                }
                // A peer that was cut off right after '#' and starts again.
                State::Checksum | State::ChecksumLow(_) if byte == b'$' => self.begin(false),
                State::Checksum => self.state = State::ChecksumLow(byte),
                State::ChecksumLow(high) => {
                    let frame = self.finish(high, byte);
                    self.reset();
                    // A notification is not waited for, so a damaged one is only dropped.
                    if !(self.notification && matches!(frame, Frame::Corrupt(_))) {
                        out(frame);
                    }
                }
            }
            bytes = rest;
        }
        Ok(())
    }

    fn idle(&mut self, byte: u8, out: &mut impl FnMut(Frame)) {
        match byte {
            b'$' => self.begin(false),
            b'%' => self.begin(true),
            b'+' => out(Frame::Ack),
            b'-' => out(Frame::Nack),
            _ if self.garbage.len() < 256 => self.garbage.push(byte),
            _ => {}
        }
    }

    fn begin(&mut self, notification: bool) {
        self.raw.clear();
        self.notification = notification;
        self.state = State::Body;
    }

    fn finish(&self, high: u8, low: u8) -> Frame {
        let (Some(high), Some(low)) = (hex::digit(high), hex::digit(low)) else {
            return Frame::Corrupt(Corruption::ChecksumDigits);
        };
        let (computed, sent) = (checksum(&self.raw), high << 4 | low);
        if computed != sent {
            return Frame::Corrupt(Corruption::Checksum { computed, sent });
        }
        match expand(&self.raw) {
            Err(corruption) => Frame::Corrupt(corruption),
            Ok(payload) if self.notification => Frame::Notification(payload),
            Ok(payload) => Frame::Packet(payload),
        }
    }
}

/// Sum of the bytes between `$` and `#`, modulo 256.
#[must_use]
pub fn checksum(raw: &[u8]) -> u8 {
    raw.iter().fold(0, |sum, &byte| sum.wrapping_add(byte))
}

/// Undoes escapes (`}` then the byte XOR 0x20) and run lengths (`*` then count + 29).
fn expand(raw: &[u8]) -> Result<Vec<u8>, Corruption> {
    if memchr::memchr2(ESCAPE, REPEAT, raw).is_none() {
        return Ok(raw.to_vec());
    }
    let mut payload: Vec<u8> = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            ESCAPE => payload.push(bytes.next().ok_or(Corruption::DanglingEscape)? ^ 0x20),
            REPEAT => {
                let last = *payload.last().ok_or(Corruption::RunLength)?;
                // Counts run from 3 (space) up; '#' and '$' cannot occur because they end and begin packets.
                let count = match bytes.next() {
                    Some(&code @ b' '..=b'~') => usize::from(code) - 29,
                    _ => return Err(Corruption::RunLength),
                };
                payload.resize(payload.len() + count, last);
            }
            _ => payload.push(byte),
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(Corruption::TooLong);
        }
    }
    Ok(payload)
}

/// The bytes of one packet: `$`, the payload with `# $ * }` escaped, `#`, checksum. Run lengths are never sent.
///
/// QEMU before 2.10 does not undo escapes; nothing kdive sends to it needs any.
#[must_use]
pub fn encode(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 4);
    encode_into(&mut frame, payload);
    frame
}

/// As [`encode`], at the end of `out`.
pub fn encode_into(out: &mut Vec<u8>, payload: &[u8]) {
    out.push(b'$');
    let start = out.len();
    for &byte in payload {
        if matches!(byte, b'#' | b'$' | REPEAT | ESCAPE) {
            out.extend_from_slice(&[ESCAPE, byte ^ 0x20]);
        } else {
            out.push(byte);
        }
    }
    let sum = checksum(out.get(start..).unwrap_or_default());
    out.push(b'#');
    hex::encode_into(out, &[sum]);
}

#[cfg(test)]
mod tests;
