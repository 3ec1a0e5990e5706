//! `set print ...` and the letters after `print /`.

/// `set print frame-arguments`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum FrameArguments {
    /// Only scalars, `...` for the rest.
    #[default]
    Scalars,
    /// Everything.
    All,
    /// `...` for everything.
    None,
    /// `...` when there are arguments, nothing else.
    Presence,
}

/// How the characters of a program's strings are written, as far as they are taken for more than bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Charset {
    /// Bytes from 0x80 on are no characters.
    #[default]
    Ascii,
    /// UTF-8.
    Utf8,
    /// ISO-8859-1: every byte is a character.
    Latin1,
}

/// How values are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a user's on/off setting of its own")]
pub struct PrintOptions {
    /// `set print pretty`.
    pub pretty: bool,
    /// `set print address`.
    pub address: bool,
    /// `set print symbol`.
    pub symbol: bool,
    /// `set print symbol-filename`.
    pub symbol_filename: bool,
    /// `set print max-symbolic-offset`; `None` is unlimited.
    pub max_symbolic_offset: Option<u64>,
    /// `set print array`.
    pub array: bool,
    /// `set print array-indexes`.
    pub array_indexes: bool,
    /// `set print union`.
    pub union: bool,
    /// `set print elements`; `None` is unlimited.
    pub elements: Option<u32>,
    /// `set print characters` (gdb 14): as elements, for strings; `None` follows [`PrintOptions::elements`].
    pub characters: Option<Option<u32>>,
    /// `set print repeats`; `None` is unlimited.
    pub repeats: Option<u32>,
    /// `set print null-stop`.
    pub null_stop: bool,
    /// `set print max-depth`; `None` is unlimited.
    pub max_depth: Option<u32>,
    /// `set print sevenbit-strings`.
    pub sevenbit_strings: bool,
    /// `set print nibbles` (gdb 14).
    pub nibbles: bool,
    /// `set print frame-arguments`.
    pub frame_arguments: FrameArguments,
    /// `set output-radix`: 8, 10 or 16.
    pub output_radix: u32,
    /// The format of `print /FMT`; `None` prints by type. With [`Format::String`](crate::Format::String) arrays of
    /// one-byte integers are strings.
    pub format: Option<crate::format::Format>,
    /// `/r` and `set print raw-values`.
    pub raw: bool,
    /// `set target-charset`.
    pub charset: Charset,
    /// Whether the output takes UTF-8 (`set host-charset` and the locale); other characters than ASCII are escaped
    /// otherwise.
    pub utf8: bool,
    /// Frame arguments and `info locals` in short form: aggregates are `...`.
    pub summary: bool,
}

impl Default for PrintOptions {
    fn default() -> Self {
        Self {
            pretty: false,
            address: true,
            symbol: true,
            symbol_filename: false,
            max_symbolic_offset: None,
            array: false,
            array_indexes: false,
            union: true,
            elements: Some(200),
            characters: None,
            repeats: Some(10),
            null_stop: false,
            max_depth: Some(20),
            sevenbit_strings: false,
            nibbles: false,
            frame_arguments: FrameArguments::default(),
            output_radix: 10,
            format: None,
            raw: false,
            charset: Charset::default(),
            utf8: false,
            summary: false,
        }
    }
}
