//! `set remote NAME-packet`: whether a packet of the protocol is used. `auto` asks the stub.

use crate::Shell;
use crate::settings::{Kind, Setting, Show, Value};
use kdive_session::Packet;

macro_rules! packets {
    ($ignored:literal, $(($name:literal, $packet:literal)),* $(,)?) => {
        &[$(Setting {
            name: concat!("remote ", $name, "-packet"),
            aliases: old_names($name),
            kind: Kind::AutoBool,
            default: "auto",
            summary: concat!("the use of the remote protocol's `", $packet, "' packet"),
            show: Show::Custom(|shell, value| say(shell, $packet, value)),
            ignored: $ignored,
            // A packet that is never sent is as good as switched off.
            anyway: &["off"],
            ..Setting::EMPTY
        }),*]
    };
}

/// Names from the time when packets had no names.
const fn old_names(name: &str) -> &'static [&'static str] {
    match name.as_bytes() {
        b"binary-download" => &["remote X-packet"],
        b"fetch-register" => &["remote p-packet"],
        b"set-register" => &["remote P-packet"],
        _ => &[],
    }
}

/// The settings that stand for all breakpoints and watchpoints at once.
pub(crate) const ALL_BREAKPOINTS: &str = "remote Z-packet";

/// And those it stands for.
pub(crate) const BREAKPOINTS: &[&str] = &[
    "remote software-breakpoint-packet",
    "remote hardware-breakpoint-packet",
    "remote write-watchpoint-packet",
    "remote read-watchpoint-packet",
    "remote access-watchpoint-packet",
];

/// Packets that show whether a stub knows them when they are used; whether it knows the others, it says when the connection
/// is made.
const FOUND_BY_USE: &[&str] = &[
    "Z0",
    "Z1",
    "Z2",
    "Z3",
    "Z4",
    "X",
    "p",
    "P",
    "vCont",
    "vKill",
    "vAttach",
    "vRun",
    "vCtrlC",
    "qAttached",
    "qSupported",
    "qSymbol",
    "qSearch:memory",
    "qGetTIBAddr",
    "qGetTLSAddr",
    "qXfer:statictrace:read",
];

/// What a packet is called in the reply to `qSupported`, where that is not its name.
const FEATURES: &[(&str, &str)] = &[
    ("N stop reply", "no-resumed"),
    ("bc", "ReverseContinue"),
    ("bs", "ReverseStep"),
    ("exec-event-feature", "exec-events"),
    ("fork-event-feature", "fork-events"),
    ("hwbreak-feature", "hwbreak"),
    ("memory-tagging-feature", "memory-tagging"),
    ("multiprocess-feature", "multiprocess"),
    ("qXfer:btrace", "qXfer:btrace:read"),
    ("qXfer:btrace-conf", "qXfer:btrace-conf:read"),
    ("swbreak-feature", "swbreak"),
    ("vfork-event-feature", "vfork-events"),
];

