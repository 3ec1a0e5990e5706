//! The first exchange on a connection: who is there, what can it do, and its lasting settings put back to normal.

use super::{Client, Config, Note, Probe, Pumped, Request, Statistics, operations, run};
use crate::Error;
use crate::engine::Engine;
use crate::log::Log;
use crate::packet::resume::{self, Actions};
use crate::packet::supported::{self, Features};
use crate::packet::{Reply, Shape, process, qemu, threads};
use crate::packets::Packet;
use crate::profile::Profile;
use crate::transport::Transport;
use std::collections::VecDeque;
use std::time::Duration;

impl Client {
    /// Greets the stub behind `transport` and learns what it can do. Does not ask why the target stopped.
    ///
    /// Whatever an earlier client left behind is put right: a half-sent packet, the multiprocess form of ids, QEMU's physical-memory mode.
    ///
    /// # Errors
    /// [`Error::Silent`] when no byte comes back (a second client of QEMU is accepted by the kernel and then ignored), and whatever ends a
    /// connection.
    pub fn connect(
        transport: Box<dyn Transport>,
        config: Config,
        log: Log,
    ) -> Result<Self, (Error, Vec<Note>)> {
        let mut client = Self {
            transport,
            engine: Engine::new(),
            config,
            log,
            statistics: Statistics::default(),
            notes: VecDeque::new(),
            events: VecDeque::new(),
            features: Features::default(),
            profile: Profile::Other,
            vcont: None,
            probe: Probe { request: threads::CURRENT.to_vec(), answer: b"QC".to_vec() },
            probes: 0,
            general: None,
            unsupported: operations::Unsupported::default(),
            dubious: false,
            unverified: false,
            physical_mode_dubious: false,
            threadless: false,
            run: run::RunState::default(),
            closed_by: None,
        };
        match client.handshake() {
            Ok(()) => Ok(client),
            Err(error) => Err((error, client.notes.into())),
        }
    }

    fn handshake(&mut self) -> Result<(), Error> {
        if self.config.interrupt_on_connect {
            self.interrupt_before_greeting()?;
        }
        self.engine.greet();
        let supported = self.negotiate()?;
        self.features = Features::parse(&supported);
        if self.features.no_ack
            && !self.refuses(Packet::NoAck)
            && self.ask(process::NO_ACK_MODE, Shape::Ok)? == Reply::Data(b"OK".to_vec())
        {
            self.engine.set_acks(false);
        }
        let qemu = self.ask_qemu()?;
        self.profile = Profile::detect(&self.features, qemu.as_deref());
        self.engine.allow_nack(self.profile.allows_nack());
        self.choose_probe(&supported)?;
        if !self.refuses(Packet::Resume)
            && let Reply::Data(data) = self.ask(resume::QUERY, Shape::Prefix(b"vCont"))?
        {
            self.vcont = Actions::parse(&data).filter(|actions| actions.is_usable());
        }
        if self.profile.has_physical_mode() {
            // Left on by a client that died, it would turn every address into a physical one.
            self.ask(qemu::set_physical_mode(false), Shape::Ok)?;
        }
        if self.config.extended {
            self.ask(process::EXTENDED, Shape::Ok)?;
            self.drop_surplus()?;
        }
        Ok(())
    }

    fn ask(&mut self, payload: &[u8], shape: Shape) -> Result<Reply, Error> {
        self.request(Request::query(payload, shape))
    }

    /// `qSupported`, with the patience of someone who does not know yet whether anybody is there.
    fn negotiate(&mut self) -> Result<Vec<u8>, Error> {
        if self.refuses(Packet::Supported) {
            return Ok(Vec::new());
        }
        let question = supported::request(&self.config.packets);
        let request = Request::query(question.as_slice(), Shape::Text);
        let reply = match self.attempt(std::slice::from_ref(&request), true, &mut |_| {}) {
            Ok(mut replies) => replies.pop(),
            Err((error, _)) if error.is_fatal() || error == Error::Interrupted => return Err(error),
            // Something other than an answer came: the rest of a conversation with someone else, perhaps. Let it pass and ask again.
            Err((error, _)) => {
                if self.statistics.total.bytes_received == 0 {
                    return Err(Error::Silent);
                }
                self.probe = Probe { request: question.clone(), answer: b"PacketSize".to_vec() };
                self.resync().map_err(|again| if again.is_fatal() { again } else { error })?;
                self.attempt(std::slice::from_ref(&request), true, &mut |_| {})
                    .map_err(|(error, _)| error)?
                    .pop()
            }
        };
        if let Some(reply) = &reply {
            self.note(Packet::Supported, reply);
        }
        Ok(match reply {
            Some(Reply::Data(data)) => data,
            _ => Vec::new(),
        })
    }

    /// QEMU's word for itself, if this is QEMU. Releases before 4.1 only know `qqemu.sstepbits`.
    fn ask_qemu(&mut self) -> Result<Option<String>, Error> {
        // Every QEMU that negotiates has a target description and never offers to go without acks.
        if !self.features.target_xml || self.features.no_ack {
            return Ok(None);
        }
        for question in [qemu::SUPPORTED, qemu::STEP_BITS] {
            if let Reply::Data(data) = self.ask(question, Shape::Text)? {
                return Ok(Some(String::from_utf8_lossy(&data).into_owned()));
            }
        }
        Ok(None)
    }

    /// `qC` where the stub knows it, otherwise `qSupported` and its known answer.
    fn choose_probe(&mut self, supported: &[u8]) -> Result<(), Error> {
        self.probe = Probe { request: threads::CURRENT.to_vec(), answer: b"QC".to_vec() };
        if !matches!(self.ask(threads::CURRENT, Shape::Any)?, Reply::Data(data) if data.starts_with(b"QC")) {
            let request = supported::request(&self.config.packets);
            self.probe = Probe { request, answer: supported.to_vec() };
        }
        Ok(())
    }

    /// QEMU 4.1.0 answers `!` twice.
    fn drop_surplus(&mut self) -> Result<(), Error> {
        let limit = self.transport.now() + Duration::from_millis(20);
        while self.pump(limit, true)? == Pumped::Bytes {}
        while let Some(happening) = self.engine.next_happening() {
            self.aside(happening);
        }
        Ok(())
    }

    /// Asks why the target stopped.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn stop_reason(&mut self) -> Result<Vec<u8>, Error> {
        match self.request(Request::query(process::STOP_REASON, Shape::Stop))? {
            Reply::Data(data) => Ok(data),
            Reply::Empty => Err(Error::Unsupported("?".into())),
            Reply::Error(error) => Err(Error::Remote(error)),
        }
    }
}
