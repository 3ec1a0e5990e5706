//! What a stop costs: packets to a stub, asked of one that is not ours.

use crate::{Event, Request, Session, StepKind};
use kdive_base::{Interrupt, VirtAddr};
use kdive_program::Program;
use kdive_rsp::transport::over_unix_stream;
use kdive_target::{Log, Options, RemoteTarget};
use kdive_testkit::machine::{BASE, Machine, Offers};
use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

/// Runs something to its stop; the kinds of the packets that took, from the resume to where everything about the stop is known.
fn packets(session: &mut Session, sent: &RefCell<Vec<String>>, request: Request) -> String {
    sent.borrow_mut().clear();
    session.resume(request).unwrap();
    loop {
        match session.poll(Duration::from_secs(5)).unwrap() {
            Some(Event::Stopped(_)) => break,
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
    let kind = |line: &String| {
        let packet = line.split_once("Sending packet: $")?.1;
        let name = if packet.starts_with("vCont") { 7 } else { 1 };
        Some(packet[..name].to_owned())
    };
    sent.borrow().iter().filter_map(kind).collect::<Vec<_>>().join(" ")
}

#[test]
fn of_each_stop() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let stub = Machine::new(&[0x90; 64], Offers { no_ack: true, scheduler_locking: true }).serve(theirs);
    let link = over_unix_stream(ours).unwrap();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let (mut log, lines) = (Log::new(), Rc::clone(&sent));
    log.set_debug(Some(Box::new(move |line| lines.borrow_mut().push(line.to_owned()))));
    let target = Rc::new(RemoteTarget::from_link(link, "test", &Options::default(), log).unwrap());
    let interrupt = Interrupt::new();
    let mut session = Session::new(Program::new(interrupt.clone()), interrupt);
    session.attach(Rc::clone(&target) as Rc<dyn kdive_target::Target>).unwrap();
    let step = Request::Step { kind: StepKind::Instruction, count: 1 };
    let first = packets(&mut session, &sent, step.clone());
    let second = packets(&mut session, &sent, step.clone());
    let many = packets(&mut session, &sent, Request::Step { kind: StepKind::Instruction, count: 5 });
    // Before the first the frame it leaves is not known yet.
    assert_eq!([first, second], ["m vCont;s H g m", "vCont;s H g m"]);
    assert_eq!(many, ["vCont;s H g m"; 5].join(" "));
    let args = crate::BreakArgs::parse(&format!("*{}", VirtAddr(BASE + 32))).unwrap();
    let kind = crate::BreakpointKind::Software;
    session.add_breakpoint(crate::BreakRequest { args, kind, temporary: false, may_pend: false }).unwrap();
    let inserting = packets(&mut session, &sent, Request::Continue);
    let around = packets(&mut session, &sent, Request::Continue);
    // To pass a breakpoint that is written into memory it is taken out for one step.
    assert_eq!([inserting, around], ["Z vCont;c H g m", "z vCont;s H g Z vCont;c H g m"]);
    drop((session, target));
    let _ = stub.join();
}
