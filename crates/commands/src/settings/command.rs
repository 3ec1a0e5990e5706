//! The commands `set NAME VALUE` and `show NAME`.

use super::{Parsed, Setting, Settings, Show, Value};
use crate::output::Style;
use crate::tree::What;
use crate::{Args, Error, Shell};

/// `set NAME VALUE`.
pub(crate) fn set(shell: &mut Shell, setting: &'static Setting, args: Args<'_>) -> Result<(), Error> {
    let value = match setting.kind.parse(args.raw).map_err(Error::msg)? {
        Parsed::Value(value) => value,
        Parsed::Expression => {
            let hooks = shell.hooks();
            let number = hooks.integer(shell, args.text())?;
            setting.kind.check_number(number).map_err(Error::msg)?
        }
    };
    assign(shell, setting, value, args.from_tty)?;
    super::architecture::tell(shell, setting.name);
    tell_ignored(shell, setting);
    Ok(())
}

/// Says that a setting has no effect, unless it asks for what kdive does anyway.
fn tell_ignored(shell: &mut Shell, setting: &Setting) {
    let value = shell.settings.value(setting.name).map(Value::shown).unwrap_or_default();
    let wanted = setting.kind.default_value(setting.default).shown() != value;
    if setting.ignored && wanted && !setting.anyway.contains(&value.as_str()) {
        let instead = match setting.name {
            "stop-on-solib-events" => "  \"catch module\" stops when the kernel loads a module.",
            _ => "",
        };
        shell.out.warning(&format!("\"set {}\" has no effect in kdive.{instead}", setting.name));
    }
}

/// Gives a setting a value and tells everybody concerned; on an error the old value is back.
pub(crate) fn assign(
    shell: &mut Shell,
    setting: &'static Setting,
    value: Value,
    from_tty: bool,
) -> Result<(), Error> {
    super::architecture::check(setting.name, &value)?;
    super::direction::check(shell, setting.name, &value)?;
    let value = adjusted(shell, setting, value)?;
    let old = shell.settings.value(setting.name).cloned();
    shell.settings.put(setting.name, value);
    let changed = effect(shell, setting.name, from_tty).and_then(|()| super::changed(shell, setting.name));
    if changed.is_err()
        && let Some(old) = old
    {
        shell.settings.put(setting.name, old);
        super::owners::hand_over(shell, setting.name);
    }
    shell.configure();
    changed
}

/// Values gdb takes but changes, and values it refuses for reasons of their own.
fn adjusted(shell: &mut Shell, setting: &Setting, value: Value) -> Result<Value, Error> {
    match (setting.name, &value) {
        ("max-value-size", Value::Number(Some(size))) if *size < 16 => {
            shell.out.line("max-value-size set too low, increasing to 16 bytes");
            Ok(Value::Number(Some(16)))
        }
        ("breakpoint condition-evaluation", Value::Text(who)) if who == "target" => {
            shell.out.warning(
                "Target does not support breakpoint condition evaluation.\nUsing host evaluation mode instead.",
            );
            Ok(shell.settings.value(setting.name).cloned().unwrap_or(value))
        }
        ("history filename", Value::Text(path)) if !path.is_empty() => {
            let absolute = std::path::absolute(path).map_err(Error::msg)?;
            Ok(Value::Text(absolute.display().to_string()))
        }
        ("input-radix", Value::Number(Some(radix))) if *radix < 2 => {
            Err(Error::msg(format!("Nonsense input radix ``decimal {radix}''; input radix unchanged.")))
        }
        ("output-radix", Value::Number(Some(radix))) if ![8, 10, 16].contains(radix) => {
            Err(Error::msg(format!("Unsupported output radix ``decimal {radix}''; output radix unchanged.")))
        }
        (name, Value::Text(text)) if super::packet_size::concerns(name) => {
            let old = shell.settings.text(name);
            super::packet_size::adjusted(shell, name, text, &old)
        }
        ("directories", Value::Text(list)) => {
            let list = list.clone();
            Ok(Value::Text(super::paths::with_new_directories(shell, &list, "")))
        }
        _ => Ok(value),
    }
}

