//! A kernel debugger in thirty lines: `kernel VMLINUX ADDRESS FUNCTION` runs the guest to the function and shows what is there.
#![allow(clippy::print_stdout, reason = "a program of its own")]

use kdive_engine::{ConnectOptions, Engine, Event, Interrupt, Log, NewBreakpoint, Request, Scope, Which};
use std::{path::Path, time::Duration};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [vmlinux, address, function] = &args[..] else {
        return Err("usage: kernel VMLINUX ADDRESS FUNCTION".into());
    };
    let mut engine = Engine::new(Interrupt::new());
    engine.load(Path::new(vmlinux))?;
    engine.connect(address, &ConnectOptions::default(), Log::new(), &mut || {})?;
    engine.make_breakpoint(&NewBreakpoint { location: function.clone(), ..NewBreakpoint::default() })?;
    engine.resume(Request::Continue)?;
    loop {
        match engine.poll(Duration::from_secs(1))? {
            Some(Event::Stopped(stop)) => break println!("stopped: {:?}", stop.reasons),
            Some(Event::Disconnected(why)) => return Err(why.into()),
            Some(event) => println!("{event:?}"),
            None => {}
        }
    }
    for frame in engine.stack(None, 0, 16)? {
        println!("#{} {:#x} {}", frame.level, frame.pc, frame.function.unwrap_or_default());
    }
    for argument in engine.variables_of(&Scope::default(), Which::Arguments)? {
        println!("{} = {}", argument.name, engine.variable(argument.id)?.value);
        for member in engine.children(argument.id, 0, 8)? {
            println!("  {} = {}", member.name, engine.variable(member.id)?.summary);
        }
    }
    for thread in engine.threads() {
        println!("CPU {:?}: {:?}", thread.cpu, thread.frame.and_then(|frame| frame.function));
    }
    Ok(engine.detach()?)
}