/// One line per packet.
fn say(shell: &Shell, packets: &str, value: &Value) -> String {
    let mut breakpoints = BREAKPOINTS.iter().map(|name| shell.settings.value(name));
    let lines = packets.split('/').map(|packet| {
        // A setting for several packets has no state of its own.
        let value = if packets.contains('/') { breakpoints.next().flatten().unwrap_or(value) } else { value };
        let state = match value {
            Value::Bool(true) => "currently enabled",
            Value::Bool(false) => "currently disabled",
            _ => match is_known(shell, packet) {
                Some(true) => "auto-detected, currently enabled",
                Some(false) => "auto-detected, currently disabled",
                None => "auto-detected, currently unknown",
            },
        };
        format!("Support for the `{packet}' packet is {state}.")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the stub knows a packet, as far as that is known.
fn is_known(shell: &Shell, packet: &str) -> Option<bool> {
    let remote = shell.session.remote()?;
    if FOUND_BY_USE.contains(&packet) || packet.starts_with("vFile:") {
        return remote.knows_packet(Packet::named(packet)?);
    }
    let feature = FEATURES.iter().find(|(name, _)| *name == packet).map_or(packet, |(_, feature)| feature);
    Some(remote.offers(feature))
}

/// The packet a setting is about, if it is ever sent.
#[cfg(test)]
pub(crate) fn packet_of(setting: &str) -> Option<Packet> {
    let name = setting.strip_prefix("remote ")?.strip_suffix("-packet")?;
    Packet::named(NAMES.iter().find(|(known, _)| *known == name)?.1)
}

macro_rules! sent {
    ($(($name:literal, $packet:literal)),* $(,)?) => {
        /// The names of packets that are sent, in settings and in the protocol.
        pub(crate) const NAMES: &[(&str, &str)] = &[$(($name, $packet)),*];

        /// The settings about packets that are sent.
        pub(super) const ROWS: &[Setting] = packets![false, $(($name, $packet),)* ("Z", "Z0/Z1/Z2/Z3/Z4")];
    };
}

sent![
    ("access-watchpoint", "Z4"),
    ("attach", "vAttach"),
    ("binary-download", "X"),
    ("fetch-register", "p"),
    ("hardware-breakpoint", "Z1"),
    ("hwbreak-feature", "hwbreak-feature"),
    ("kill", "vKill"),
    ("multiprocess-feature", "multiprocess-feature"),
    ("noack", "QStartNoAckMode"),
    ("query-attached", "qAttached"),
    ("read-aux-vector", "qXfer:auxv:read"),
    ("read-siginfo-object", "qXfer:siginfo:read"),
    ("read-watchpoint", "Z3"),
    ("run", "vRun"),
    ("set-register", "P"),
    ("software-breakpoint", "Z0"),
    ("supported-packets", "qSupported"),
    ("swbreak-feature", "swbreak-feature"),
    ("target-features", "qXfer:features:read"),
    ("verbose-resume", "vCont"),
    ("verbose-resume-supported", "vContSupported"),
    ("write-watchpoint", "Z2"),
];

/// Those about packets that kdive never sends.
pub(super) const NEVER_SENT: &[Setting] = packets![
    true,
    ("TracepointSource", "TracepointSource"),
    ("agent", "QAgent"),
    ("allow", "QAllow"),
    ("breakpoint-commands", "BreakpointCommands"),
    ("btrace-conf-bts-size", "Qbtrace-conf:bts:size"),
    ("btrace-conf-pt-size", "Qbtrace-conf:pt:size"),
    ("catch-syscalls", "QCatchSyscalls"),
    ("conditional-breakpoints", "ConditionalBreakpoints"),
    ("conditional-tracepoints", "ConditionalTracepoints"),
    ("ctrl-c", "vCtrlC"),
    ("disable-btrace", "Qbtrace:off"),
    ("disable-randomization", "QDisableRandomization"),
    ("enable-btrace-bts", "Qbtrace:bts"),
    ("enable-btrace-pt", "Qbtrace:pt"),
    ("environment-hex-encoded", "QEnvironmentHexEncoded"),
    ("environment-reset", "QEnvironmentReset"),
    ("environment-unset", "QEnvironmentUnset"),
    ("exec-event-feature", "exec-event-feature"),
    ("fast-tracepoints", "FastTracepoints"),
    ("fork-event-feature", "fork-event-feature"),
    ("get-thread-information-block-address", "qGetTIBAddr"),
    ("get-thread-local-storage-address", "qGetTLSAddr"),
    ("hostio-close", "vFile:close"),
    ("hostio-fstat", "vFile:fstat"),
    ("hostio-open", "vFile:open"),
    ("hostio-pread", "vFile:pread"),
    ("hostio-pwrite", "vFile:pwrite"),
    ("hostio-readlink", "vFile:readlink"),
    ("hostio-setfs", "vFile:setfs"),
    ("hostio-unlink", "vFile:unlink"),
    ("install-in-trace", "InstallInTrace"),
    ("library-info", "qXfer:libraries:read"),
    ("library-info-svr4", "qXfer:libraries-svr4:read"),
    ("memory-map", "qXfer:memory-map:read"),
    ("memory-tagging-feature", "memory-tagging-feature"),
    ("no-resumed-stop-reply", "N stop reply"),
    ("osdata", "qXfer:osdata:read"),
    ("pass-signals", "QPassSignals"),
    ("pid-to-exec-file", "qXfer:exec-file:read"),
    ("program-signals", "QProgramSignals"),
    ("read-btrace-conf", "qXfer:btrace-conf"),
    ("read-btrace", "qXfer:btrace"),
    ("read-fdpic-loadmap", "qXfer:fdpic:read"),
    ("read-sdata-object", "qXfer:statictrace:read"),
    ("reverse-continue", "bc"),
    ("reverse-step", "bs"),
    ("search-memory", "qSearch:memory"),
    ("set-working-dir", "QSetWorkingDir"),
    ("startup-with-shell", "QStartupWithShell"),
    ("static-tracepoints", "StaticTracepoints"),
    ("symbol-lookup", "qSymbol"),
    ("thread-events", "QThreadEvents"),
    ("threads", "qXfer:threads:read"),
    ("trace-buffer-size", "QTBuffer:size"),
    ("trace-status", "qTStatus"),
    ("traceframe-info", "qXfer:traceframe-info:read"),
    ("unwind-info-block", "qXfer:uib:read"),
    ("vfork-event-feature", "vfork-event-feature"),
    ("write-siginfo-object", "qXfer:siginfo:write"),
];
