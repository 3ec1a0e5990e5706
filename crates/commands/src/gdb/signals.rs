//! `handle`, `info signals`, `signal`, `queue-signal`: what becomes of the signals a program gets.

use crate::gdb::events::run;
use crate::spec::{Class, Completer, Needs, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_session::{Caught, Request, Signals, Treatment, known_signal, signal_named};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "handle",
        class: Class::Running,
        summary: "Say what happens when the program gets a signal",
        help: "Usage: handle SIGNAL... [ACTION...]\n\
               SIGNAL is a name (SIGUSR1), a number from 1 to 15, a range of those, or all.\n\
               ACTION is stop or nostop, print or noprint, pass or nopass (noignore, ignore).\n\
               Stop includes print, noprint includes nostop. It concerns programs under\n\
               gdbserver; a guest in QEMU only reports SIGTRAP and SIGINT.",
        examples: &["handle SIGUSR1 nostop noprint pass"],
        complete: Completer::Custom(complete_handle),
        run: handle,
        ..Spec::EMPTY
    },
    Spec {
        name: "info signals",
        aliases: &["info handle"],
        class: Class::Status,
        summary: "What happens when the program gets a signal",
        help: "Usage: info signals [SIGNAL]",
        examples: &["info signals", "info signals SIGALRM"],
        complete: Completer::Custom(complete_signal),
        run: info_signals,
        ..Spec::EMPTY
    },
    Spec {
        name: "signal",
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Continue program with the specified signal",
        help: "Usage: signal SIGNAL\n\
               SIGNAL is a name or a number from 1 to 15; 0 continues without the signal that\n\
               stopped the program.",
        examples: &["signal SIGUSR1", "signal 0"],
        repeat: Repeat::No,
        complete: Completer::Custom(complete_signal),
        run: signal,
        ..Spec::EMPTY
    },
    Spec {
        name: "queue-signal",
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Have the current thread get a signal when it runs again",
        help: "Usage: queue-signal SIGNAL\nAs signal, but nothing runs yet.",
        examples: &["queue-signal SIGUSR1"],
        complete: Completer::Custom(complete_signal),
        run: queue_signal,
        ..Spec::EMPTY
    },
    Spec {
        name: "catch signal",
        class: Class::Breakpoints,
        summary: "Stop when the program gets a signal",
        help: "Usage: catch signal [SIGNAL...|all]\n\
               SIGNAL is a name or a number from 1 to 15. Without any it is each that the\n\
               debugger does not need itself; all includes those. It stops whatever handle says.\n\
               It concerns programs under gdbserver; signals of processes of a guest are the\n\
               kernel's: break send_signal_locked.",
        examples: &["catch signal", "catch signal SIGSEGV SIGBUS"],
        complete: Completer::Custom(complete_signal),
        run: catch_signal,
        ..Spec::EMPTY
    },
];

const HEADER: &str = "Signal        Stop\tPrint\tPass to program\tDescription";
const ONLY_LOW: &str =
    "Only signals 1-15 are valid as numeric signals.\nUse \"info signals\" for a list of symbolic signals.";
const ACTIONS: [&str; 9] =
    ["all", "stop", "nostop", "print", "noprint", "pass", "nopass", "ignore", "noignore"];

fn complete_signal(_: &Shell, text: &str) -> Vec<String> {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let names = Signals::all().filter_map(known_signal).map(|(name, _)| name.into_owned());
    names.filter(|name| name.starts_with(word)).collect()
}

fn complete_handle(shell: &Shell, text: &str) -> Vec<String> {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let actions = ACTIONS.iter().filter(|action| action.starts_with(word)).map(|action| (*action).to_owned());
    complete_signal(shell, text).into_iter().chain(actions).collect()
}

/// A signal by its number, of which 1 to 15 are what everybody means by them.
fn by_number(number: i64) -> Result<u8, Error> {
    match u8::try_from(number) {
        Ok(signal @ 1..=15) => Ok(signal),
        _ => Err(Error::msg(ONLY_LOW)),
    }
}

fn row(signal: u8, treatment: Treatment) -> Option<String> {
    let (name, meaning) = known_signal(signal)?;
    let word = |yes| if yes { "Yes" } else { "No" };
    let Treatment { stop, print, pass } = treatment;
    Some(format!("{name:<13} {}\t{}\t{}\t\t{meaning}", word(stop), word(print), word(pass)))
}

fn info_signals(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if !args.is_empty() {
        let signal = match signal_named(args.text()) {
            Some(signal) => signal,
            None => by_number(super::run::integer(shell, args.text())?)?,
        };
        shell.out.line(HEADER);
        tell(shell, signal);
        return Ok(());
    }
    shell.out.line(HEADER);
    shell.out.line("");
    for signal in Signals::all() {
        shell.check_interrupt()?;
        tell(shell, signal);
    }
    shell.out.line("\nUse the \"handle\" command to change these tables.");
    Ok(())
}

fn tell(shell: &mut Shell, signal: u8) {
    if let Some(text) = row(signal, shell.session.signals.treatment(signal)) {
        shell.out.line(&text);
    }
}

