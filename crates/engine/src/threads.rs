//! The threads of the target: CPUs of a guest, threads of a program.

use crate::Engine;
use crate::scope::Whose;
use crate::stack::FrameInfo;

/// Whether a thread runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThreadState {
    /// It runs.
    Running,
    /// It stands still.
    Stopped,
}

/// A thread.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct ThreadInfo {
    /// gdb's number: 1, 2, ... in the order they were first seen.
    pub number: u32,
    /// The target's name for it: `Thread 1.2`.
    pub target_id: String,
    /// What `thread name` set.
    pub name: Option<String>,
    /// What the stub says about it: `CPU#1 [halted ]`; empty where it says nothing.
    pub details: String,
    /// The kernel's number of the CPU, where it is known.
    pub cpu: Option<u64>,
    /// Whether it runs.
    pub state: ThreadState,
    /// Whether it is selected.
    pub selected: bool,
    /// Its innermost frame, while it stands still and can be read.
    pub frame: Option<FrameInfo>,
}

impl Engine {
    /// The kernel's number of the CPU that is selected, where it is known.
    pub fn selected_cpu(&mut self) -> Option<u64> {
        let found = self.program_mut().with_os(|os, program| os.cpu(program, None).ok());
        found.flatten().map(|(cpu, _)| cpu)
    }

    /// The threads by number, as the stub lists them now.
    pub fn threads(&mut self) -> Vec<ThreadInfo> {
        let running = self.session.is_running();
        if !running {
            self.session.update_threads();
        }
        let selected = self.selected_thread();
        let mut threads: Vec<ThreadInfo> = self
            .session
            .known_threads()
            .entries()
            .iter()
            .map(|entry| ThreadInfo {
                number: entry.number,
                target_id: entry.target_id(),
                name: entry.name.clone(),
                details: entry.info.clone(),
                cpu: None,
                state: if running { ThreadState::Running } else { ThreadState::Stopped },
                selected: Some(entry.number) == selected,
                frame: None,
            })
            .collect();
        if !running {
            for thread in &mut threads {
                // What cannot be read is not known.
                let look = |engine: &mut Self| {
                    let program = engine.program();
                    let frame = program.frame(0).ok().map(|frame| FrameInfo::new(program, &frame));
                    let cpu =
                        engine.program_mut().with_os(|os, program| os.cpu(program, None).ok()).flatten();
                    Ok((frame, cpu.map(|(cpu, _)| cpu)))
                };
                if let Ok((frame, cpu)) = self.visiting(&Whose::Thread(thread.number), look) {
                    thread.frame = frame;
                    thread.cpu = cpu;
                }
            }
        }
        threads
    }
}
