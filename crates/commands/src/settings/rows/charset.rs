//! `set charset`, `host-charset`, `target-charset`, `target-wide-charset`.

use crate::settings::kind::Kind::Enum;
use crate::settings::{Setting, Show, charset};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "charset",
        Enum(charset::HOST),
        "auto",
        "the character set of strings and of what is shown",
        "",
    )
    .help("Sets host-charset and target-charset.")
    .show(Show::Custom(charset::show_all)),
    Setting::new("host-charset", Enum(charset::HOST), "auto", "the character set of what is shown", "")
        .help("auto is that of the locale. Characters it lacks are shown as \\nnn.")
        .show(Show::Custom(charset::show_host)),
    Setting::new(
        "target-charset",
        Enum(charset::TARGET),
        "auto",
        "the character set of strings in the program",
        "",
    )
    .help("auto is that of the locale.")
    .show(Show::Custom(charset::show_target)),
    Setting::new(
        "target-wide-charset",
        Enum(charset::WIDE),
        "auto",
        "the character set of wide strings in the program",
        "",
    )
    .help("How wide a character is, its type says.")
    .show(Show::Custom(charset::show_wide))
    .ignored(),
];
