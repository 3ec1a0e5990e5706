//! Connecting to a stub and parting from it.

use crate::event::Stop;
use crate::{Error, Session};
use kdive_arch::Arch;
use kdive_arch::target_xml::Description;
use kdive_target::{
    ConnectError, InterruptSequence, Log, Options, PacketSize, Packets, RemoteTarget, Target,
};
use std::rc::Rc;
use std::time::Duration;

/// How to connect: the settings that concern it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectOptions {
    /// `target extended-remote`.
    pub extended: bool,
    /// `set remotetimeout`.
    pub remote_timeout: Duration,
    /// `set tcp connect-timeout`.
    pub connect_timeout: Duration,
    /// `set tcp auto-retry`.
    pub auto_retry: bool,
    /// `set serial baud`.
    pub baud: Option<u32>,
    /// `set remote interrupt-sequence`.
    pub interrupt_sequence: InterruptSequence,
    /// `set remote interrupt-on-connect`.
    pub interrupt_on_connect: bool,
    /// The CPU family to assume when the stub does not describe itself.
    pub arch: Arch,
    /// `set remote NAME-packet`.
    pub packets: Packets,
    /// `set remote memory-read-packet-size` and `memory-write-packet-size`.
    pub packet_sizes: (PacketSize, PacketSize),
    /// `set tdesc filename`: the registers, whatever the stub says of them.
    pub description: Option<Description>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        let options = Options::default();
        Self {
            extended: options.extended,
            remote_timeout: options.remote_timeout,
            connect_timeout: options.connect_timeout,
            auto_retry: options.auto_retry,
            baud: options.baud,
            interrupt_sequence: options.interrupt_sequence,
            interrupt_on_connect: options.interrupt_on_connect,
            arch: options.arch,
            packets: options.packets,
            packet_sizes: options.packet_sizes,
            description: options.description,
        }
    }
}

impl Session {
    /// Connects to a stub and takes its target. `None`: connected, but nothing runs there yet (extended mode). `waits` is called
    /// once when nobody listens there yet and it is tried again.
    ///
    /// # Errors
    /// [`ConnectError`], worded as gdb does: `:1234: Connection refused.`
    pub fn connect(
        &mut self,
        address: &str,
        options: &ConnectOptions,
        log: Log,
        waits: &mut dyn FnMut(),
    ) -> Result<Option<Stop>, ConnectError> {
        let options = Options {
            extended: options.extended,
            remote_timeout: options.remote_timeout,
            connect_timeout: options.connect_timeout,
            auto_retry: options.auto_retry,
            baud: options.baud,
            interrupt_sequence: options.interrupt_sequence,
            interrupt_on_connect: options.interrupt_on_connect,
            arch: options.arch,
            interrupt: self.interrupt.clone(),
            permissions: self.settings.permissions,
            packets: options.packets.clone(),
            packet_sizes: options.packet_sizes,
            description: options.description.clone(),
        };
        let remote = Rc::new(RemoteTarget::connect(address, &options, log, waits)?);
        self.remote = Some(Rc::clone(&remote));
        if !remote.is_alive() {
            return Ok(None);
        }
        let target: Rc<dyn Target> = remote;
        match self.attach(target) {
            Ok(stop) => Ok(Some(stop)),
            Err(error) => {
                self.forget_remote();
                let error = kdive_target::Error::Remote(error.to_string());
                Err(ConnectError { error, diagnostics: Vec::new() })
            }
        }
    }

    /// What may be done to the target there is, and to those to come.
    pub fn permit(&mut self, permissions: kdive_target::Permissions) {
        self.settings.permissions = permissions;
        if let Some(remote) = &self.remote {
            remote.set_permissions(permissions);
        }
    }

    /// The connection to a stub, while there is one.
    pub fn remote(&self) -> Option<&Rc<RemoteTarget>> {
        self.remote.as_ref().filter(|remote| remote.is_connected())
    }

    /// Whether the connection ended in the middle of what is going on: what could not be read has that reason.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| !remote.is_connected())
    }

    /// `set tdesc filename` while there is a target: its registers are those of another description.
    ///
    /// # Errors
    /// When the stub cannot be asked for its own.
    pub fn set_description(&mut self, given: Option<Description>) -> Result<(), Error> {
        let Some(remote) = self.remote().cloned() else { return Ok(()) };
        let result = remote.set_description(given);
        self.refresh();
        Ok(result?)
    }

    fn connected(&self) -> Result<Rc<RemoteTarget>, Error> {
        self.remote().cloned().ok_or(Error::NotRunning)
    }

    /// gdb's word for what is debugged: `process 1`, or `Remote target` where the stub has no processes, as kgdb.
    #[must_use]
    pub fn inferior(&self) -> String {
        match self.known_threads().selected().and_then(|entry| entry.id.pid) {
            Some(pid) => format!("process {pid}"),
            None => "Remote target".to_owned(),
        }
    }

    /// `detach`: the target runs on without us.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a target; when the stub refused. The connection is gone all the same, except in extended
    /// mode.
    pub fn detach(&mut self) -> Result<(), Error> {
        let remote = self.connected()?;
        self.release();
        let result = remote.detach();
        self.forget_remote();
        Ok(result?)
    }

    /// `disconnect`: the target stays as it is, without our breakpoints in it.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a connection.
    pub fn disconnect(&mut self) -> Result<(), Error> {
        let remote = self.connected()?;
        self.release();
        remote.disconnect();
        self.forget_remote();
        Ok(())
    }

    /// `kill`: QEMU exits.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a target.
    pub fn kill(&mut self) -> Result<(), Error> {
        let remote = self.connected()?;
        if self.target.is_none() {
            return Err(Error::NotRunning);
        }
        self.inserted.forget();
        self.release();
        let result = remote.kill();
        self.forget_remote();
        Ok(result?)
    }

    /// `monitor COMMAND`: the stub's own command line; text comes as it arrives.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a connection; what the stub answers.
    pub fn monitor(&mut self, command: &[u8], output: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let remote = self.connected()?;
        let result = remote.monitor(command, output);
        self.refresh();
        Ok(result?)
    }

    /// `maintenance packet TEXT`: one packet as it stands and its reply.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a connection.
    pub fn packet(&mut self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        let remote = self.connected()?;
        let result = remote.packet(payload);
        self.refresh();
        Ok(result?)
    }

    /// Something may have changed behind our back: everything is fetched anew.
    fn refresh(&mut self) {
        let level = self.program.selected_level();
        self.invalidate();
        if self.program.frame(level).is_ok() {
            self.select_level(level);
        }
    }

    fn forget_remote(&mut self) {
        self.remote = None;
    }
}
