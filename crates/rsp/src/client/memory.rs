//! Memory as a client reads and writes it: virtual through a thread's page tables, or guest-physical.

use super::operations::data;
use super::{Client, Request};
use crate::packet::{Reply, Shape, memory, qemu};
use crate::packets::Packet;
use crate::{Error, ThreadId};

/// A piece of memory to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryChunk {
    /// First address.
    pub addr: u64,
    /// Bytes, at most [`Client::read_limit`].
    pub len: usize,
}

/// A piece of memory that could not be read; others may have been.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChunkError {
    /// The stub refused: somewhere in the piece nothing is mapped.
    Refused,
    /// The reply does not fit the request.
    Malformed,
}

impl Client {
    /// Longest piece one `m` may ask for: a power of two, so that aligned pieces do not straddle pages needlessly.
    #[must_use]
    pub fn read_limit(&self) -> usize {
        let size = self.config.read_size.of(self.features.packet_size);
        // QEMU lets a reply of half its packet size in bytes run over by the framing; other stubs may not.
        let limit = if self.profile.is_qemu() { size / 2 } else { size.saturating_sub(8) / 2 };
        previous_power_of_two(limit.clamp(16, 64 << 10))
    }

    /// Longest piece one `M` may carry, a power of two.
    #[must_use]
    pub fn write_limit(&self) -> usize {
        let size = self.config.write_size.of(self.features.packet_size);
        previous_power_of_two((size.saturating_sub(40) / 2).clamp(8, 64 << 10))
    }

    /// Reads pieces of memory as `thread` sees it, many under way at once where the stub can take that. A piece may come back shorter than asked.
    ///
    /// # Errors
    /// [`Error`] when the stub could not be asked; what it refuses is in the result of each piece.
    pub fn read_memory(
        &mut self,
        thread: ThreadId,
        chunks: &[MemoryChunk],
    ) -> Result<Vec<Result<Vec<u8>, ChunkError>>, Error> {
        let requests = chunks.iter().map(MemoryChunk::request).collect();
        let mut read = vec![Err(ChunkError::Malformed); chunks.len()];
        // Digits become bytes while the stub writes more of them.
        self.reading_each(thread, requests, &mut |index, reply| {
            if let (Some(chunk), Some(read)) = (chunks.get(index), read.get_mut(index)) {
                *read = chunk.parse(reply);
            }
            Reply::Empty
        })?;
        Ok(read)
    }

    /// Writes memory as `thread` sees it; pieces of at most [`Client::write_limit`] bytes are the caller's job.
    ///
    /// # Errors
    /// [`Error::Remote`] when the stub refuses; part of the bytes may have been written.
    pub fn write_memory(&mut self, thread: ThreadId, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        self.select(thread)?;
        if self.writes_binary(addr)? {
            return data(self.request(Request::action(memory::write_binary(addr, bytes), Shape::Ok))?, "X")
                .map(drop);
        }
        data(self.request(Request::action(memory::write(addr, bytes), Shape::Ok))?, "M").map(drop)
    }

    /// Whether `X` works, found out with an empty write. QEMU never has it.
    fn writes_binary(&mut self, addr: u64) -> Result<bool, Error> {
        if self.config.packets.demands(Packet::BinaryWrite) {
            return Ok(true);
        }
        if self.profile.is_qemu() || self.refuses(Packet::BinaryWrite) {
            return Ok(false);
        }
        if let Some(known) = self.unsupported.binary_write {
            return Ok(known);
        }
        let reply = self.request(Request::query(memory::write_binary(addr, &[]), Shape::Ok))?;
        let works = matches!(reply, Reply::Data(_));
        self.note(Packet::BinaryWrite, &reply);
        self.unsupported.binary_write = Some(works);
        Ok(works)
    }

    /// Reads pieces of guest-physical memory. The mode is switched on and off in the same breath, so that an error in between cannot leave it on;
    /// if the stub stops answering, it is switched off before anything else is asked.
    ///
    /// QEMU reads addresses that have no memory as zeros, and reading a device has the device's side effects.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the stub is not QEMU 4.1 or later.
    pub fn read_physical(
        &mut self,
        chunks: &[MemoryChunk],
    ) -> Result<Vec<Result<Vec<u8>, ChunkError>>, Error> {
        let mut results = Vec::with_capacity(chunks.len());
        for group in chunks.chunks(super::WINDOW_REQUESTS - 2) {
            let replies = self.in_physical_mode(group.iter().map(MemoryChunk::request).collect())?;
            results.extend(replies.into_iter().zip(group).map(|(reply, chunk)| chunk.parse(reply)));
        }
        Ok(results)
    }

    /// Writes guest-physical memory. QEMU drops writes to read-only memory without a word.
    ///
    /// # Errors
    /// As [`Client::read_physical`].
    pub fn write_physical(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Error> {
        let request = Request::action(memory::write(addr, bytes), Shape::Ok);
        let reply = self.in_physical_mode(vec![request])?.pop();
        data(reply.unwrap_or(Reply::Empty), "M").map(drop)
    }

    fn in_physical_mode(&mut self, requests: Vec<Request>) -> Result<Vec<Reply>, Error> {
        if !self.profile.has_physical_mode() {
            return Err(Error::Unsupported("Qqemu.PhyMemMode".into()));
        }
        self.check_open()?;
        self.settle()?;
        let mode = |on| Request::query(qemu::set_physical_mode(on), Shape::Ok);
        let mut all = vec![mode(true)];
        all.extend(requests);
        all.push(mode(false));
        self.physical_mode_dubious = true;
        let result = self.exchange_as_is(&all);
        let restored = matches!(result.as_ref().map(|replies| replies.last()), Ok(Some(Reply::Data(_))));
        self.physical_mode_dubious = !restored;
        if !restored {
            let _ = self.settle();
        }
        let mut replies = result?;
        replies.pop();
        data(replies.remove(0), "Qqemu.PhyMemMode")?;
        Ok(replies)
    }

    /// As [`Client::exchange`], without putting the mode back first: the caller is about to change it.
    fn exchange_as_is(&mut self, requests: &[Request]) -> Result<Vec<Reply>, Error> {
        self.physical_mode_dubious = false;
        let result = self.exchange(requests, &mut |_| {});
        self.physical_mode_dubious = true;
        result
    }
}

impl MemoryChunk {
    fn request(&self) -> Request {
        Request::query(memory::read(self.addr, self.len), Shape::Hex).expecting(self.len * 2 + 4)
    }

    fn parse(&self, reply: Reply) -> Result<Vec<u8>, ChunkError> {
        match reply {
            Reply::Data(data) => memory::parse_read(&data, self.len).ok_or(ChunkError::Malformed),
            Reply::Empty | Reply::Error(_) => Err(ChunkError::Refused),
        }
    }
}

fn previous_power_of_two(n: usize) -> usize {
    if n.is_power_of_two() { n } else { n.next_power_of_two() / 2 }
}
