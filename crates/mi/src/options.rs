//! Options of MI commands, as its commands take them: before the other arguments, ended by `--`.

/// The options at the beginning of a list of arguments.
pub struct Options<'a> {
    args: &'a [String],
    command: &'a str,
}

impl<'a> Options<'a> {
    /// Options of a command.
    pub fn new(command: &'a str, args: &'a [String]) -> Self {
        Self { args, command }
    }

    /// The next option if it is one of these: `("-t", false)`, with `true` if a value follows. `None` at the first other argument.
    ///
    /// # Errors
    /// An unknown option, a missing value.
    pub fn next(
        &mut self,
        known: &[(&'static str, bool)],
    ) -> Result<Option<(&'static str, &'a str)>, String> {
        let Some((first, rest)) = self.args.split_first() else { return Ok(None) };
        if first == "--" {
            self.args = rest;
            return Ok(None);
        }
        if !first.starts_with('-') {
            return Ok(None);
        }
        let Some(&(name, takes_value)) = known.iter().find(|(name, _)| name == first) else {
            return Err(format!("-{}: Unknown option ``{}''", self.command, first.trim_start_matches('-')));
        };
        if !takes_value {
            self.args = rest;
            return Ok(Some((name, "")));
        }
        let Some((value, rest)) = rest.split_first() else {
            return Err(format!("-{}: Option {} requires an argument", self.command, first));
        };
        self.args = rest;
        Ok(Some((name, value)))
    }

    /// What follows the options.
    pub fn rest(&self) -> &'a [String] {
        self.args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_first() {
        let args: Vec<String> = ["-t", "-c", "x > 1", "main", "-t"].map(str::to_owned).to_vec();
        let known = [("-t", false), ("-c", true)];
        let mut options = Options::new("break-insert", &args);
        assert_eq!(options.next(&known), Ok(Some(("-t", ""))));
        assert_eq!(options.next(&known), Ok(Some(("-c", "x > 1"))));
        assert_eq!(options.next(&known), Ok(None));
        assert_eq!(options.rest(), ["main", "-t"]);
    }

    #[test]
    fn unknown_and_incomplete() {
        let args = ["-x".to_owned()];
        let mut options = Options::new("break-insert", &args);
        assert_eq!(options.next(&[]).unwrap_err(), "-break-insert: Unknown option ``x''");
        assert!(options.next(&[("-x", true)]).unwrap_err().contains("requires an argument"));
        let args = ["--".to_owned(), "-x".to_owned()];
        let mut options = Options::new("b", &args);
        assert_eq!(options.next(&[]), Ok(None));
        assert_eq!(options.rest(), ["-x"]);
    }
}
