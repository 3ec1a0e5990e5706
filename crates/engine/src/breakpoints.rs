//! Making breakpoints.

use crate::{Engine, Error, Scope};
use kdive_expr::Expr;
use kdive_expr::print::value_text;
use kdive_session::{BreakArgs, BreakRequest, BreakpointKind, CodeLocation};
use kdive_symbols::LinespecMode;

/// A breakpoint to be made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewBreakpoint {
    /// Where: a function, `FILE:LINE`, `*ADDRESS`, as `break` takes it.
    pub location: String,
    /// An expression that must hold for it to stop.
    pub condition: Option<String>,
    /// It uses a debug register.
    pub hardware: bool,
    /// It is deleted when it is hit.
    pub temporary: bool,
    /// It does not stop but prints this: `"FORMAT",ARGS`.
    pub log: Option<String>,
    /// How often it is passed before it stops.
    pub ignore: u64,
    /// A place that is not known yet is no error: the breakpoint waits for a module that has it.
    pub may_pend: bool,
}

impl Engine {
    /// The file of the program or kernel.
    #[must_use]
    pub fn program_file(&self) -> Option<String> {
        let modules = self.program().modules.modules();
        modules.first().map(|module| module.object().path().display().to_string())
    }

    /// The address that an expression names in a scope, or the number it is.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn address_of(&mut self, scope: &Scope, text: &str) -> Result<u64, Error> {
        self.in_scope(scope, |engine| Ok(engine.program().evaluate_address(text)?.0))
    }

    /// The first address of a place in the source, as `break` takes it.
    ///
    /// # Errors
    /// A place that does not exist.
    pub fn address_of_place(&mut self, location: &str) -> Result<Option<u64>, Error> {
        let found = self.session.program.resolve(location)?;
        Ok(found.locations.first().map(|place| place.addr.0))
    }

    /// Files with symbols of modules and shared objects, without the program itself.
    #[must_use]
    pub fn module_files(&self) -> Vec<String> {
        let modules = self.program().modules.modules().iter().skip(1);
        modules.map(|module| module.object().path().display().to_string()).collect()
    }

    /// The path of the source file of a breakpoint's location: where it was found, else where it was when it was compiled.
    #[must_use]
    pub fn source_path(&self, location: &CodeLocation) -> Option<String> {
        location.file.as_ref()?;
        let line = self.program().modules.line_at(location.addr, false)?;
        Some(self.program().full_path(&line.file))
    }

    /// The text of a log point: what stands in braces is the value of the expression there, `{{` and `}}` are braces. Functions are not
    /// called.
    #[must_use]
    pub fn log_text(&self, template: &str) -> String {
        let program = self.program();
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            text.push_str(before);
            let after = brace.get(1..).unwrap_or_default();
            let is_open = brace.starts_with('{');
            if let Some(after) = after.strip_prefix(if is_open { '{' } else { '}' }) {
                text.push_str(&brace[..1]);
                rest = after;
                continue;
            }
            match after.split_once('}').filter(|_| is_open) {
                Some((expression, after)) => {
                    let value = Expr::parse(expression.trim(), program)
                        .and_then(|parsed| parsed.evaluate(program))
                        .and_then(|value| value_text(program, &value, &program.options.print));
                    text.push_str(&value.unwrap_or_else(|error| format!("<{error}>")));
                    rest = after;
                }
                None => {
                    text.push_str(&brace[..1]);
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }

    /// The addresses of a place in code: a function, `FILE:LINE`, `*ADDRESS`.
    ///
    /// # Errors
    /// A place there is not.
    pub fn addresses(&self, location: &str) -> Result<Vec<u64>, Error> {
        let found = self.program().resolve_location(location, LinespecMode::Breakpoint)?;
        Ok(found.into_iter().filter_map(|place| place.pc).map(|pc| pc.0).collect())
    }

    /// Makes a breakpoint; its number.
    ///
    /// # Errors
    /// A place that does not exist, a condition that means nothing there.
    pub fn make_breakpoint(&mut self, new: &NewBreakpoint) -> Result<u32, Error> {
        let args = BreakArgs {
            location: new.location.clone(),
            condition: new.condition.clone(),
            extra: new.condition.as_ref().map(|condition| format!("if {condition}")).unwrap_or_default(),
            ..BreakArgs::default()
        };
        let kind = match &new.log {
            Some(log) => BreakpointKind::Dprintf(log.clone()),
            None if new.hardware => BreakpointKind::Hardware,
            None => BreakpointKind::Software,
        };
        let request = BreakRequest { args, kind, temporary: new.temporary, may_pend: new.may_pend };
        let number = self.session.add_breakpoint(request)?.number;
        if new.ignore > 0 {
            self.session.set_ignore(number, i64::try_from(new.ignore).unwrap_or(i64::MAX))?;
        }
        Ok(number)
    }
}
