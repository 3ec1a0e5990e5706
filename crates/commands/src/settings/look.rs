//! `set style`, `height`, `width`, `pagination`: how output is to look, as an output sink wants to know it.

use super::Settings;
use crate::output::{Look, Style};

/// The style of output each group of `set style` settings is about.
const STYLES: &[(&str, Style)] = &[
    ("address", Style::Address),
    ("filename", Style::File),
    ("function", Style::Function),
    ("highlight", Style::Highlight),
    ("metadata", Style::Metadata),
    ("title", Style::Title),
    ("variable", Style::Variable),
];

/// Whether a setting of the kind `style address foreground` is read by [`of`].
#[cfg(test)]
pub(crate) fn reads(setting: &str) -> bool {
    let parts = ["background", "foreground", "intensity"];
    STYLES.iter().any(|(name, _)| parts.iter().any(|part| setting == format!("style {name} {part}")))
}

/// Colours in the order of their ANSI numbers, 30 to 37.
pub(super) const COLOURS: &[&str] =
    &["none", "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

pub(super) const INTENSITIES: &[&str] = &["normal", "bold", "dim"];

/// What the settings say.
pub fn of(settings: &Settings) -> Look {
    let sequences = STYLES.iter().filter_map(|(name, style)| Some((*style, sequence(settings, name)?)));
    let mut sequences: Vec<_> = sequences.collect();
    // gdb has no style for these; they are shown like their neighbours.
    let like =
        |wanted: Style| sequences.iter().find(|(style, _)| *style == wanted).map(|(_, seq)| seq.clone());
    let command = like(Style::Title);
    sequences.extend(command.map(|sequence| (Style::Command, sequence)));
    Look {
        height: settings.number("height"),
        width: settings.number("width"),
        pagination: settings.bool("pagination"),
        styled: settings.bool("style enabled"),
        sequences,
    }
}

fn sequence(settings: &Settings, name: &str) -> Option<String> {
    let part = |part: &str| settings.text(&format!("style {name} {part}"));
    let colour = |part_name: &str, base: usize| {
        let at = COLOURS.iter().position(|colour| *colour == part(part_name))?;
        (at > 0).then(|| (base + at - 1).to_string())
    };
    let intensity = match part("intensity").as_str() {
        "bold" => Some("1".to_owned()),
        "dim" => Some("2".to_owned()),
        _ => None,
    };
    let codes: Vec<String> =
        [intensity, colour("foreground", 30), colour("background", 40)].into_iter().flatten().collect();
    (!codes.is_empty()).then(|| format!("\x1b[{}m", codes.join(";")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Value;

    #[test]
    fn gdb_colours_by_default() {
        let mut settings = Settings::new();
        let find = |settings: &Settings, wanted: Style| {
            of(settings).sequences.into_iter().find(|(style, _)| *style == wanted).map(|(_, text)| text)
        };
        assert_eq!(find(&settings, Style::Address).unwrap(), "\x1b[34m");
        assert_eq!(find(&settings, Style::Title).unwrap(), "\x1b[1m");
        assert_eq!(find(&settings, Style::Metadata).unwrap(), "\x1b[2m");
        settings.put("style address background", Value::Text("red".into()));
        settings.put("style title intensity", Value::Text("normal".into()));
        assert_eq!(find(&settings, Style::Address).unwrap(), "\x1b[34;41m");
        assert_eq!(find(&settings, Style::Title), None);
    }
}
