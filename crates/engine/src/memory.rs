//! Memory: what can be read of a range, and writing.

use crate::{Engine, Error};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_types::Access;

/// Bytes that one request may be about.
const MOST: u64 = 16 << 20;
/// Granularity of what is mapped or not.
const PAGE: u64 = 4096;
/// Pages that are tried after one that cannot be read before the rest is given up.
const MOST_HOLES: u32 = 256;

/// Bytes that lie one after the other.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct MemoryPiece {
    /// Where the first is.
    #[serde(rename = "address", serialize_with = "crate::hex::number")]
    pub addr: u64,
    /// The bytes.
    #[serde(serialize_with = "crate::hex::bytes")]
    pub bytes: Vec<u8>,
}

impl Engine {
    /// What can be read of `count` bytes from `addr` on, in order; between the pieces there is nothing to be read. Nothing at all is an
    /// empty list.
    ///
    /// # Errors
    /// [`Error::TooMuch`], [`Error::Interrupted`].
    pub fn read_memory(&self, addr: u64, count: u64) -> Result<Vec<MemoryPiece>, Error> {
        if count > MOST {
            return Err(Error::TooMuch { asked: count, most: MOST });
        }
        let program = self.program();
        let end = addr.saturating_add(count);
        let mut pieces: Vec<MemoryPiece> = Vec::new();
        let mut at = addr;
        let mut holes = 0;
        while at < end && holes < MOST_HOLES {
            let mut bytes = vec![0; usize::try_from(end - at).unwrap_or(0)];
            let fault = match program.read(VirtAddr(at), &mut bytes) {
                Ok(()) => None,
                Err(fault) if fault.is_interrupted() => return Err(Error::Interrupted),
                Err(fault) => Some(fault.addr.0.clamp(at, end - 1)),
            };
            let good = fault.unwrap_or(end);
            if good > at {
                bytes.truncate(usize::try_from(good - at).unwrap_or(0));
                // What lies before the fault was read with what lies behind it, and may be incomplete.
                if fault.is_none() || program.read(VirtAddr(at), &mut bytes).is_ok() {
                    holes = 0;
                    pieces.push(MemoryPiece { addr: at, bytes });
                }
            }
            let Some(fault) = fault else { break };
            holes += 1;
            at = (fault | (PAGE - 1)).saturating_add(1);
        }
        Ok(pieces)
    }

    /// Writes bytes to memory; frames and variables are looked at anew.
    ///
    /// # Errors
    /// [`Error::TooMuch`]; the address that cannot be written. What lies before it may have been written.
    pub fn write_memory(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > MOST {
            return Err(Error::TooMuch { asked: bytes.len() as u64, most: MOST });
        }
        Ok(Access::write_memory(self.program(), VirtAddr(addr), bytes)?)
    }
}
