//! `-gdb-set` and `-gdb-show`.

use crate::commands::{Outcome, Session};
use crate::record::Fields;

impl Session<'_> {
    /// `-gdb-set`: the console's `set`, without its text.
    pub fn gdb_set(&mut self, rest: &str) -> Outcome {
        let words: Vec<&str> = rest.split_whitespace().collect();
        if let ["mi-async" | "target-async", value] = words[..] {
            self.client.is_async = matches!(value, "on" | "1" | "yes" | "enable");
        }
        self.console_quietly(&format!("set {rest}"))?;
        Ok(Fields::new())
    }

    /// `-gdb-show`: the value of a setting.
    pub fn gdb_show(&mut self, rest: &str) -> Outcome {
        let name = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut fields = Fields::new();
        if name == "version" {
            self.channel().say(false, crate::server::GREETING);
            return Ok(fields);
        }
        if let Some(value) = self.console.setting(&name) {
            fields.field("value", value);
            return Ok(fields);
        }
        // Names may be short, and some have no value but a text.
        let text = self.console_quietly(&format!("show {name}"))?;
        match text.trim_end().strip_suffix('.').and_then(|text| text.rsplit_once(" is ")) {
            Some((_, value)) => fields.field("value", value.trim_matches('"')).end(),
            None => self.channel().say(false, &text),
        }
        Ok(fields)
    }
}
