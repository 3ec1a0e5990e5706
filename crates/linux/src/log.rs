//! The kernel's log buffer, read without the kernel's help.
//!
//! Since 5.10 it is a ring of descriptors over a ring of text (kernel/printk/printk_ringbuffer.h); before that, records
//! of different length one after the other (kernel/printk/printk.c).

use crate::field::Field;
use crate::{Error, Object};
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;

/// Most records a log may have: `CONFIG_LOG_BUF_SHIFT` 25, 32 bytes each.
const MAX_RECORDS: u64 = 1 << 20;
/// Longest text of one record (`CONSOLE_EXT_LOG_MAX` is 8 KiB; text lengths are 16 bits).
const MAX_TEXT: u64 = 1 << 16;

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// Number since boot.
    pub seq: u64,
    /// Nanoseconds since boot.
    pub ts_nsec: u64,
    /// `KERN_EMERG` 0 to `KERN_DEBUG` 7.
    pub level: u8,
    /// Syslog facility, 0 for the kernel.
    pub facility: u8,
    /// The message without a final newline; it may have several lines.
    pub text: String,
}

/// The messages, and why there may be more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// Oldest first. Messages that were being written when the guest stopped are left out.
    pub records: Vec<LogRecord>,
    /// What ended the reading before its end.
    pub broken: Option<Error>,
}

/// Reads the log buffer.
///
/// # Errors
/// Without symbols or types of the kernel, or while the buffer cannot be read.
pub fn log(program: &Program) -> Result<Log, Error> {
    match Object::variable(program, "prb") {
        Ok(prb) => RingBuffer::new(program, &prb.deref()?)?.read(),
        Err(_) => read_old(program),
    }
}

/// The text of one record; bytes that are not UTF-8 are replaced.
fn text(program: &Program, addr: VirtAddr, len: u64) -> Result<String, Error> {
    let mut bytes = vec![0; usize::try_from(len.min(MAX_TEXT)).unwrap_or(0)];
    program.read(addr, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

/// `struct printk_ringbuffer`.
struct RingBuffer<'a> {
    program: &'a Program,
    descs: VirtAddr,
    desc_size: u64,
    state: Field,
    begin: Field,
    next: Field,
    infos: VirtAddr,
    info: Info,
    /// Number of descriptors.
    count: u64,
    head: u64,
    tail: u64,
    data: VirtAddr,
    data_size: u64,
}

/// `struct printk_info`.
struct Info {
    size: u64,
    seq: Field,
    ts_nsec: Field,
    text_len: Field,
    facility: Field,
    level: Field,
}

/// Bits of an id: the two highest of a descriptor's word are its state.
const ID_MASK: u64 = u64::MAX >> 2;

impl<'a> RingBuffer<'a> {
    fn new(program: &'a Program, prb: &Object<'a>) -> Result<Self, Error> {
        let ring = prb.member("desc_ring")?;
        let descs = ring.member("descs")?.deref()?;
        let infos = ring.member("infos")?.deref()?;
        let data = prb.member("text_data_ring")?;
        let size = |object: &Object<'_>| {
            object.ty().size().ok_or_else(|| Error::NoType(object.ty().declaration("")))
        };
        // atomic_long_t
        let counter = |name: &str| ring.member(&format!("{name}.counter"))?.uint();
        let bits = |object: &Object<'_>, name| -> Result<u64, Error> {
            let member = object.member(name)?;
            match member.uint()? {
                bits @ 1..=40 => Ok(1 << bits),
                bits => Err(Error::Corrupt {
                    what: "log buffer",
                    addr: member.addr(),
                    reason: format!("{name} is {bits}"),
                }),
            }
        };
        Ok(Self {
            program,
            descs: descs.addr(),
            desc_size: size(&descs)?,
            state: Field::new(&descs, "state_var.counter")?,
            begin: Field::new(&descs, "text_blk_lpos.begin")?,
            next: Field::new(&descs, "text_blk_lpos.next")?,
            infos: infos.addr(),
            info: Info {
                size: size(&infos)?,
                seq: Field::new(&infos, "seq")?,
                ts_nsec: Field::new(&infos, "ts_nsec")?,
                text_len: Field::new(&infos, "text_len")?,
                facility: Field::new(&infos, "facility")?,
                level: Field::new(&infos, "level")?,
            },
            count: bits(&ring, "count_bits")?,
            head: counter("head_id")? & ID_MASK,
            tail: counter("tail_id")? & ID_MASK,
            data: data.member("data")?.pointer()?,
            data_size: bits(&data, "size_bits")?,
        })
    }

    fn read(&self) -> Result<Log, Error> {
        let mut log = Log { records: Vec::new(), broken: None };
        let mut budget = Budget::new(MAX_RECORDS.min(self.count), self.program.interrupt.clone());
        let mut id = self.tail;
        loop {
            let record = budget.step().map_err(Error::from).and_then(|()| self.record(id));
            match record {
                Ok(record) => log.records.extend(record),
                Err(error) => {
                    log.broken = Some(error);
                    break;
                }
            }
            if id == self.head {
                break;
            }
            id = id.wrapping_add(1) & ID_MASK;
        }
        Ok(log)
    }

    /// `None` for a record that is not complete, or no longer there.
    fn record(&self, id: u64) -> Result<Option<LogRecord>, Error> {
        /// `desc_committed` and `desc_finalized`.
        const COMPLETE: [u64; 2] = [1, 2];
        let index = id % self.count;
        let desc = self.descs.offset(index.wrapping_mul(self.desc_size));
        let state = self.state.read(self.program, desc)?;
        if state & ID_MASK != id || !COMPLETE.contains(&(state >> 62)) {
            return Ok(None);
        }
        let info = self.infos.offset(index.wrapping_mul(self.info.size));
        let field = |field: &Field| field.read(self.program, info);
        let begin = self.begin.read(self.program, desc)?;
        let next = self.next.read(self.program, desc)?;
        Ok(Some(LogRecord {
            seq: field(&self.info.seq)?,
            ts_nsec: field(&self.info.ts_nsec)?,
            level: field(&self.info.level)? as u8,
            facility: field(&self.info.facility)? as u8,
            text: self.block(begin, next, field(&self.info.text_len)?)?,
        }))
    }

    /// The text between two logical positions, which count on where the ring wraps around.
    fn block(&self, begin: u64, next: u64, len: u64) -> Result<String, Error> {
        // FAILED_LPOS and EMPTY_LINE_LPOS are odd; real positions are aligned.
        if begin & 1 == 1 {
            return Ok(String::new());
        }
        let wraps = begin / self.data_size != next / self.data_size;
        let end = next % self.data_size;
        // A block that would reach over the end stands at the start as a whole. Its first word is its id.
        let start = if wraps && end != 0 { 0 } else { begin % self.data_size } + 8;
        let end = if end == 0 { self.data_size } else { end };
        text(self.program, self.data.offset(start), len.min(end.saturating_sub(start)))
    }
}

