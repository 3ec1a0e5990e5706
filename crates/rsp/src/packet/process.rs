//! Attaching, starting, leaving and ending: `!`, `?`, `qAttached`, `vAttach`, `vRun`, `D`, `vKill`, `k`, `vFile` replies.

use crate::hex;

/// `!`: extended mode.
pub const EXTENDED: &[u8] = b"!";
/// `?`: why did the target stop. In QEMU it also removes all breakpoints of the current CPU (before 7.2: of all).
pub const STOP_REASON: &[u8] = b"?";
/// `k`: QEMU exits without a reply.
pub const KILL: &[u8] = b"k";
/// `QStartNoAckMode`: no more acks after the reply to this. Never offered by QEMU's system emulator.
pub const NO_ACK_MODE: &[u8] = b"QStartNoAckMode";
/// A packet that no stub knows: the answer is an empty packet.
pub const MUST_REPLY_EMPTY: &[u8] = b"vMustReplyEmpty";
/// The answer to a file-I/O request (`F…`) that kdive does not serve: EINVAL.
pub const FILE_IO_REFUSED: &[u8] = b"F-1,16";

/// `qAttached`: `1` when the stub did not start the process, so that leaving must not end it.
#[must_use]
pub fn attached(pid: Option<u64>) -> Vec<u8> {
    match pid {
        Some(pid) => format!("qAttached:{pid:x}").into_bytes(),
        None => b"qAttached".to_vec(),
    }
}

/// `D`, or `D;pid` once ids have processes (QEMU then refuses the plain form).
#[must_use]
pub fn detach(pid: Option<u64>) -> Vec<u8> {
    match pid {
        Some(pid) => format!("D;{pid:x}").into_bytes(),
        None => b"D".to_vec(),
    }
}

/// `vKill;pid`.
#[must_use]
pub fn kill(pid: u64) -> Vec<u8> {
    format!("vKill;{pid:x}").into_bytes()
}

/// `vAttach;pid`; the reply is a stop.
#[must_use]
pub fn attach(pid: u64) -> Vec<u8> {
    format!("vAttach;{pid:x}").into_bytes()
}

/// `vRun;program;arguments`; the reply is a stop. An empty program runs the stub's default.
#[must_use]
pub fn run(program: &[u8], arguments: &[&[u8]]) -> Vec<u8> {
    let mut payload = b"vRun;".to_vec();
    hex::encode_into(&mut payload, program);
    for argument in arguments {
        payload.push(b';');
        hex::encode_into(&mut payload, argument);
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        assert_eq!(attached(Some(1)), b"qAttached:1");
        assert_eq!(detach(Some(0x1a)), b"D;1a");
        assert_eq!(detach(None), b"D");
        assert_eq!(kill(1), b"vKill;1");
        assert_eq!(attach(2), b"vAttach;2");
        assert_eq!(run(b"a", &[b"-x", b""]), b"vRun;61;2d78;");
    }
}
