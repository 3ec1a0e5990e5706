//! What a client asks a stub, typed: threads, registers, breakpoints, monitor, leaving.

use super::{Client, Patience, Request};
use crate::packet::breakpoint::{self, Kind};
use crate::packet::threads::Part;
use crate::packet::{Reply, Shape, monitor, process, qemu, registers, threads, transfer};
use crate::packets::Packet;
use crate::{Error, ThreadId};

/// Threads in a list, more than any machine has CPUs. Lists from confused stubs never end.
const MAX_THREADS: usize = 4096;
/// Size of one object read with `qXfer`.
const MAX_OBJECT: usize = 4 << 20;

/// Packets the stub turned out not to know, remembered for the connection.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Unsupported {
    select: bool,
    read_all: bool,
    write_one: bool,
    extra_info: bool,
    breakpoint: [bool; 5],
    /// `X`: unknown until asked.
    pub(super) binary_write: Option<bool>,
}

fn packet_of(kind: Kind) -> Packet {
    match kind {
        Kind::Software => Packet::SoftwareBreakpoint,
        Kind::Hardware => Packet::HardwareBreakpoint,
        Kind::WriteWatch => Packet::WriteWatch,
        Kind::ReadWatch => Packet::ReadWatch,
        Kind::AccessWatch => Packet::AccessWatch,
    }
}

/// An empty reply is an unknown packet, an error reply an error.
pub(super) fn data(reply: Reply, packet: &str) -> Result<Vec<u8>, Error> {
    match reply {
        Reply::Data(data) => Ok(data),
        Reply::Empty => Err(Error::Unsupported(packet.into())),
        Reply::Error(error) => Err(Error::Remote(error)),
    }
}

