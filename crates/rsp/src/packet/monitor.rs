//! Commands for the stub's own monitor: `qRcmd,hex`. Output comes as `O` packets before the final `OK`, or (some stubs) as the reply itself.
//!
//! QEMU: an unknown command still ends in `OK`, the complaint is in the output. A command that resumes the machine makes the next
//! byte kdive sends pause it again, without a stop reply.

use crate::hex;

/// `qRcmd`.
#[must_use]
pub fn command(text: &[u8]) -> Vec<u8> {
    let mut payload = b"qRcmd,".to_vec();
    hex::encode_into(&mut payload, text);
    payload
}

/// The text of an `O` packet. `OK` is not one; text that is not hex is returned as it came.
#[must_use]
pub fn output(payload: &[u8]) -> Option<Vec<u8>> {
    let text = payload.strip_prefix(b"O")?;
    if text == b"K" {
        return None;
    }
    Some(hex::decode(text).unwrap_or_else(|| text.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_and_output() {
        assert_eq!(command(b"info cpus"), b"qRcmd,696e666f2063707573");
        assert_eq!(output(b"O6869"), Some(b"hi".to_vec()));
        assert_eq!(output(b"OK"), None);
        assert_eq!(output(b"O"), Some(Vec::new()));
        assert_eq!(output(b"Ohello"), Some(b"hello".to_vec()));
        assert_eq!(output(b"E01"), None);
    }
}
