//! Memory: reads through the page cache, writes straight through it.
//!
//! What is missing is fetched a page at a time where round trips are what counts, a line at a time on slow lines and from physical memory. A refused page
//! says only that *something* in it cannot be read, so exactly the wanted bytes are asked for before they count as unreadable; that is then
//! remembered until the target runs.

use super::RemoteTarget;
use super::inner::{Inner, Regain};
use crate::Error;
use crate::cache::{Known, LINE, PAGE, View};
use kdive_base::{Fault, FaultKind, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_rsp::ThreadId;
use kdive_rsp::client::{ChunkError, MemoryChunk};
use std::collections::HashMap;

/// Bytes of one round of a large read.
const BLOCK: usize = 256 * PAGE;
/// Requests for the rest of a piece that a stub returns bit by bit.
const MAX_CONTINUATIONS: usize = 64;

/// Which memory, and through whose eyes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Virtual(ThreadId),
    Physical,
}

/// A piece of one page.
#[derive(Clone, Copy)]
struct Piece {
    page: u64,
    offset: usize,
    len: usize,
}

impl Piece {
    fn addr(self) -> u64 {
        self.page * PAGE as u64 + self.offset as u64
    }
}

impl Space {
    fn view(self, addr: u64) -> View {
        match self {
            Self::Virtual(thread) => View::of(thread, addr),
            Self::Physical => View::Physical,
        }
    }

    fn thread(self) -> Option<ThreadId> {
        match self {
            Self::Virtual(thread) => Some(thread),
            Self::Physical => None,
        }
    }
}

impl ReadMemory for RemoteTarget {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let mut read = || {
            let mut inner = self.inner()?;
            inner.ready(Regain::IfRested)?;
            inner.read_virtual(addr, buf)
        };
        read().map_err(|error| fault(addr, error))
    }
}

impl WriteMemory for RemoteTarget {
    fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault> {
        let write = || {
            let mut inner = self.inner()?;
            inner.ready(Regain::IfRested)?;
            inner.write_virtual(addr, bytes)
        };
        write().map_err(|error| fault(addr, error))
    }
}

fn fault(addr: VirtAddr, error: Error) -> Fault {
    match error {
        Error::Memory(fault) => fault,
        Error::Interrupted => Fault { addr, kind: FaultKind::Interrupted },
        _ => Fault { addr, kind: FaultKind::NoTarget },
    }
}

impl Inner {
    pub(super) fn read_virtual(&mut self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Error> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        self.read_in(Space::Virtual(thread), addr.0, buf)?;
        self.hide_planted(addr, buf);
        Ok(())
    }

    /// The same with breakpoint instructions as they stand there.
    pub(super) fn read_as_it_is(&mut self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Error> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        self.read_in(Space::Virtual(thread), addr.0, buf)
    }

