//! Running parsed scripts and command files.

use super::{
    FileSource, Kind, Line, Reader, Script, ScriptLine, UserArgs, join_continued, parse, parse_block,
};
use crate::dispatch::Origin;
use crate::user::UserCommand;
use crate::{Args, Error, Shell};

/// Where control goes after a line of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// To the next line.
    Next,
    /// Out of the innermost `while`.
    Break,
    /// To the condition of the innermost `while`.
    Continue,
}

/// Command files open inside each other at most; a file that sources itself ends here.
const MAX_SOURCES: usize = 100;

impl Shell {
    /// Runs a parsed list of commands; stops at the first error.
    ///
    /// # Errors
    /// The failing command's.
    pub fn run_script(&mut self, script: &Script) -> Result<(), Error> {
        for line in &script.lines {
            // `loop_break` outside of a loop does nothing.
            self.run_script_line(line)?;
        }
        Ok(())
    }

    /// Runs one command of a script with its block.
    ///
    /// # Errors
    /// The command's.
    pub fn run_script_line(&mut self, line: &ScriptLine) -> Result<Flow, Error> {
        if matches!(line.kind, Kind::If | Kind::While) {
            self.trace(&line.text);
        }
        self.run_parsed(line)
    }

    fn run_parsed(&mut self, line: &ScriptLine) -> Result<Flow, Error> {
        match line.kind {
            Kind::Break => return Ok(Flow::Break),
            Kind::Continue => return Ok(Flow::Continue),
            Kind::Simple => {
                let text = self.insert_user_args(&line.text)?;
                self.run_line(&text, &Origin::default())?;
            }
            Kind::If => {
                let chosen = if self.condition(line)? { Some(&line.body) } else { line.otherwise.as_ref() };
                return chosen.map_or(Ok(Flow::Next), |script| self.run_block(script));
            }
            Kind::While => {
                while self.condition(line)? {
                    if self.run_block(&line.body)? == Flow::Break {
                        break;
                    }
                }
            }
            Kind::Commands | Kind::Define | Kind::Document | Kind::Python => {
                let text = self.insert_user_args(&line.text)?;
                self.run_line(&text, &Origin { body: Some(&line.body), ..Origin::default() })?;
            }
        }
        Ok(Flow::Next)
    }

