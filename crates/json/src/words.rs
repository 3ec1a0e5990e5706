//! The arguments of commands that are answered with data.

/// A format of `x`: `/4xg`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Examine {
    /// How many units, from 1.
    pub(crate) count: u64,
    /// The letter, `x` without one.
    pub(crate) letter: char,
    /// Bytes of a unit, where it is said.
    pub(crate) size: Option<u64>,
    /// The address.
    pub(crate) address: String,
}

/// Reads the arguments of `x`; `None` for what this does not understand.
pub(crate) fn examine(arguments: &str) -> Option<Examine> {
    let Some(rest) = arguments.strip_prefix('/') else {
        return plain(arguments).then(|| Examine {
            count: 1,
            letter: 'x',
            size: None,
            address: arguments.to_owned(),
        });
    };
    let (format, address) = rest.split_once(char::is_whitespace)?;
    let letters_at = format.find(|c: char| !c.is_ascii_digit()).unwrap_or(format.len());
    let (digits, letters) = format.split_at(letters_at);
    let count = if digits.is_empty() { 1 } else { digits.parse().ok().filter(|count| *count > 0)? };
    let (mut letter, mut size) = ('x', None);
    for c in letters.chars() {
        match c {
            'b' => size = Some(1),
            'h' => size = Some(2),
            'w' => size = Some(4),
            'g' => size = Some(8),
            'x' | 'd' | 'u' | 'o' | 't' | 'z' | 'i' => letter = c,
            _ => return None,
        }
    }
    let address = address.trim();
    (!address.is_empty()).then(|| Examine { count, letter, size, address: address.to_owned() })
}

/// Whether there is an argument that is no option.
fn plain(arguments: &str) -> bool {
    !arguments.is_empty() && !arguments.starts_with(['-', '/'])
}

/// A number that may be left out: how many frames or messages.
pub(crate) fn count(arguments: &str) -> Option<Option<usize>> {
    if arguments.is_empty() {
        return Some(None);
    }
    let digits = arguments.strip_prefix("-n").unwrap_or(arguments).trim();
    digits.parse().ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_x() {
        let read = |text| examine(text).map(|x| (x.count, x.letter, x.size, x.address));
        assert_eq!(read("/4xg &jiffies"), Some((4, 'x', Some(8), "&jiffies".to_owned())));
        assert_eq!(read("/i $pc"), Some((1, 'i', None, "$pc".to_owned())));
        assert_eq!(read("$sp"), Some((1, 'x', None, "$sp".to_owned())));
        for other in ["", "/s name", "/0x 1", "/99999999999999999999x 1", "/4x", "-1", "/-4x $sp"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(""), Some(None));
        assert_eq!(count("5"), Some(Some(5)));
        assert_eq!(count("-n 5"), Some(Some(5)));
        assert_eq!(count("full"), None);
        assert_eq!(count("-5"), None);
    }
}
