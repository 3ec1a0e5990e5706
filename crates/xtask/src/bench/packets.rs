//! The least that speaks the remote serial protocol: what the wire costs when no debugger is at its end.
//!
//! <https://sourceware.org/gdb/current/onlinedocs/gdb.html/Remote-Protocol.html>

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Until a stub is given up.
const LIMIT: Duration = Duration::from_secs(60);
/// Requests in flight when memory is read.
const WINDOW: usize = 64;

/// A connection to a stub, without acknowledgements.
pub struct Wire {
    stream: UnixStream,
    received: Vec<u8>,
}

impl Wire {
    /// Connects; the guest stops, if it runs.
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("cannot connect to the guest")?;
        stream.set_read_timeout(Some(LIMIT))?;
        let mut wire = Self { stream, received: Vec::new() };
        wire.send("qSupported:swbreak+;hwbreak+;vContSupported+")?;
        // A guest that was running says that it stopped before it answers.
        while !wire.answer()?.contains("PacketSize") {}
        wire.ask("QStartNoAckMode")?;
        wire.stream.write_all(b"+")?;
        Ok(wire)
    }

    /// Sends a packet and returns the answer.
    pub fn ask(&mut self, packet: &str) -> Result<String> {
        self.send(packet)?;
        self.answer()
    }

    /// Sends a packet.
    pub fn send(&mut self, packet: &str) -> Result<()> {
        Ok(self.stream.write_all(&frame(packet))?)
    }

    /// The next packet, console output aside.
    pub fn answer(&mut self) -> Result<String> {
        loop {
            if let Some((packet, used)) = first_packet(&self.received) {
                self.received.drain(..used);
                // O and hexadecimal digits: text for the user. OK is an answer.
                if packet.starts_with('O') && packet != "OK" {
                    continue;
                }
                return Ok(packet);
            }
            let mut buffer = [0; 1 << 16];
            let length = self.stream.read(&mut buffer).context("the stub does not answer")?;
            if length == 0 {
                bail!("the stub closed the connection");
            }
            self.received.extend_from_slice(&buffer[..length]);
        }
    }

    /// Resumes the guest and leaves it running.
    pub fn detach(mut self) -> Result<()> {
        self.expect_ok("D")
    }

    /// The mean time of `count` single steps.
    pub fn steps(&mut self, count: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..count {
            self.expect_stop("vCont;s:1")?;
        }
        Ok(start.elapsed() / count)
    }

    /// As [`Wire::steps`], with all registers read after each step.
    pub fn steps_with_registers(&mut self, count: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..count {
            self.expect_stop("vCont;s:1")?;
            self.ask("g")?;
        }
        Ok(start.elapsed() / count)
    }

    /// The mean time of getting to the next of `places` with a breakpoint and reading all registers there, `rounds` times
    /// from `entry` on, where they are passed in this order.
    pub fn lines(&mut self, entry: u64, places: &[u64], rounds: u32) -> Result<Duration> {
        let mut taken = Duration::ZERO;
        for _ in 0..rounds {
            self.run_to(entry)?;
            let start = Instant::now();
            for place in places {
                self.expect_ok(&format!("Z0,{place:x},1"))?;
                self.expect_stop("vCont;c")?;
                self.expect_ok(&format!("z0,{place:x},1"))?;
                self.ask("g")?;
            }
            taken += start.elapsed();
        }
        Ok(taken / (rounds * places.len() as u32).max(1))
    }

    /// The mean time of a hit of a breakpoint at `hit`, which has `count` of them between two calls of `mark`:
    /// continue, and step over it. What the guest does besides is measured without them and subtracted.
    pub fn hits(&mut self, hit: u64, mark: u64, count: u32) -> Result<Duration> {
        self.run_to(mark)?;
        let start = Instant::now();
        self.run_to(mark)?;
        let without = start.elapsed();
        let (insert, remove) = (format!("Z0,{hit:x},1"), format!("z0,{hit:x},1"));
        let start = Instant::now();
        self.expect_ok(&insert)?;
        for _ in 0..count {
            self.expect_stop("vCont;c")?;
            self.expect_ok(&remove)?;
            self.expect_stop("vCont;s:1")?;
            self.expect_ok(&insert)?;
        }
        self.expect_ok(&remove)?;
        self.run_to(mark)?;
        Ok(start.elapsed().saturating_sub(without) / count)
    }

    /// Continues to `address` and steps off it.
    fn run_to(&mut self, address: u64) -> Result<()> {
        self.expect_ok(&format!("Z0,{address:x},1"))?;
        self.expect_stop("vCont;c")?;
        self.expect_ok(&format!("z0,{address:x},1"))?;
        self.expect_stop("vCont;s:1")
    }

    /// The time to read `length` bytes at `address` with requests in flight all the time.
    pub fn read(&mut self, address: u64, length: u64) -> Result<Duration> {
        // QEMU answers packets of at most 4096 characters.
        const PIECE: u64 = 2040;
        let start = Instant::now();
        let mut requests = (address..address + length).step_by(PIECE as usize);
        let (mut flying, mut bytes) = (0_usize, 0_u64);
        loop {
            while flying < WINDOW
                && let Some(at) = requests.next()
            {
                let size = PIECE.min(address + length - at);
                self.send(&format!("m{at:x},{size:x}"))?;
                flying += 1;
            }
            if flying == 0 {
                break;
            }
            let answer = self.answer()?;
            if answer.starts_with('E') {
                bail!("the stub cannot read the memory: {answer}");
            }
            bytes += answer.len() as u64 / 2;
            flying -= 1;
        }
        if bytes != length {
            bail!("the stub sent {bytes} of {length} bytes");
        }
        Ok(start.elapsed())
    }

    fn expect_ok(&mut self, packet: &str) -> Result<()> {
        match self.ask(packet)?.as_str() {
            "OK" => Ok(()),
            other => bail!("the stub answered {packet} with {other}"),
        }
    }

    fn expect_stop(&mut self, packet: &str) -> Result<()> {
        let answer = self.ask(packet)?;
        if answer.starts_with('T') || answer.starts_with('S') {
            return Ok(());
        }
        bail!("the stub answered {packet} with {answer}")
    }
}

/// A packet as it is sent.
fn frame(packet: &str) -> Vec<u8> {
    let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
    format!("${packet}#{sum:02x}").into_bytes()
}

/// The first whole packet in `bytes` and how many of them it ends after. The checksum is not checked: this is
/// a socket, not a line.
fn first_packet(bytes: &[u8]) -> Option<(String, usize)> {
    let start = bytes.iter().position(|byte| *byte == b'$')?;
    let rest = bytes.get(start + 1..)?;
    let length = rest.iter().position(|byte| *byte == b'#')?;
    let used = start + 1 + length + 3;
    (used <= bytes.len()).then(|| (String::from_utf8_lossy(&rest[..length]).into_owned(), used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_its_checksum() {
        assert_eq!(frame("OK"), b"$OK#9a");
        assert_eq!(frame("m0,1"), b"$m0,1#fa");
    }

    #[test]
    fn packets_are_found_in_a_stream() {
        assert_eq!(first_packet(b"+$OK#9a$T05#b9"), Some(("OK".to_owned(), 7)));
        assert_eq!(first_packet(b"$T05#b"), None);
        assert_eq!(first_packet(b"+"), None);
    }

    #[test]
    fn text_for_the_user_is_not_an_answer() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"$O41#00$OK#9a").unwrap();
        let mut wire = Wire { stream: ours, received: Vec::new() };
        assert_eq!(wire.answer().unwrap(), "OK");
    }
}