    /// Runs the block of an `if` or `while` up to a jump out of it.
    fn run_block(&mut self, script: &Script) -> Result<Flow, Error> {
        self.deeper(|shell| {
            for line in &script.lines {
                let flow = shell.run_script_line(line)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.trace_level += 1;
        let result = self.nested(f);
        self.trace_level -= 1;
        result
    }

    /// What follows the name of the command of a line.
    fn argument(&self, line: &str) -> Result<String, Error> {
        Ok(self.tree().find(line)?.rest.trim().to_owned())
    }

    fn condition(&mut self, line: &ScriptLine) -> Result<bool, Error> {
        // An empty loop must end on Ctrl-C too.
        self.check_interrupt()?;
        let expression = self.insert_user_args(&self.argument(&line.text)?)?;
        let hooks = self.hooks();
        hooks.is_true(self, &expression)
    }

    /// Runs `if` or `while` whose block is not read yet: typed, in a file, or given with `-ex`.
    pub(crate) fn run_control(&mut self, kind: Kind, args: &Args<'_>) -> Result<(), Error> {
        let name = if kind == Kind::If { "if" } else { "while" };
        if args.is_empty() {
            return Err(Error::msg(format!("{name} command requires an argument.")));
        }
        let head = ScriptLine { kind, ..ScriptLine::simple(format!("{} {}", args.invoked, args.text())) };
        let line = match parse_block(head, self) {
            Ok(line) => line,
            Err(Error::BadBlock) => {
                self.out.warning("Error reading in canned sequence of commands.");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.run_parsed(&line).map(|_| ())
    }

    /// The lines up to `end` that belong to a block command (`commands`): from the script it stands in, or read
    /// now from where commands come from, with the secondary prompt.
    ///
    /// # Errors
    /// Ctrl-C or a malformed block.
    pub fn read_body(&mut self, args: &Args<'_>) -> Result<Script, Error> {
        match args.body {
            Some(body) => Ok(body.clone()),
            None => parse(self, false),
        }
    }

    /// As [`Shell::read_body`] for text that is not commands.
    ///
    /// # Errors
    /// Ctrl-C.
    pub fn read_text_body(&mut self, args: &Args<'_>) -> Result<Script, Error> {
        match args.body {
            Some(body) => Ok(body.clone()),
            None => parse(self, true),
        }
    }

    /// Parses lines that were kept as text, such as the commands of a breakpoint.
    ///
    /// # Errors
    /// As [`parse()`].
    pub fn parse_lines(&self, lines: &[String]) -> Result<Script, Error> {
        struct Kept<'a>(&'a Shell, std::slice::Iter<'a, String>);
        impl Reader for Kept<'_> {
            fn next(&mut self, _depth: usize) -> Result<Line, Error> {
                Ok(Line::from(self.1.next().cloned()))
            }
            fn classify(&self, line: &str) -> (Kind, String) {
                self.0.classify(line)
            }
        }
        parse(&mut Kept(self, lines.iter()), false)
    }

    /// Runs a command file. `name` is what messages call it.
    ///
    /// # Errors
    /// `FILE:LINE: Error in sourced command file:` and the failing command's message.
    pub fn source_file(&mut self, name: &str, file: FileSource) -> Result<(), Error> {
        if self.sources.len() >= MAX_SOURCES {
            return Err(Error::msg(format!(
                "{name}: command files nested too deep (does one source itself?)"
            )));
        }
        self.sources.push(Box::new(file));
        let result = self.nested(Self::run_source);
        let number = self.sources.pop().map_or(0, |source| source.number());
        result.map_err(|error| match error {
            Error::Message(text) => {
                Error::Message(format!("{name}:{number}: Error in sourced command file:\n{text}"))
            }
            Error::Unknown(mut unknown) => {
                unknown.text = format!("{name}:{number}: Error in sourced command file:\n{}", unknown.text);
                Error::Unknown(unknown)
            }
            other => other,
        })
    }

    fn run_source(&mut self) -> Result<(), Error> {
        while let Line::Text(line) = self.next_logical_line(0)? {
            self.run_line(&line, &Origin::default())?;
        }
        Ok(())
    }

    pub(crate) fn run_user(&mut self, command: &UserCommand, args: &str) -> Result<(), Error> {
        let limit = self.settings.number("max-user-call-depth").unwrap_or(u64::MAX);
        if self.user_args.len() as u64 >= limit {
            return Err(Error::msg("Max user call depth exceeded -- command aborted."));
        }
        self.user_args.push(UserArgs::parse(args));
        let result = self.deeper(|shell| shell.run_script(&command.body));
        self.user_args.pop();
        result
    }

    /// A line with the arguments of the user-defined command that runs in the places of `$arg0`, `$argc` and `$*`.
    pub(crate) fn insert_user_args(&self, line: &str) -> Result<String, Error> {
        self.user_args.last().map_or_else(|| Ok(line.to_owned()), |args| args.insert(line))
    }

    /// The next line from the innermost command file or from the user; lines ending in `\` are joined.
    fn next_logical_line(&mut self, depth: usize) -> Result<Line, Error> {
        join_continued(&mut |continued| match self.sources.last_mut() {
            Some(source) => source.next_line().map_err(Error::msg),
            None => {
                let prompt = if continued { String::new() } else { format!("{}>", " ".repeat(depth)) };
                self.read_input(&prompt, crate::input::Ask::Body)
            }
        })
    }
}

impl Reader for Shell {
    fn next(&mut self, depth: usize) -> Result<Line, Error> {
        self.next_logical_line(depth)
    }

    fn classify(&self, line: &str) -> (Kind, String) {
        match self.tree().find(line) {
            Ok(found) => {
                let name = found.name();
                (Kind::of(&name, found.rest.trim()), name)
            }
            Err(_) => (Kind::Simple, String::new()),
        }
    }
}
