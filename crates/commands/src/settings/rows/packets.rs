//! `set remote NAME-packet`: whether a packet of the protocol is used. `auto` asks the stub.

use crate::Shell;
use crate::settings::{Kind, Setting, Show, Value};

macro_rules! packets {
    ($(($name:literal, $packet:literal)),* $(,)?) => {
        &[$(Setting {
            name: concat!("remote ", $name, "-packet"),
            aliases: old_names($name),
            kind: Kind::AutoBool,
            default: "auto",
            summary: concat!("the use of the remote protocol's `", $packet, "' packet"),
            show: Show::Custom(|shell, value| say(shell, $packet, value)),
            ..Setting::EMPTY
        }),*]
    };
}

/// One line per packet.
fn say(_shell: &Shell, packets: &str, value: &Value) -> String {
    let state = match value {
        Value::Bool(true) => "currently enabled",
        Value::Bool(false) => "currently disabled",
        _ => "auto-detected, currently unknown",
    };
    let lines: Vec<String> =
        packets.split('/').map(|packet| format!("Support for the `{packet}' packet is {state}.")).collect();
    lines.join("\n")
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

/// The settings of this file.
pub(super) const ROWS: &[Setting] = packets![
    ("TracepointSource", "TracepointSource"),
    ("access-watchpoint", "Z4"),
    ("agent", "QAgent"),
    ("allow", "QAllow"),
    ("attach", "vAttach"),
    ("binary-download", "X"),
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
    ("fetch-register", "p"),
    ("fork-event-feature", "fork-event-feature"),
    ("get-thread-information-block-address", "qGetTIBAddr"),
    ("get-thread-local-storage-address", "qGetTLSAddr"),
    ("hardware-breakpoint", "Z1"),
    ("hostio-close", "vFile:close"),
    ("hostio-fstat", "vFile:fstat"),
    ("hostio-open", "vFile:open"),
    ("hostio-pread", "vFile:pread"),
    ("hostio-pwrite", "vFile:pwrite"),
    ("hostio-readlink", "vFile:readlink"),
    ("hostio-setfs", "vFile:setfs"),
    ("hostio-unlink", "vFile:unlink"),
    ("hwbreak-feature", "hwbreak-feature"),
    ("install-in-trace", "InstallInTrace"),
    ("kill", "vKill"),
    ("library-info", "qXfer:libraries:read"),
    ("library-info-svr4", "qXfer:libraries-svr4:read"),
    ("memory-map", "qXfer:memory-map:read"),
    ("memory-tagging-feature", "memory-tagging-feature"),
    ("multiprocess-feature", "multiprocess-feature"),
    ("no-resumed-stop-reply", "N stop reply"),
    ("noack", "QStartNoAckMode"),
    ("osdata", "qXfer:osdata:read"),
    ("pass-signals", "QPassSignals"),
    ("pid-to-exec-file", "qXfer:exec-file:read"),
    ("program-signals", "QProgramSignals"),
    ("query-attached", "qAttached"),
    ("read-aux-vector", "qXfer:auxv:read"),
    ("read-btrace-conf", "qXfer:btrace-conf"),
    ("read-btrace", "qXfer:btrace"),
    ("read-fdpic-loadmap", "qXfer:fdpic:read"),
    ("read-sdata-object", "qXfer:statictrace:read"),
    ("read-siginfo-object", "qXfer:siginfo:read"),
    ("read-watchpoint", "Z3"),
    ("reverse-continue", "bc"),
    ("reverse-step", "bs"),
    ("run", "vRun"),
    ("search-memory", "qSearch:memory"),
    ("set-register", "P"),
    ("set-working-dir", "QSetWorkingDir"),
    ("software-breakpoint", "Z0"),
    ("startup-with-shell", "QStartupWithShell"),
    ("static-tracepoints", "StaticTracepoints"),
    ("supported-packets", "qSupported"),
    ("swbreak-feature", "swbreak-feature"),
    ("symbol-lookup", "qSymbol"),
    ("target-features", "qXfer:features:read"),
    ("thread-events", "QThreadEvents"),
    ("threads", "qXfer:threads:read"),
    ("trace-buffer-size", "QTBuffer:size"),
    ("trace-status", "qTStatus"),
    ("traceframe-info", "qXfer:traceframe-info:read"),
    ("unwind-info-block", "qXfer:uib:read"),
    ("verbose-resume", "vCont"),
    ("verbose-resume-supported", "vContSupported"),
    ("vfork-event-feature", "vfork-event-feature"),
    ("write-siginfo-object", "qXfer:siginfo:write"),
    ("write-watchpoint", "Z2"),
    ("Z", "Z0/Z1/Z2/Z3/Z4"),
];
