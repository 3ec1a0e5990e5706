//! The client against scripted stubs and against a second implementation of the protocol.

mod faults;
mod properties;
mod rules;

use kdive_base::Interrupt;
use kdive_rsp::packet::resume::Action as Resume;
use kdive_rsp::{Client, Config, Error, Note, RunEvent, ThreadId, log};
use kdive_testkit::stub::Stub;
use std::time::Duration;

/// Connects, or says why not.
fn try_connect(stub: &Stub) -> Result<Client, Error> {
    Client::connect(stub.transport(), Config::default(), log::Log::new()).map_err(|(error, _)| error)
}

/// Connects to a stub whose script begins with a greeting.
fn connect(stub: &Stub) -> Client {
    let client = try_connect(stub).expect("the greeting works");
    stub.forget();
    client
}

const CPU1: ThreadId = ThreadId::in_process(1, 1);
const CPU2: ThreadId = ThreadId::in_process(1, 2);

/// Resumes everything.
fn go(client: &mut Client) {
    client.resume(&[(Resume::Continue(None), None)]).expect("resumes");
}

/// Waits long enough for anything to happen, in virtual time.
fn wait(client: &mut Client) -> Result<Option<RunEvent>, Error> {
    client.wait(Duration::from_secs(60), &Interrupt::new())
}

/// The thread of a stop, or a panic.
fn stopped(event: Result<Option<RunEvent>, Error>) -> (u8, Option<ThreadId>) {
    match event {
        Ok(Some(RunEvent::Stopped(stop))) => (stop.signal, stop.thread),
        other => panic!("not a stop: {other:?}"),
    }
}

fn notes(client: &mut Client) -> Vec<Note> {
    std::iter::from_fn(|| client.next_note()).collect()
}