/// The log before 5.10: `struct printk_log` (`struct log` until 3.11), each with its own length.
fn read_old(program: &Program) -> Result<Log, Error> {
    let uint = |name: &str| Object::variable(program, name)?.uint();
    let buffer = Object::variable(program, "log_buf")?.pointer()?;
    let size = uint("log_buf_len")?;
    let (mut at, end) = (uint("log_first_idx")?, uint("log_next_idx")?);
    let mut seq = uint("log_first_seq")?;
    let header = Object::of_struct(program, "printk_log", VirtAddr(0))
        .or_else(|_| Object::of_struct(program, "log", VirtAddr(0)))?;
    let header_size = header.ty().size().ok_or_else(|| Error::NoType("struct printk_log".to_owned()))?;
    let field = |name| Field::new(&header, name);
    let (ts_nsec, len, text_len) = (field("ts_nsec")?, field("len")?, field("text_len")?);
    let (facility, level) = (field("facility")?, field("level")?);
    let mut log = Log { records: Vec::new(), broken: None };
    let mut budget = Budget::new(MAX_RECORDS, program.interrupt.clone());
    let mut wrapped = false;
    while at != end {
        let mut step = || -> Result<Option<(u64, LogRecord)>, Error> {
            budget.step()?;
            let record = buffer.offset(at);
            let corrupt =
                |reason: &str| Error::Corrupt { what: "log buffer", addr: record, reason: reason.to_owned() };
            if at.saturating_add(header_size) > size {
                return Err(corrupt("a record lies beyond its end"));
            }
            let length = len.read(program, record)?;
            if length == 0 {
                // The rest up to the end of the buffer is not used. Twice would be for ever.
                return if wrapped { Err(corrupt("a record has no length")) } else { Ok(None) };
            }
            let text_len = text_len.read(program, record)?.min(length.saturating_sub(header_size));
            Ok(Some((
                at.wrapping_add(length),
                LogRecord {
                    seq,
                    ts_nsec: ts_nsec.read(program, record)?,
                    level: level.read(program, record)? as u8,
                    facility: facility.read(program, record)? as u8,
                    text: text(program, record.offset(header_size), text_len)?,
                },
            )))
        };
        match step() {
            Ok(Some((next, record))) => {
                log.records.push(record);
                at = next;
                seq += 1;
            }
            Ok(None) => {
                at = 0;
                wrapped = true;
            }
            Err(error) => {
                log.broken = Some(error);
                break;
            }
        }
    }
    Ok(log)
}

#[cfg(test)]
mod tests;
