//! A kernel debugger in thirty lines: `kernel VMLINUX ADDRESS FUNCTION` runs the guest to the function and prints where it was called from.
#![allow(clippy::print_stdout, reason = "a program of its own")]

use kdive_engine::{ConnectOptions, Engine, Event, NewBreakpoint, Request};
use std::path::Path;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [vmlinux, address, function] = &args[..] else {
        return Err("usage: kernel VMLINUX ADDRESS FUNCTION".into());
    };
    let mut engine = Engine::new(kdive_base::Interrupt::new());
    engine.load(Path::new(vmlinux))?;
    engine.connect(address, &ConnectOptions::default(), kdive_target::Log::new(), &mut || {})?;
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
    let program = engine.program();
    for frame in (0..16).map_while(|level| program.frame(level).ok()) {
        println!("{} {}", frame.pc(), program.frame_function(&frame).unwrap_or_default());
    }
    engine.detach()?;
    Ok(())
}
