//! Threads: `qfThreadInfo`/`qsThreadInfo`, `qThreadExtraInfo`, `qC`, `T`, `H`.
//!
//! QEMU lists one CPU per reply. kgdb lists up to 17 and ends the list with an empty packet instead of `l`.

use crate::{ThreadId, hex};

/// `qfThreadInfo`: the first part of the list.
pub const LIST_FIRST: &[u8] = b"qfThreadInfo";
/// `qsThreadInfo`: the next part.
pub const LIST_NEXT: &[u8] = b"qsThreadInfo";
/// `qC`. In QEMU the first thread of the current process, not the one that stopped.
pub const CURRENT: &[u8] = b"qC";

/// One part of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// These, and more to come.
    More(Vec<ThreadId>),
    /// The end.
    End,
}

/// Reads one part; ids that cannot be threads (`0`, `-1`) are left out. `None` when it is no part of a list.
#[must_use]
pub fn parse_part(data: &[u8]) -> Option<Part> {
    match data.split_first() {
        None | Some((b'l', [])) => Some(Part::End),
        Some((b'm', ids)) => {
            Some(Part::More(ids.split(|&b| b == b',').filter_map(ThreadId::parse).collect()))
        }
        Some(_) => None,
    }
}

/// `qThreadExtraInfo,id`. QEMU does not answer at all for an id it does not know.
#[must_use]
pub fn extra_info(thread: ThreadId) -> Vec<u8> {
    format!("qThreadExtraInfo,{thread}").into_bytes()
}

/// The text of a `qThreadExtraInfo` reply. It ends at its first zero byte: kgdb sends the whole array a task's name stands in.
#[must_use]
pub fn parse_extra_info(data: &[u8]) -> Option<String> {
    let bytes = hex::decode(data)?;
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The thread of a `qC` reply.
#[must_use]
pub fn parse_current(data: &[u8]) -> Option<ThreadId> {
    ThreadId::parse(data.strip_prefix(b"QC")?)
}

/// `T`: is the thread alive.
#[must_use]
pub fn is_alive(thread: ThreadId) -> Vec<u8> {
    format!("T{thread}").into_bytes()
}

/// `Hg`: the thread whose registers and memory the next requests mean.
#[must_use]
pub fn select(thread: ThreadId) -> Vec<u8> {
    format!("Hg{thread}").into_bytes()
}

/// `Hc`: the thread the next `c` or `s` means.
#[must_use]
pub fn select_for_resume(thread: ThreadId) -> Vec<u8> {
    format!("Hc{thread}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_parts() {
        assert_eq!(parse_part(b"mp01.01"), Some(Part::More(vec![ThreadId::in_process(1, 1)])));
        assert_eq!(
            parse_part(b"m1,0,-1,2a"),
            Some(Part::More(vec![ThreadId::plain(1), ThreadId::plain(0x2a)]))
        );
        assert_eq!(parse_part(b"l"), Some(Part::End));
        assert_eq!(parse_part(b""), Some(Part::End));
        assert_eq!(parse_part(b"OK"), None);
    }

    #[test]
    fn extra_info_and_current_thread() {
        assert_eq!(parse_extra_info(b"4350552330205b72756e6e696e675d").unwrap(), "CPU#0 [running]");
        assert_eq!(parse_extra_info(b"4"), None);
        // kgdb: sixteen bytes of `task_struct.comm`, whatever the name's length.
        assert_eq!(parse_extra_info(b"73680000000000000000000000000000").unwrap(), "sh");
        assert_eq!(parse_extra_info(b"00000000").unwrap(), "");
        assert_eq!(parse_current(b"QCp01.02"), Some(ThreadId::in_process(1, 2)));
        assert_eq!(parse_current(b"QC0"), None);
        assert_eq!(select(ThreadId::in_process(1, 2)), b"Hgp1.2");
    }
}