impl Client {
    /// The threads, each once, in the stub's order. Empty when the stub has no list.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn threads(&mut self) -> Result<Vec<ThreadId>, Error> {
        let mut list: Vec<ThreadId> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut request = threads::LIST_FIRST;
        // A list that brings nothing new, or no end, is over.
        for _ in 0..MAX_THREADS {
            let Reply::Data(data) = self.request(Request::query(request, Shape::Chunk))? else { break };
            let Some(Part::More(ids)) = threads::parse_part(&data) else { break };
            let before = list.len();
            list.extend(ids.into_iter().filter(|id| seen.insert(*id)));
            if list.len() == before || list.len() >= MAX_THREADS {
                break;
            }
            request = threads::LIST_NEXT;
        }
        list.truncate(MAX_THREADS);
        Ok(list)
    }

    /// What the stub says about a thread it listed (`CPU#0 [running]`); empty when it says nothing.
    ///
    /// Only for threads of the list: QEMU does not answer for others.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn thread_info(&mut self, list: &[ThreadId]) -> Result<Vec<String>, Error> {
        if self.unsupported.extra_info || list.is_empty() {
            return Ok(vec![String::new(); list.len()]);
        }
        let requests: Vec<_> =
            list.iter().map(|id| Request::query(threads::extra_info(*id), Shape::Hex)).collect();
        let replies = self.exchange(&requests, &mut |_| {})?;
        self.unsupported.extra_info = replies.iter().all(|reply| *reply == Reply::Empty);
        Ok(replies
            .into_iter()
            .map(|reply| match reply {
                Reply::Data(data) => threads::parse_extra_info(&data).unwrap_or_default(),
                Reply::Empty | Reply::Error(_) => String::new(),
            })
            .collect())
    }

    /// `T`: whether the stub still has the thread.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn is_alive(&mut self, thread: ThreadId) -> Result<bool, Error> {
        Ok(matches!(self.request(Request::query(threads::is_alive(thread), Shape::Ok))?, Reply::Data(_)))
    }

    /// `qC`: the thread the stub calls current. For QEMU not necessarily the one that stopped.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn current_thread(&mut self) -> Result<Option<ThreadId>, Error> {
        Ok(match self.request(Request::query(threads::CURRENT, Shape::Prefix(b"QC")))? {
            Reply::Data(data) => threads::parse_current(&data),
            Reply::Empty | Reply::Error(_) => None,
        })
    }

    /// Sends requests that read something of `thread`, `Hg` first if it stands elsewhere, all in one go.
    pub(super) fn reading(&mut self, thread: ThreadId, requests: Vec<Request>) -> Result<Vec<Reply>, Error> {
        self.reading_each(thread, requests, &mut |_, reply| reply)
    }

    /// As [`Client::reading`], with each reply given to `arrived` as soon as it is there.
    pub(super) fn reading_each(
        &mut self,
        thread: ThreadId,
        requests: Vec<Request>,
        arrived: &mut dyn FnMut(usize, Reply) -> Reply,
    ) -> Result<Vec<Reply>, Error> {
        if self.unsupported.select || self.general == Some(thread) {
            return self.exchange_each(&requests, &mut |_| {}, arrived);
        }
        self.general = None;
        let mut all = Vec::with_capacity(requests.len() + 1);
        all.push(Request::query(threads::select(thread), Shape::Ok));
        all.extend(requests);
        let mut behind_select = |index: usize, reply| match index.checked_sub(1) {
            Some(index) => arrived(index, reply),
            None => reply,
        };
        let mut replies = self.exchange_each(&all, &mut |_| {}, &mut behind_select)?;
        let selected = replies.remove(0);
        self.selected(thread, selected)?;
        Ok(replies)
    }

    /// Chooses the thread for what follows (`Hg`). For requests that change something, which must not be sent before it is known to have worked, and for
    /// gdbserver, which ends with an internal error when its target description is read while no thread is chosen.
    ///
    /// # Errors
    /// [`Error::Remote`] for a thread the stub does not have.
    pub fn select(&mut self, thread: ThreadId) -> Result<(), Error> {
        if self.unsupported.select || self.general == Some(thread) {
            return Ok(());
        }
        self.general = None;
        let reply = self.request(Request::query(threads::select(thread), Shape::Ok))?;
        self.selected(thread, reply)
    }

    fn selected(&mut self, thread: ThreadId, reply: Reply) -> Result<(), Error> {
        match reply {
            Reply::Data(_) => self.general = Some(thread),
            Reply::Empty => self.unsupported.select = true,
            Reply::Error(error) => return Err(Error::Remote(error)),
        }
        Ok(())
    }

    /// All registers of a thread as one `g` reply; `None` when the stub only knows `p`.
    ///
    /// # Errors
    /// As [`Client::request`], and [`Error::Remote`] for a thread that is gone.
    pub fn registers(&mut self, thread: ThreadId) -> Result<Option<Vec<Option<u8>>>, Error> {
        if self.unsupported.read_all {
            return Ok(None);
        }
        let request = Request::query(registers::READ_ALL, Shape::Registers).expecting(2048);
        match self.reading(thread, vec![request])?.pop() {
            Some(Reply::Data(data)) => Ok(registers::parse(&data)),
            Some(Reply::Error(error)) => Err(Error::Remote(error)),
            Some(Reply::Empty) | None => {
                self.unsupported.read_all = true;
                Ok(None)
            }
        }
    }

    /// Single registers by number (`p`), `None` for each the stub does not have or cannot tell.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn registers_by_number(
        &mut self,
        thread: ThreadId,
        numbers: &[u32],
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if self.refuses(Packet::ReadRegister) {
            return Ok(vec![None; numbers.len()]);
        }
        let requests =
            numbers.iter().map(|&n| Request::query(registers::read_one(n), Shape::Registers)).collect();
        let replies = self.reading(thread, requests)?;
        if let Some(reply) = replies.first() {
            self.note(Packet::ReadRegister, reply);
        }
        Ok(replies
            .into_iter()
            .map(|reply| match reply {
                Reply::Data(data) => registers::parse(&data)?.into_iter().collect(),
                Reply::Empty | Reply::Error(_) => None,
            })
            .collect())
    }

    /// Writes one register (`P`). `bytes` in target order, exactly as long as the register.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the stub has only `G`, see [`Client::write_registers`].
    pub fn write_register(&mut self, thread: ThreadId, number: u32, bytes: &[u8]) -> Result<(), Error> {
        if self.unsupported.write_one || self.refuses(Packet::WriteRegister) {
            return Err(Error::Unsupported("P".into()));
        }
        self.select(thread)?;
        let reply = self.request(Request::action(registers::write_one(number, bytes), Shape::Ok))?;
        self.note(Packet::WriteRegister, &reply);
        self.unsupported.write_one = reply == Reply::Empty;
        data(reply, "P").map(drop)
    }

    /// Writes all registers at once (`G`), for stubs without `P`.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn write_registers(&mut self, thread: ThreadId, bytes: &[u8]) -> Result<(), Error> {
        self.select(thread)?;
        data(self.request(Request::action(registers::write_all(bytes), Shape::Ok))?, "G").map(drop)
    }

    /// Inserts a breakpoint (`Z`). [`Reply::Empty`] when the stub has none of this kind, [`Reply::Error`] when it refuses.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn insert_breakpoint(
        &mut self,
        thread: ThreadId,
        kind: Kind,
        addr: u64,
        len: u64,
    ) -> Result<Reply, Error> {
        if self.knows_no_breakpoint(kind) || self.refuses(packet_of(kind)) {
            return Ok(Reply::Empty);
        }
        // KVM writes the instruction through the page tables of the current CPU.
        self.select(thread)?;
        let reply = self.request(Request::action(breakpoint::insert(kind, addr, len), Shape::Ok))?;
        self.note(packet_of(kind), &reply);
        if reply == Reply::Empty
            && let Some(flag) = self.unsupported.breakpoint.get_mut(usize::from(kind.digit()))
        {
            *flag = true;
        }
        Ok(reply)
    }

    /// Removes a breakpoint (`z`).
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn remove_breakpoint(
        &mut self,
        thread: ThreadId,
        kind: Kind,
        addr: u64,
        len: u64,
    ) -> Result<Reply, Error> {
        self.select(thread)?;
        self.request(Request::action(breakpoint::remove(kind, addr, len), Shape::Ok))
    }

    fn knows_no_breakpoint(&self, kind: Kind) -> bool {
        self.unsupported.breakpoint.get(usize::from(kind.digit())).copied().unwrap_or(false)
    }

    /// Reads an object whole (`qXfer:object:read:annex`), for example the target description `features`, `target.xml`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] or [`Error::Remote`] when there is none, [`Error::Unexpected`] when it does not end.
    pub fn read_object(&mut self, object: &str, annex: &str) -> Result<Vec<u8>, Error> {
        let piece = self.features.packet_size.saturating_sub(5).max(16);
        let mut whole = Vec::new();
        loop {
            let request = transfer::read(object, annex, whole.len(), piece);
            let reply = data(self.request(Request::query(request, Shape::Chunk).expecting(piece))?, "qXfer")?;
            let endless = || Error::Unexpected {
                request: format!("qXfer:{object}:read:{annex}"),
                reply: "an object without end".into(),
            };
            let (bytes, last) = transfer::parse(&reply).ok_or_else(endless)?;
            whole.extend_from_slice(bytes);
            if last {
                return Ok(whole);
            }
            if bytes.is_empty() || whole.len() > MAX_OBJECT {
                return Err(endless());
            }
        }
    }

    /// Runs a command of the stub's own monitor (`qRcmd`). Its text goes to `output` as it comes.
    ///
    /// Anything about the target may have changed afterwards. Ctrl-C stops the waiting, not the command.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the stub has no monitor.
    pub fn monitor(&mut self, command: &[u8], output: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let request =
            Request::action(monitor::command(command), Shape::Monitor).with_patience(Patience::Unlimited);
        let reply = self.request_with_output(request, output);
        // A command that lets the machine run has the next byte we send stop it again, and that byte is lost.
        self.unverified = self.profile.is_qemu();
        let text = data(reply?, "qRcmd")?;
        if text != b"OK" {
            output(&crate::hex::decode(&text).unwrap_or(text));
        }
        Ok(())
    }

    /// Sends a packet of the user's and gives its reply as it came. Only the first packet of an answer is taken.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn raw_packet(&mut self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        let reply = self.request(Request::action(payload, Shape::Any));
        // It may have changed anything, the thread the stub calls current among it.
        self.general = None;
        Ok(match reply? {
            Reply::Empty => Vec::new(),
            Reply::Error(error) => error.payload().to_vec(),
            Reply::Data(data) => data,
        })
    }

    /// `qCRC`: the stub's checksum of memory as a thread sees it; `None` when it does not know the packet.
    ///
    /// # Errors
    /// [`Error::Remote`] when the stub cannot read it; as [`Client::request`].
    pub fn checksum(&mut self, thread: ThreadId, addr: u64, len: u64) -> Result<Option<u32>, Error> {
        self.select(thread)?;
        // The stub reads all of it first.
        let request = Request::query(crate::packet::memory::checksum(addr, len), Shape::Prefix(b"C"))
            .with_patience(Patience::Unlimited);
        match self.request(request)? {
            Reply::Data(text) => {
                let number = text.strip_prefix(b"C").and_then(crate::hex::parse_u64);
                let number = number.and_then(|number| u32::try_from(number).ok());
                number.map(Some).ok_or_else(|| Error::Unexpected {
                    request: "qCRC".into(),
                    reply: String::from_utf8_lossy(&text).into_owned(),
                })
            }
            Reply::Empty => Ok(None),
            Reply::Error(error) => Err(Error::Remote(error)),
        }
    }

    /// `qAttached`: whether the stub found the target running, so that leaving must not end it; `None` when it does not say.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn attached(&mut self, pid: Option<u64>) -> Result<Option<bool>, Error> {
        if self.refuses(Packet::Attached) {
            return Ok(None);
        }
        let reply = self.request(Request::query(process::attached(pid), Shape::Text))?;
        self.note(Packet::Attached, &reply);
        Ok(match reply {
            Reply::Data(data) => Some(data != b"0"),
            Reply::Empty | Reply::Error(_) => None,
        })
    }

    /// What QEMU holds back while a single instruction executes: bits [`qemu::STEP_NO_IRQ`] and [`qemu::STEP_NO_TIMER`] (and 1).
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the stub is not QEMU.
    pub fn step_mask(&mut self) -> Result<u8, Error> {
        let text = data(self.request(Request::query(qemu::STEP_MASK, Shape::Text))?, "qqemu.sstep")?;
        let digits = text.strip_prefix(b"0x").unwrap_or(&text);
        let mask = crate::hex::parse_u64(digits).and_then(|mask| u8::try_from(mask).ok());
        mask.ok_or_else(|| Error::Unexpected {
            request: "qqemu.sstep".into(),
            reply: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    /// Sets the step mask. QEMU since 7.0 refuses bits its accelerator does not have, earlier ones take anything.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the stub is not QEMU, [`Error::Remote`] for a bit it refuses.
    pub fn set_step_mask(&mut self, mask: u8) -> Result<(), Error> {
        data(self.request(Request::query(qemu::set_step_mask(mask), Shape::Ok))?, "Qqemu.sstep").map(drop)
    }

    /// `D`: lets the target run and leaves it. The connection is of no use afterwards.
    ///
    /// # Errors
    /// [`Error::Remote`] when the stub refuses.
    pub fn detach(&mut self, pid: Option<u64>) -> Result<(), Error> {
        match self.request(Request::action(process::detach(pid), Shape::Ok))? {
            Reply::Error(error) => Err(Error::Remote(error)),
            // The answer comes from a machine that runs already: a further byte would stop it.
            Reply::Empty | Reply::Data(_) => {
                self.closed_by = Some(Error::Closed);
                Ok(())
            }
        }
    }

    /// `vKill` or `k`: ends the target. The connection is of no use afterwards.
    ///
    /// # Errors
    /// [`Error`] when the packet could not be sent.
    pub fn kill(&mut self, pid: Option<u64>) -> Result<(), Error> {
        self.check_open()?;
        let by_id = pid
            .filter(|_| !self.refuses(Packet::Kill))
            .map(|pid| self.request(Request::action(process::kill(pid), Shape::Ok)));
        if !matches!(by_id, Some(Ok(Reply::Data(_)) | Err(Error::Closed | Error::Broken(_)))) {
            self.engine.submit_without_reply(process::KILL);
            self.count_packet(process::KILL);
            self.flush()?;
        }
        self.closed_by = Some(Error::Closed);
        Ok(())
    }

    /// `vAttach` or `vRun` (see [`process`]): the payload of the stop reply it ends with.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn start(&mut self, payload: Vec<u8>) -> Result<Vec<u8>, Error> {
        let packet = if payload.starts_with(b"vRun") { Packet::Run } else { Packet::Attach };
        if self.refuses(packet) {
            return Err(Error::Unsupported("vAttach or vRun".into()));
        }
        self.general = None;
        let request = Request::action(payload, Shape::Stop).with_patience(Patience::Unlimited);
        let reply = self.request(request)?;
        self.note(packet, &reply);
        data(reply, "vAttach or vRun")
    }

    /// The stub has one thread and no name for it: no request carries a thread id from now on.
    pub fn set_threadless(&mut self) {
        self.unsupported.select = true;
        self.threadless = true;
    }

    /// Whether the connection is in extended mode.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.config.extended
    }

    /// Whether the two sides may be out of step; the next request begins by asking.
    #[must_use]
    pub fn is_out_of_step(&self) -> bool {
        self.dubious
    }

    /// Ends the connection: the peer sees it close, nothing is sent.
    pub fn close(&mut self) {
        self.closed_by.get_or_insert(Error::Closed);
        self.engine = crate::engine::Engine::new();
        self.transport = Box::new(crate::transport::Closed);
    }
}