    pub(super) fn read_physical(&mut self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Error> {
        self.read_in(Space::Physical, addr.0, buf)
    }

    fn read_in(&mut self, space: Space, addr: u64, buf: &mut [u8]) -> Result<(), Error> {
        let Some(last) = (buf.len() as u64).checked_sub(1) else { return Ok(()) };
        if addr.checked_add(last).is_none() {
            // It would run over the end of the address space.
            return Err(Fault::unmapped(VirtAddr(addr)).into());
        }
        let uncached = space != Space::Physical
            && self.uncached.iter().any(|range| range.start.0 <= addr + last && addr < range.end.0);
        let mut done = 0;
        while done < buf.len() {
            let start = addr + done as u64;
            // Blocks end at page boundaries, so that no page is asked for twice.
            let room = BLOCK - (start % PAGE as u64) as usize;
            let end = (done + room).min(buf.len());
            let Some(part) = buf.get_mut(done..end) else { break };
            if uncached {
                self.read_exactly(space, start, part)?;
            } else {
                self.read_block(space, start, part)?;
            }
            done = end;
            if done < buf.len() && self.client.config_mut().interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
        }
        Ok(())
    }

    /// Reads up to [`BLOCK`] bytes through the cache.
    fn read_block(&mut self, space: Space, addr: u64, buf: &mut [u8]) -> Result<(), Error> {
        let pieces = pieces(addr, buf.len());
        // Most reads are of a few bytes that are known.
        if let [piece] = pieces.as_slice()
            && let Some(bytes) = self.cached(space, *piece)
        {
            buf.copy_from_slice(bytes);
            return Ok(());
        }
        self.cache.make_room(BLOCK / PAGE + 1);
        let missing: Vec<Piece> =
            pieces.iter().copied().filter(|piece| self.known(space, *piece) == Known::Missing).collect();
        let mut direct: HashMap<u64, Vec<u8>> = HashMap::new();
        for piece in self.fetch(space, &missing)? {
            let mut bytes = vec![0; piece.len];
            match self.read_exactly(space, piece.addr(), &mut bytes) {
                Ok(()) => drop(direct.insert(piece.page, bytes)),
                Err(Error::Memory(_)) => {
                    self.cache.store_unreadable(space.thread(), piece.page, piece.offset, piece.len);
                }
                Err(error) => return Err(error),
            }
        }
        let mut to = buf;
        for piece in pieces {
            let (part, rest) = std::mem::take(&mut to).split_at_mut(piece.len);
            to = rest;
            if let Some(bytes) = direct.get(&piece.page) {
                part.copy_from_slice(bytes);
                continue;
            }
            if let Some(bytes) = self.cached(space, piece) {
                part.copy_from_slice(bytes);
            } else {
                let bad = match self.known(space, piece) {
                    Known::Unreadable(line) => piece.page * PAGE as u64 + line as u64,
                    Known::All | Known::Missing => piece.addr(),
                };
                return Err(Fault::unmapped(VirtAddr(bad.max(piece.addr()))).into());
            }
        }
        Ok(())
    }

    fn cached(&self, space: Space, piece: Piece) -> Option<&[u8]> {
        self.cache.get(space.view(piece.addr()), piece.page, piece.offset, piece.len)
    }

    fn known(&self, space: Space, piece: Piece) -> Known {
        self.cache.known(space.view(piece.addr()), space.thread(), piece.page, piece.offset, piece.len)
    }

    /// Brings pieces into the cache, and more around them where that costs nothing. Gives those that were refused with what was around them.
    fn fetch(&mut self, space: Space, missing: &[Piece]) -> Result<Vec<Piece>, Error> {
        let whole_pages = self.fetch_pages && space != Space::Physical;
        let limit = self.client.read_limit();
        let mut chunks: Vec<(MemoryChunk, usize)> = Vec::new();
        for (index, piece) in missing.iter().enumerate() {
            let (start, end) = if whole_pages {
                (0, PAGE)
            } else {
                (piece.offset / LINE * LINE, (piece.offset + piece.len).next_multiple_of(LINE))
            };
            let mut at = start;
            while at < end {
                let len = (limit - at % limit).min(end - at);
                chunks.push((MemoryChunk { addr: piece.page * PAGE as u64 + at as u64, len }, index));
                at += len;
            }
        }
        let wanted: Vec<MemoryChunk> = chunks.iter().map(|(chunk, _)| *chunk).collect();
        let results = self.read_chunks(space, &wanted)?;
        let mut refused: Vec<usize> = Vec::new();
        for ((chunk, index), result) in chunks.into_iter().zip(results) {
            let bytes = match result {
                Ok(bytes) if bytes.len() == chunk.len => bytes,
                Ok(start) => {
                    let mut bytes = vec![0; chunk.len];
                    // What came is kept even when the rest is refused.
                    let got = self.continue_chunk(space, chunk, start, &mut bytes)?;
                    bytes.truncate(got);
                    bytes
                }
                Err(_) => Vec::new(),
            };
            if bytes.len() < chunk.len && refused.last() != Some(&index) {
                refused.push(index);
            }
            let (page, offset) = (chunk.addr / PAGE as u64, (chunk.addr % PAGE as u64) as usize);
            self.cache.store(space.view(chunk.addr), page, offset, &bytes);
        }
        // A piece that came although something near it was refused needs no second look.
        Ok(refused
            .into_iter()
            .filter_map(|index| missing.get(index).copied())
            .filter(|piece| self.known(space, *piece) == Known::Missing)
            .collect())
    }

    fn read_chunks(
        &mut self,
        space: Space,
        chunks: &[MemoryChunk],
    ) -> Result<Vec<Result<Vec<u8>, ChunkError>>, Error> {
        if chunks.is_empty() {
            return Ok(Vec::new());
        }
        let result = match space {
            Space::Virtual(thread) => self.client.read_memory(thread, chunks),
            Space::Physical => self.client.read_physical(chunks),
        };
        self.checked(result)
    }

    /// The rest of a chunk of which a stub returned only the beginning. Gives how many bytes there are in the end.
    fn continue_chunk(
        &mut self,
        space: Space,
        chunk: MemoryChunk,
        start: Vec<u8>,
        to: &mut [u8],
    ) -> Result<usize, Error> {
        let mut got = 0;
        let mut bytes = start;
        for _ in 0..MAX_CONTINUATIONS {
            let room = to.get_mut(got..got + bytes.len());
            match room {
                Some(room) if !bytes.is_empty() => room.copy_from_slice(&bytes),
                _ => return Ok(got),
            }
            got += bytes.len();
            if got == chunk.len {
                return Ok(got);
            }
            let rest = MemoryChunk { addr: chunk.addr + got as u64, len: chunk.len - got };
            match self.read_chunks(space, &[rest])?.pop() {
                Some(Ok(more)) => bytes = more,
                _ => return Ok(got),
            }
        }
        Ok(got)
    }

    /// Reads exactly these bytes, page by page, without keeping them.
    fn read_exactly(&mut self, space: Space, addr: u64, buf: &mut [u8]) -> Result<(), Error> {
        let limit = self.client.read_limit();
        let mut to = buf;
        for piece in pieces(addr, to.len()) {
            let (mut part, rest) = std::mem::take(&mut to).split_at_mut(piece.len);
            to = rest;
            let mut at = piece.addr();
            while !part.is_empty() {
                let chunk = MemoryChunk { addr: at, len: part.len().min(limit) };
                let got = match self.read_chunks(space, &[chunk])?.pop() {
                    Some(Ok(bytes)) => {
                        let room = part.get_mut(..chunk.len).unwrap_or_default();
                        self.continue_chunk(space, chunk, bytes, room)?
                    }
                    _ => 0,
                };
                if got < chunk.len {
                    return Err(Fault::unmapped(VirtAddr(at + got as u64)).into());
                }
                at += got as u64;
                part = std::mem::take(&mut part).get_mut(got..).unwrap_or_default();
            }
        }
        Ok(())
    }

    pub(super) fn write_virtual(&mut self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Error> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        self.may_write(addr.0, bytes)?;
        self.write_around_planted(thread, addr, bytes)
    }

    /// Writes what is given, whatever stands there.
    pub(super) fn write_through(&mut self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Error> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        self.write_in(Space::Virtual(thread), addr.0, bytes)
    }

    pub(super) fn write_physical(&mut self, addr: PhysAddr, bytes: &[u8]) -> Result<(), Error> {
        self.write_in(Space::Physical, addr.0, bytes)
    }

    /// Puts the guest's own bytes back where a breakpoint instruction was, whatever is allowed by now.
    pub(super) fn put_back(&mut self, addr: VirtAddr, original: &[u8]) -> Result<(), Error> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        self.send(Space::Virtual(thread), addr.0, original)
    }