/// What a word of `handle` asks for.
fn action(word: &str) -> Option<fn(&mut Treatment)> {
    let is = |full: &str, shortest: usize| word.len() >= shortest && full.starts_with(word);
    let change: fn(&mut Treatment) = match word {
        _ if is("stop", 1) => |signal| (signal.stop, signal.print) = (true, true),
        _ if is("ignore", 1) => |signal| signal.pass = false,
        _ if is("pass", 2) => |signal| signal.pass = true,
        _ if is("print", 2) => |signal| signal.print = true,
        _ if is("noignore", 3) => |signal| signal.pass = true,
        _ if is("nostop", 4) => |signal| signal.stop = false,
        _ if is("noprint", 4) => |signal| (signal.stop, signal.print) = (false, false),
        _ if is("nopass", 4) => |signal| signal.pass = false,
        _ => return None,
    };
    Some(change)
}

/// The signals a word of `handle` names.
fn named(word: &str) -> Result<Vec<u8>, Error> {
    if !word.is_empty() && "all".starts_with(word) {
        return Ok(Signals::all().filter(|signal| !Signals::is_own(*signal)).collect());
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let (low, high) = word.split_once('-').unwrap_or((word, word));
        let number = |text: &str| text.parse::<i64>().map_err(|_| unrecognized(word));
        let (low, high) = (by_number(number(low)?)?, by_number(number(high)?)?);
        return Ok((low.min(high)..=low.max(high)).collect());
    }
    signal_named(word).map(|signal| vec![signal]).ok_or_else(|| unrecognized(word))
}

fn unrecognized(word: &str) -> Error {
    Error::msg(format!("Unrecognized or ambiguous flag word: \"{word}\"."))
}

fn handle(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (signal to handle).")?;
    let mut chosen: Vec<u8> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(change) = action(word) {
            for &signal in &chosen {
                if let Some(treatment) = shell.session.signals.treatment_mut(signal) {
                    change(treatment);
                }
            }
            continue;
        }
        let signals = named(word)?;
        for signal in signals {
            if chosen.contains(&signal) {
                continue;
            }
            if Signals::is_own(signal) {
                let name = known_signal(signal).map(|(name, _)| name).unwrap_or_default();
                let question =
                    format!("{name} is used by the debugger. \nAre you sure you want to change it");
                if !shell.query(&question) {
                    shell.out.line("Not confirmed, unchanged.");
                    continue;
                }
            }
            chosen.push(signal);
        }
    }
    if args.from_tty && !chosen.is_empty() {
        chosen.sort_unstable();
        shell.out.line(HEADER);
        for signal in chosen {
            tell(shell, signal);
        }
    }
    Ok(())
}

/// The signal of `signal` and `queue-signal`; 0 is none.
fn argument(shell: &mut Shell, args: &Args<'_>) -> Result<u8, Error> {
    let text = args.required("Argument required (signal number).")?;
    if let Some(signal) = signal_named(text) {
        return Ok(signal);
    }
    match super::run::integer(shell, text)? {
        0 => Ok(0),
        number => by_number(number),
    }
}

fn signal(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let signal = argument(shell, &args)?;
    shell.session.set_signal(signal)?;
    if args.from_tty {
        shell.out.line(&match known_signal(signal) {
            Some((name, _)) => format!("Continuing with signal {name}."),
            None => "Continuing with no signal.".to_owned(),
        });
    }
    run(shell, Request::Continue)
}

fn catch_signal(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let caught = caught(args.text())?;
    let added = shell.session.add_signal_catch(caught);
    crate::gdb::breakpoints::tell(shell, &added, false);
    Ok(())
}

/// The signals that the words of `catch signal` name.
fn caught(text: &str) -> Result<Caught, Error> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [] => return Ok(Caught::Standard),
        ["all"] => return Ok(Caught::Any),
        _ if words.contains(&"all") => {
            return Err(Error::msg("'all' cannot be caught with other signals"));
        }
        _ => {}
    }
    let signal = |word: &&str| match word.parse::<i64>() {
        Ok(number) => by_number(number),
        Err(_) => signal_named(word).ok_or_else(|| Error::msg(format!("Unknown signal name '{word}'."))),
    };
    words.iter().map(signal).collect::<Result<_, _>>().map(Caught::These)
}

fn queue_signal(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let signal = argument(shell, &args)?;
    if signal != 0 && !shell.session.signals.treatment(signal).pass {
        return Err(Error::msg("Signal handling set to not pass this signal to the program."));
    }
    Ok(shell.session.set_signal(signal)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_gdbs() {
        let all = Treatment { stop: true, print: true, pass: true };
        assert_eq!(row(1, all).unwrap(), "SIGHUP        Yes\tYes\tYes\t\tHangup");
        assert_eq!(row(145, all).unwrap(), "EXC_BAD_ACCESS Yes\tYes\tYes\t\tCould not access memory");
        assert_eq!(row(143, all), None);
    }

    #[test]
    fn words_of_handle() {
        let with = |words: &[&str]| {
            let mut treatment = Treatment { stop: true, print: true, pass: true };
            for word in words {
                action(word).unwrap()(&mut treatment);
            }
            (treatment.stop, treatment.print, treatment.pass)
        };
        assert_eq!(with(&["noprint", "nopass"]), (false, false, false));
        assert_eq!(with(&["noprint", "s"]), (true, true, true));
        assert_eq!(with(&["nost", "i"]), (false, true, false));
        assert!(action("no").is_none() && action("p").is_none());
        assert_eq!(named("14-15").unwrap(), [14, 15]);
        assert_eq!(named("3-1").unwrap(), [1, 2, 3]);
        assert_eq!(named("16").unwrap_err().to_string(), ONLY_LOW);
        assert_eq!(named("a").unwrap().len(), 147);
        assert_eq!(named("frob").unwrap_err().to_string(), "Unrecognized or ambiguous flag word: \"frob\".");
    }
}
