//! Connecting to a stub, parting from it, and talking to it directly.

use crate::gdb::display::do_displays;
use crate::gdb::events::{failure, show_selected, show_stage, tell_pending};
use crate::gdb::{guest, tdesc};
use crate::output::{Stream, Style};
use crate::settings::rows::packets;
use crate::settings::{expand_home, packet_size};
use crate::spec::{Class, Completer, Needs, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_session::{ConnectOptions, InterruptSequence, Log, LogBase, Packet, Packets, Show};
use std::time::Duration;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "target",
        class: Class::Running,
        summary: "Connect to a target machine",
        help: "Usage: target remote ADDRESS\n\
               target extended-remote ADDRESS\n\
               \n\
               QEMU has a stub when it is started with -s (port 1234) or -gdb tcp::PORT; with -S\n\
               it waits before the first instruction. Then, with the vmlinux of the guest:\n\
               \n\
               qemu-system-x86_64 -kernel bzImage -append console=ttyS0 -nographic -s -S\n\
               kdive vmlinux -ex 'target remote :1234'\n\
               \n\
               A socket: -gdb unix:gdb.sock,server=on,wait=off, and target remote gdb.sock. A\n\
               QEMU that runs already opens one by the monitor command gdbserver tcp::1234.\n\
               \n\
               libvirt: virsh qemu-monitor-command GUEST --hmp gdbserver tcp::1234.\n\
               \n\
               kgdb: start the guest with kgdboc=ttyS0,115200 (kgdbwait waits in the boot), stop it\n\
               with echo g > /proc/sysrq-trigger, and connect to that serial line: a device, a\n\
               pty or the socket QEMU has for it. Where the line is a console too, kdive stops a\n\
               kernel that runs: set remote interrupt-sequence BREAK-g, for connecting with set\n\
               remote interrupt-on-connect on. A socket of QEMU has to have telnet=on for that.\n\
               \n\
               KASLR may stay on. detach lets the guest run on, kill ends it.",
        keywords: &["QEMU", "kgdb", "connect", "attach", "start a guest", "virsh"],
        examples: &["target remote :1234", "target remote gdb.sock", "target remote /dev/ttyUSB0"],
        repeat: Repeat::No,
        run: |shell, _| {
            crate::help::list_subcommands(shell, &["target".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "target remote",
        class: Class::Running,
        summary: "Use a remote computer via a stub, such as QEMU's",
        help: "Usage: target remote ADDRESS\n\
               ADDRESS is HOST:PORT, :PORT, tcp:HOST:PORT (tcp4:, tcp6:), unix:PATH or the\n\
               path of a socket, | COMMAND, or a serial device (set serial baud). Where nothing\n\
               listens yet it is tried again for as long as set tcp connect-timeout says.\n\
               Without ADDRESS: the one of the connection before, as after a restart of QEMU.\n\
               Breakpoints stay.",
        keywords: &["QEMU", "kgdb", "connect", "attach", "libvirt"],
        examples: &[
            "target remote :1234",
            "target remote /tmp/gdb.sock",
            "target remote | ssh host nc -U /tmp/g",
        ],
        repeat: Repeat::No,
        complete: Completer::File,
        run: |shell, args| connect(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "target extended-remote",
        class: Class::Running,
        summary: "Use a remote computer via a stub that stays when its program ends",
        help: "Usage: target extended-remote ADDRESS\nAs target remote.",
        examples: &["target extended-remote :1234"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: |shell, args| connect(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "detach",
        class: Class::Running,
        needs: Needs::TARGET,
        summary: "Detach a process or file previously attached",
        help: "The guest runs on by itself.",
        examples: &["detach"],
        repeat: Repeat::No,
        run: detach,
        ..Spec::EMPTY
    },
    Spec {
        name: "disconnect",
        class: Class::Running,
        summary: "Disconnect from a target",
        help: "The guest stays as it is, stopped or running.",
        examples: &["disconnect"],
        repeat: Repeat::No,
        run: disconnect,
        ..Spec::EMPTY
    },
    Spec {
        name: "kill",
        aliases: &["k"],
        class: Class::Running,
        summary: "Kill execution of program being debugged",
        help: "QEMU exits.",
        examples: &["kill"],
        repeat: Repeat::No,
        run: kill,
        ..Spec::EMPTY
    },
    Spec {
        name: "monitor",
        aliases: &["mon", "mo"],
        class: Class::Obscure,
        summary: "Send a command to the remote monitor",
        help: "Usage: monitor COMMAND\nQEMU's human monitor answers.",
        examples: &["monitor info registers", "monitor info status"],
        run: monitor,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance packet",
        class: Class::Internals,
        summary: "Send an arbitrary packet to a remote target",
        help: "Usage: maintenance packet TEXT\nThe text is sent as it stands, and the reply is shown.",
        examples: &["maintenance packet qqemu.sstep"],
        run: packet,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance packets",
        class: Class::Internals,
        summary: "Number of packets and bytes on the connection",
        help: "In all, and since the program was last resumed.",
        examples: &["maintenance packets"],
        run: packets,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance flush dcache",
        class: Class::Internals,
        summary: "Forget everything read from the target",
        help: "Memory and registers are read again.",
        examples: &["maintenance flush dcache"],
        run: flush,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance flush register-cache",
        aliases: &["flushregs"],
        class: Class::Internals,
        summary: "Forget everything read from the target",
        help: "Memory and registers are read again.",
        examples: &["maintenance flush register-cache"],
        run: flush,
        ..Spec::EMPTY
    },
];

/// Where lines of `set debug remote` go: standard error, past the output of commands, because they come while the
/// connection is in use.
fn debug_sink() -> kdive_session::DebugSink {
    Box::new(|line| {
        use std::io::Write as _;
        // There is no way to report that the log cannot be written.
        let _ = writeln!(std::io::stderr(), "{line}");
    })
}

fn record_file(shell: &Shell) -> Result<Option<Box<dyn std::io::Write>>, Error> {
    let name = shell.settings.text("remotelogfile");
    if name.is_empty() {
        return Ok(None);
    }
    let file = std::fs::OpenOptions::new().append(true).create(true).open(expand_home(&name));
    match file {
        Ok(file) => Ok(Some(Box::new(file))),
        Err(error) => Err(Error::msg(format!("{name}: {}.", crate::settings::os_message(&error)))),
    }
}

fn seconds(shell: &Shell, name: &str) -> Duration {
    // `unlimited` is as long as anybody waits.
    Duration::from_secs(shell.settings.number(name).unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX)))
}

/// `set remotelogbase`.
fn log_base(shell: &Shell) -> LogBase {
    match shell.settings.text("remotelogbase").as_str() {
        "hex" => LogBase::Hex,
        "octal" => LogBase::Octal,
        _ => LogBase::Ascii,
    }
}

fn shown_of_packets(shell: &Shell) -> Option<usize> {
    let most = shell.settings.number("debug remote-packet-max-chars")?;
    Some(usize::try_from(most).unwrap_or(usize::MAX))
}

/// What the user decided about each packet that is ever sent (`set remote NAME-packet`).
fn decisions(shell: &Shell) -> Vec<(Packet, Option<bool>)> {
    let all = packets::NAMES.iter().filter_map(|(name, packet)| {
        let choice = shell.settings.auto_bool(&format!("remote {name}-packet"));
        Some((Packet::named(packet)?, choice))
    });
    all.collect()
}

fn interrupt_sequence(shell: &Shell) -> InterruptSequence {
    match shell.settings.text("remote interrupt-sequence").as_str() {
        "BREAK" => InterruptSequence::Break,
        "BREAK-g" => InterruptSequence::BreakG,
        _ => InterruptSequence::CtrlC,
    }
}

/// A setting of the connection got a new value: the connection there is takes it over.
///
/// # Errors
/// When the log file cannot be opened.
pub fn setting_changed(shell: &mut Shell, name: &str) -> Result<(), Error> {
    if name == "tdesc filename" {
        return tdesc::changed(shell);
    }
    let Some(remote) = shell.session.remote().cloned() else { return Ok(()) };
    match name {
        "remotetimeout" => remote.set_remote_timeout(seconds(shell, name)),
        "remote interrupt-sequence" => remote.set_interrupt_sequence(interrupt_sequence(shell)),
        "debug remote" => remote.set_debug(shell.settings.bool(name).then(debug_sink)),
        "remotelogfile" => remote.set_record(record_file(shell)?),
        "remotelogbase" => remote.set_log_base(log_base(shell)),
        "debug remote-packet-max-chars" => remote.set_shown(shown_of_packets(shell)),
        "remote memory-read-packet-size" | "remote memory-write-packet-size" => {
            let (read, write) = packet_size::of(&shell.settings);
            remote.set_packet_sizes(read, write);
        }
        _ if name.ends_with("-packet") => {
            for (packet, choice) in decisions(shell) {
                remote.decide_packet(packet, choice);
            }
        }
        _ => {}
    }
    Ok(())
}

fn connect(shell: &mut Shell, args: Args<'_>, extended: bool) -> Result<(), Error> {
    let last = shell.session.address().map(str::to_owned);
    let address = match (args.text(), &last) {
        ("", Some(last)) => last.as_str(),
        _ => args.required(
            "To open a remote debug connection, you need to specify what\nserial device is attached to the remote system\n(e.g. /dev/ttyS0, /dev/ttya, COM1, etc.).",
        )?,
    };
    if shell.session.target().is_some() {
        // Without an address it is to come back to where it is already.
        let asks = args.from_tty && !args.is_empty();
        if asks && guest::is_spoken_of(shell) {
            guest::may_leave(shell)?;
        } else if asks && !shell.query("A program is being debugged already.  Kill it") {
            return Err(Error::msg("Program not killed."));
        }
        // What is there is left as it is: connecting elsewhere is no reason to end a guest.
        shell.session.disconnect().map_err(failure)?;
    }
    let options = ConnectOptions {
        extended,
        remote_timeout: seconds(shell, "remotetimeout"),
        connect_timeout: seconds(shell, "tcp connect-timeout"),
        auto_retry: shell.settings.bool("tcp auto-retry"),
        baud: shell.settings.signed("serial baud").and_then(|baud| u32::try_from(baud).ok()),
        interrupt_sequence: interrupt_sequence(shell),
        interrupt_on_connect: shell.settings.bool("remote interrupt-on-connect"),
        arch: shell.program().arch(),
        packets: {
            let mut packets = Packets::default();
            for (packet, choice) in decisions(shell) {
                packets.decide(packet, choice);
            }
            packets
        },
        packet_sizes: packet_size::of(&shell.settings),
        description: tdesc::read(shell),
    };
    let mut log = Log::new();
    log.set_base(log_base(shell));
    log.set_shown(shown_of_packets(shell));
    log.set_debug(shell.settings.bool("debug remote").then(debug_sink));
    log.set_record(record_file(shell)?);
    let person = shell.is_interactive();
    let Shell { session, out, .. } = shell;
    let mut waits = || {
        if person {
            out.line(&format!("Waiting for {address}, Ctrl-C gives up."));
            out.flush();
        }
    };
    let connected = match session.connect(address, &options, log, &mut waits) {
        Ok(connected) => connected,
        Err(error) => {
            for text in &error.diagnostics {
                shell.out.emit(Stream::Err, Style::Plain, text);
            }
            return Err(Error::msg(error));
        }
    };
    if args.from_tty {
        shell.out.line(&format!("Remote debugging using {address}"));
    }
    tell_pending(shell);
    if connected.stop.is_none() {
        return Ok(());
    }
    shell.last_stop = None;
    shell.run_stop_hook()?;
    let shown = show_selected(shell, false, Show::FrameAndSource);
    if shown.is_ok() && shell.is_interactive() {
        show_stage(shell);
    }
    do_displays(shell);
    shown
}

fn detach(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if guest::is_spoken_of(shell) {
        let result = shell.session.detach().map_err(failure);
        after(shell);
        shell.out.line(guest::LET_GO);
        return result;
    }
    let inferior = shell.session.inferior();
    if args.from_tty {
        announce_detach(shell, &inferior);
    }
    let result = shell.session.detach().map_err(failure);
    if args.from_tty {
        shell.out.line(ENDING);
    }
    after(shell);
    tell_inferior(shell, &inferior, "detached");
    result
}

/// What the user is told after the stub detached.
pub(super) const ENDING: &str = "Ending remote debugging.";

/// `Detaching from program: vmlinux, process 1`
pub(super) fn announce_detach(shell: &mut Shell, inferior: &str) {
    let modules = &shell.program().modules;
    let file = modules.modules().first().map(|module| module.object().path().display().to_string());
    shell.out.line(&match file {
        Some(path) => format!("Detaching from program: {path}, {inferior}"),
        None => format!("Detaching from pid {inferior}"),
    });
}

fn disconnect(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if shell.session.remote().is_none() {
        let target = if shell.program().modules.modules().is_empty() { "None" } else { "exec" };
        return Err(Error::msg(format!("You can't do that when your target is `{target}'")));
    }
    let line = if guest::is_spoken_of(shell) { guest::DISCONNECTED } else { ENDING };
    shell.session.disconnect().map_err(failure)?;
    if args.from_tty {
        shell.out.line(line);
    }
    after(shell);
    Ok(())
}

/// `[Inferior 1 (process 1) detached]`, unless `set print inferior-events off`.
pub fn tell_inferior(shell: &mut Shell, inferior: &str, what: &str) {
    if shell.settings.bool("print inferior-events") {
        shell.out.line(&format!("[Inferior 1 ({inferior}) {what}]"));
    }
}

fn kill(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if shell.session.target().is_none() {
        return Err(Error::msg("The program is not being run."));
    }
    guest::may_kill(shell, args.invoked)?;
    let inferior = shell.session.inferior();
    shell.session.kill().map_err(failure)?;
    after(shell);
    if guest::is_spoken_of(shell) {
        shell.out.line("[The guest was killed]");
    } else {
        tell_inferior(shell, &inferior, "killed");
    }
    Ok(())
}

/// What is to be said once the target is gone.
fn after(shell: &mut Shell) {
    tell_pending(shell);
}

fn monitor(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if shell.session.remote().is_none() {
        return Err(Error::msg("\"monitor\" command not supported by this target."));
    }
    let mut text = Vec::new();
    let result = shell.session.monitor(args.text().as_bytes(), &mut |bytes| text.extend_from_slice(bytes));
    shell.out.put_bytes(&text);
    shell.session.take_notes();
    tell_pending(shell);
    result.map_err(failure)
}

fn packet(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if shell.session.remote().is_none() {
        return Err(Error::msg("command can only be used with remote target"));
    }
    let text = args.required("remote-packet command requires packet text as argument")?;
    shell.out.line(&format!("sending: \"{text}\""));
    let reply = shell.session.packet(text.as_bytes()).map_err(failure)?;
    let shown: String = reply
        .iter()
        .map(|&byte| {
            if byte.is_ascii_graphic() || byte == b' ' {
                char::from(byte).to_string()
            } else {
                format!("\\x{byte:02x}")
            }
        })
        .collect();
    shell.out.line(&format!("received: \"{shown}\""));
    Ok(())
}

fn packets(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let Some(remote) = shell.session.remote() else {
        return Err(Error::msg("command can only be used with remote target"));
    };
    let statistics = remote.statistics();
    for (title, traffic) in [("In all", statistics.total), ("Since the last resume", statistics.since_resume)]
    {
        shell.out.line(&format!(
            "{title}: {} packets and {} bytes sent, {} packets and {} bytes received.",
            traffic.packets_sent, traffic.bytes_sent, traffic.packets_received, traffic.bytes_received
        ));
    }
    Ok(())
}

fn flush(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    if let Some(remote) = shell.session.remote() {
        remote.flush();
    }
    shell.program().invalidate();
    Ok(())
}