/// What a setting does at once.
fn effect(shell: &mut Shell, name: &str, from_tty: bool) -> Result<(), Error> {
    if name == "logging enabled" {
        return crate::meta::logging::switch(shell, from_tty);
    }
    if name == super::rows::packets::ALL_BREAKPOINTS
        && let Some(value) = shell.settings.snapshot(name)
    {
        for one in super::rows::packets::BREAKPOINTS {
            shell.settings.put(one, value.clone());
        }
    }
    if let Some((new, value)) = super::deprecated::replacement(shell, name) {
        return assign(shell, new, value, from_tty);
    }
    if super::permissions::concerns(name) {
        super::permissions::changed(shell, name, from_tty)?;
    }
    if name == "charset" {
        super::charset::set_both(shell);
    }
    if from_tty && let Some(which) = name.strip_suffix("-radix") {
        let radix = shell.settings.signed(name).unwrap_or(10);
        let which = if which == "input" { "Input" } else { "Output" };
        shell.out.line(&format!("{which} radix now set to decimal {radix}, hex {radix:x}, octal {radix:o}."));
    }
    if name.starts_with("logging ")
        && let Some(log) = shell.out.log_name()
    {
        let text = format!(
            "Currently logging to {log}.  Turn the logging off and on to make the new setting effective."
        );
        shell.out.warning(&text);
    }
    Ok(())
}

/// The sentence `show NAME` prints.
#[must_use]
pub fn sentence(shell: &Shell, setting: &Setting) -> String {
    let value = super::owners::value(shell, setting.name)
        .or_else(|| shell.settings.value(setting.name).cloned())
        .unwrap_or(Value::Text(String::new()));
    match setting.show {
        Show::Sentence(sentence) => sentence.replacen("{}", &value.shown(), 1),
        Show::OnOff(on, off) => (if value == Value::Bool(true) { on } else { off }).to_owned(),
        Show::Custom(show) => show(shell, &value),
    }
}

/// `show NAME`.
pub(crate) fn show(shell: &mut Shell, setting: &'static Setting) {
    if super::deprecated::newer(setting.name).is_some() {
        return;
    }
    let text = sentence(shell, setting);
    shell.out.line(&text);
}

/// `show PREFIX`: every setting under it, each with its name before its sentence.
pub(crate) fn show_all(shell: &mut Shell, path: &[String]) {
    let mut rows: Vec<(String, &'static Setting)> = Vec::new();
    shell.tree().walk(&mut |name, entry| {
        if let What::Show(setting) = entry.what
            && name.starts_with(path)
        {
            rows.push((name.get(1..).unwrap_or_default().join(" "), setting));
        }
    });
    for (name, setting) in rows {
        shell.out.styled(Style::Title, &name);
        let text = sentence(shell, setting);
        shell.out.line(&format!(":  {text}"));
    }
}

/// `with SETTING VALUE -- COMMAND`: the setting the words start with, and the rest of them.
pub(crate) fn find<'l>(shell: &Shell, text: &'l str) -> Result<(&'static Setting, &'l str), Error> {
    // Looked up as `show NAME` because `show` takes nothing unknown.
    let line = format!("show {text}");
    let found = shell.tree().find(&line).map_err(|error| match error {
        Error::Message(message) => {
            Error::Message(message.replacen("show ", "with ", 1).replace("help show", "help with"))
        }
        other => other,
    })?;
    match found.what {
        What::Show(setting) => {
            let rest = text.get(text.len().saturating_sub(found.rest.len())..).unwrap_or_default();
            Ok((setting, rest))
        }
        _ => Err(Error::msg(format!("\"{}\" is not a setting.", text.trim()))),
    }
}

impl Settings {
    /// The whole state, to put back later.
    #[must_use]
    pub fn snapshot(&self, name: &str) -> Option<Value> {
        self.value(name).cloned()
    }
}