    fn may_write(&self, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        if self.permissions.write_memory || bytes.is_empty() {
            return Ok(());
        }
        let kind = FaultKind::Forbidden { len: bytes.len() as u64 };
        Err(Fault { addr: VirtAddr(addr), kind }.into())
    }

    fn write_in(&mut self, space: Space, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        self.may_write(addr, bytes)?;
        self.send(space, addr, bytes)
    }

    fn send(&mut self, space: Space, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        let Some(last) = (bytes.len() as u64).checked_sub(1) else { return Ok(()) };
        if addr.checked_add(last).is_none() {
            return Err(Fault::unmapped(VirtAddr(addr)).into());
        }
        // The same memory may be mapped elsewhere too, and a page table may have been written: nothing read before is safe.
        self.cache.clear();
        self.generation += 1;
        let limit = self.client.write_limit();
        let mut from = bytes;
        for piece in pieces(addr, bytes.len()) {
            let (part, rest) = from.split_at(piece.len);
            from = rest;
            let mut at = piece.addr();
            for chunk in part.chunks(limit) {
                let result = match space {
                    Space::Virtual(thread) => self.client.write_memory(thread, at, chunk),
                    Space::Physical => self.client.write_physical(at, chunk),
                };
                match result {
                    Err(kdive_rsp::Error::Remote(_)) => return Err(Fault::unmapped(VirtAddr(at)).into()),
                    result => self.checked(result)?,
                }
                at += chunk.len() as u64;
            }
        }
        Ok(())
    }
}

/// The pages that `len` bytes at `addr` touch.
fn pieces(addr: u64, len: usize) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(len / PAGE + 2);
    let mut done = 0;
    while done < len {
        let at = addr.wrapping_add(done as u64);
        let offset = (at % PAGE as u64) as usize;
        let part = (PAGE - offset).min(len - done);
        pieces.push(Piece { page: at / PAGE as u64, offset, len: part });
        done += part;
    }
    pieces
}
