//! Negotiation: `qSupported:feature;…` and what the stub answers.

use crate::hex;

use crate::packets::{Packet, Packets};

/// What kdive tells a stub it understands.
///
/// `multiprocess+` is always said: in QEMU the flag is never cleared once any client has said it, so a client that keeps silent may still be sent
/// `pPID.TID` ids.
const FEATURES: &[(&str, Option<Packet>)] = &[
    ("multiprocess+", Some(Packet::Multiprocess)),
    ("swbreak+", Some(Packet::SoftwareStop)),
    ("hwbreak+", Some(Packet::HardwareStop)),
    ("vContSupported+", Some(Packet::ResumeSupported)),
    ("xmlRegisters=i386", None),
    ("error-message+", None),
];

/// The request, without what the user forbids.
#[must_use]
pub fn request(packets: &Packets) -> Vec<u8> {
    let allowed = |packet: &Option<Packet>| !packet.is_some_and(|packet| packets.refuses(packet));
    let features: Vec<&str> =
        FEATURES.iter().filter(|(_, packet)| allowed(packet)).map(|(text, _)| *text).collect();
    format!("qSupported:{}", features.join(";")).into_bytes()
}

/// What a stub can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Features {
    /// `PacketSize`: longest packet the stub accepts, in bytes, without framing.
    pub packet_size: usize,
    /// `qXfer:features:read+`: has a target description.
    pub target_xml: bool,
    /// `multiprocess+`
    pub multiprocess: bool,
    /// `QStartNoAckMode+`
    pub no_ack: bool,
    /// `vContSupported+`
    pub vcont: bool,
    /// `swbreak+`
    pub swbreak: bool,
    /// `ReverseStep+`
    pub reverse_step: bool,
    /// `ReverseContinue+`
    pub reverse_continue: bool,
    /// Everything the stub listed, as it came.
    pub all: Vec<String>,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            packet_size: Self::DEFAULT_PACKET_SIZE,
            target_xml: false,
            multiprocess: false,
            no_ack: false,
            vcont: false,
            swbreak: false,
            reverse_step: false,
            reverse_continue: false,
            all: Vec::new(),
        }
    }
}

impl Features {
    /// For a stub that does not say: gdb's own assumption is 400, kgdb's buffer is 1024.
    pub const DEFAULT_PACKET_SIZE: usize = 400;

    /// Reads the reply; unknown features are kept by name and otherwise ignored.
    #[must_use]
    pub fn parse(data: &[u8]) -> Self {
        let mut features = Self::default();
        for item in data.split(|&b| b == b';').filter(|item| !item.is_empty()) {
            match item {
                b"qXfer:features:read+" => features.target_xml = true,
                b"multiprocess+" => features.multiprocess = true,
                b"QStartNoAckMode+" => features.no_ack = true,
                b"vContSupported+" => features.vcont = true,
                b"swbreak+" => features.swbreak = true,
                b"ReverseStep+" => features.reverse_step = true,
                b"ReverseContinue+" => features.reverse_continue = true,
                _ => {
                    if let Some(size) = item.strip_prefix(b"PacketSize=").and_then(hex::parse_u64) {
                        // A stub that claims less than a register reply needs, or more than any has, is not believed.
                        features.packet_size = usize::try_from(size).unwrap_or(usize::MAX).clamp(64, 1 << 20);
                    }
                }
            }
            features.all.push(String::from_utf8_lossy(item).into_owned());
        }
        features
    }

    /// Whether the stub listed exactly this.
    #[must_use]
    pub fn has(&self, item: &str) -> bool {
        self.all.iter().any(|have| have == item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forbidden_is_not_announced() {
        let mut packets = Packets::default();
        let all =
            "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386;error-message+";
        assert_eq!(request(&packets), all.as_bytes());
        packets.decide(Packet::Multiprocess, Some(false));
        packets.decide(Packet::HardwareStop, Some(false));
        assert_eq!(
            request(&packets),
            b"qSupported:swbreak+;vContSupported+;xmlRegisters=i386;error-message+"
        );
        packets.decide(Packet::Multiprocess, None);
        packets.decide(Packet::HardwareStop, Some(true));
        assert_eq!(request(&packets), all.as_bytes());
    }

    #[test]
    fn qemu() {
        let features = Features::parse(b"PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+");
        assert_eq!(features.packet_size, 4096);
        assert!(features.target_xml && features.multiprocess && features.vcont);
        assert!(!features.no_ack && !features.reverse_step);
        assert_eq!(Features::parse(b"PacketSize=20020").packet_size, 131_104);
    }

    #[test]
    fn absurd_sizes_are_not_believed() {
        assert_eq!(Features::parse(b"PacketSize=0").packet_size, 64);
        assert_eq!(Features::parse(b"PacketSize=ffffffffffffffff").packet_size, 1 << 20);
        assert_eq!(Features::parse(b"PacketSize=zz").packet_size, 400);
        assert_eq!(Features::parse(b"").packet_size, 400);
    }

    #[test]
    fn unknown_features_are_kept_by_name() {
        let features = Features::parse(b";;QFoo+;swbreak-;bar=1");
        assert!(features.has("QFoo+") && features.has("bar=1") && !features.swbreak);
    }
}
