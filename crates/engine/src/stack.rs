//! The stack of a thread or task, frame by frame.

use crate::{Engine, Error, Scope};
use kdive_base::VirtAddr;
use kdive_program::{Frame, Program};
use kdive_unwind::FrameKind;

pub use kdive_program::ArgumentTime;

/// What kind of frame it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameKindInfo {
    /// A function that was called.
    #[default]
    Normal,
    /// A call that was inlined into the frame above it.
    Inlined,
    /// A function that left by a jump to the one below it; it has no registers of its own.
    TailCall,
    /// Code that an exception or interrupt suspended.
    Interrupted,
    /// What a signal handler returns to: `<signal handler called>`.
    SignalHandler,
    /// What the debugger called a function from: `<function called from gdb>`.
    CalledByDebugger,
    /// User mode, of which nothing is known.
    User,
}

/// A frame.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct FrameInfo {
    /// Its number, 0 innermost; calls that were inlined are counted.
    pub level: usize,
    /// Where it executes, or will when its callee returns.
    #[serde(serialize_with = "crate::hex::number")]
    pub pc: u64,
    /// The function, from debug information or else from the symbol table.
    pub function: Option<String>,
    /// The source file, as `set filename-display` wants it.
    pub file: Option<String>,
    /// The file with its whole path: where it was found, else where it was when it was compiled.
    pub fullname: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// Whether it stands at the first instruction of the line, or is about to make a call that was inlined.
    pub at_line: bool,
    /// Name of the file with symbols that its code is in: `vmlinux`, `nf_tables.ko`.
    pub module: Option<String>,
    /// Whether it is a call that was inlined.
    pub inlined: bool,
    /// Its kind.
    pub kind: FrameKindInfo,
    /// The processor, as gdb names it: `i386:x86-64`.
    pub arch: String,
    /// Its arguments.
    pub args: Vec<ArgumentInfo>,
}

/// An argument of a frame.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct ArgumentInfo {
    /// Its name.
    pub name: String,
    /// Its value as `set print frame-arguments` has frames show it.
    pub value: String,
    /// The name of its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether this is its value now, at the call, or both (`set print entry-values`).
    #[serde(serialize_with = "when_word")]
    pub when: ArgumentTime,
}

fn when_word<S: serde::Serializer>(when: &ArgumentTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match when {
        ArgumentTime::Now => "now",
        ArgumentTime::Entry => "entry",
        ArgumentTime::Both => "both",
    })
}

impl FrameInfo {
    /// What there is to tell of a frame.
    pub(crate) fn new(program: &Program, frame: &Frame) -> Self {
        let line = program.frame_line(frame);
        let kind = match frame.real.kind {
            FrameKind::Normal if frame.is_inlined() => FrameKindInfo::Inlined,
            FrameKind::Normal => FrameKindInfo::Normal,
            FrameKind::TailCall => FrameKindInfo::TailCall,
            FrameKind::Interrupted if frame.is_inlined() => FrameKindInfo::Inlined,
            FrameKind::Interrupted => FrameKindInfo::Interrupted,
            FrameKind::SignalTrampoline => FrameKindInfo::SignalHandler,
            FrameKind::CallByDebugger => FrameKindInfo::CalledByDebugger,
            FrameKind::User => FrameKindInfo::User,
        };
        let arguments = program.frame_arguments(frame);
        Self {
            level: frame.level,
            pc: frame.pc().0,
            function: program.frame_function(frame),
            file: line.as_ref().map(|line| program.shown_file(&line.file)),
            fullname: line.as_ref().map(|line| program.full_path(&line.file)),
            line: line.as_ref().map(|line| line.line),
            at_line: line.is_some() && !program.shows_address(frame),
            module: program
                .modules
                .module_at(frame.pc())
                .map(|(module, _)| file_name(module.object().path())),
            inlined: frame.is_inlined(),
            kind,
            arch: program.arch().bfd_name().to_owned(),
            args: arguments
                .iter()
                .map(|argument| ArgumentInfo {
                    name: argument.name.clone(),
                    value: program.argument_text(argument),
                    ty: argument.ty.declaration(""),
                    when: argument.when,
                })
                .collect(),
        }
    }
}

/// Name of the file with symbols that an address is in.
pub(crate) fn module_at(program: &Program, addr: VirtAddr) -> Option<String> {
    let (module, _) = program.modules.module_at(addr)?;
    Some(file_name(module.object().path()))
}

/// The last part of a path.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Engine {
    /// Frames of a thread from number `from` on, `count` at most; fewer where the stack ends.
    ///
    /// # Errors
    /// A thread there is not, or no target.
    pub fn stack(&mut self, thread: Option<u32>, from: usize, count: usize) -> Result<Vec<FrameInfo>, Error> {
        self.stack_of(&Scope::of(thread, 0), from, count)
    }

    /// The same for a thread or sleeping task; the frame of the scope does not matter.
    ///
    /// # Errors
    /// As [`Engine::stack`].
    pub fn stack_of(&mut self, scope: &Scope, from: usize, count: usize) -> Result<Vec<FrameInfo>, Error> {
        self.visiting(&scope.whose(), |engine| {
            let program = engine.program();
            let levels = from..from.saturating_add(count);
            let mut frames = Vec::new();
            for level in levels {
                match program.frame(level) {
                    Ok(frame) => frames.push(FrameInfo::new(program, &frame)),
                    Err(kdive_program::Error::NoFrameAt(_)) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(frames)
        })
    }

    /// How many frames of a thread are shown to users, counted up to `most`: the callers of `main` are not if `ends.0`, those of the
    /// function at the program's entry not if `ends.1`.
    ///
    /// # Errors
    /// As [`Engine::stack`].
    pub fn stack_end(
        &mut self,
        thread: Option<u32>,
        most: usize,
        (at_main, at_entry): (bool, bool),
    ) -> Result<usize, Error> {
        self.visiting(&Scope::of(thread, 0).whose(), |engine| {
            let program = engine.program();
            for level in 0..most {
                let frame = match program.frame(level) {
                    Ok(frame) => frame,
                    Err(kdive_program::Error::NoFrameAt(_)) => return Ok(level),
                    Err(error) => return Err(error.into()),
                };
                let is_main =
                    || !frame.is_inlined() && program.frame_function(&frame).as_deref() == Some("main");
                if at_main && is_main() || at_entry && program.is_entry(&frame) {
                    return Ok(level + 1);
                }
            }
            Ok(most)
        })
    }

    /// How many frames a thread has, counted up to `most`.
    ///
    /// # Errors
    /// As [`Engine::stack`].
    pub fn depth(&mut self, thread: Option<u32>, most: usize) -> Result<usize, Error> {
        self.depth_of(&Scope::of(thread, 0), most)
    }

    /// The same for a thread or sleeping task.
    ///
    /// # Errors
    /// As [`Engine::stack`].
    pub fn depth_of(&mut self, scope: &Scope, most: usize) -> Result<usize, Error> {
        self.visiting(&scope.whose(), |engine| {
            let program = engine.program();
            for level in 0..most {
                match program.frame(level) {
                    Ok(_) => {}
                    Err(kdive_program::Error::NoFrameAt(_)) => return Ok(level),
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(most)
        })
    }

    /// The frame of a scope.
    ///
    /// # Errors
    /// As [`Engine::stack`]; a frame there is not.
    pub fn frame_info(&mut self, scope: &Scope) -> Result<FrameInfo, Error> {
        self.visiting(&scope.whose(), |engine| {
            let program = engine.program();
            Ok(FrameInfo::new(program, &*program.frame(scope.frame)?))
        })
    }
}
