//! What events say, in gdb's words where gdb has some.

use kdive_session::{Error, Failure, Notice, OsNote, OsWarning, Refusal, Warning, describe_signal};

/// What is debugged: `process 1`, or `Remote target` where the stub has no processes, as kgdb.
fn inferior(process: Option<u64>) -> String {
    process.map_or_else(|| "Remote target".to_owned(), |pid| format!("process {pid}"))
}

/// `[Inferior 1 (process 1) exited normally]`
#[must_use]
pub fn exited(code: u8, process: Option<u64>) -> String {
    let inferior = inferior(process);
    match code {
        0 => format!("[Inferior 1 ({inferior}) exited normally]"),
        code => format!("[Inferior 1 ({inferior}) exited with code 0{code:o}]"),
    }
}

/// What is said when a signal has ended the program.
#[must_use]
pub fn killed(signal: u8) -> String {
    let (name, meaning) = describe_signal(signal);
    format!("\nProgram terminated with signal {name}, {meaning}.\nThe program no longer exists.")
}

/// A line for standard output.
#[must_use]
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::HardwareInstead { breakpoint, reason } => {
            format!("Breakpoint {breakpoint} uses a hardware breakpoint: {reason}.")
        }
        Notice::ThreadGone { breakpoint, thread } => format!(
            "Thread-specific breakpoint {breakpoint} deleted - thread {thread} no longer in the thread list."
        ),
        Notice::StepsToEndOf(function) => format!(
            "Single stepping until exit from function {function},\nwhich has no line number information."
        ),
        Notice::Os(OsNote::KernelAt { start, slide }) => {
            format!("Kernel at {start}, KASLR slide {slide:#x}.")
        }
        Notice::Os(OsNote::Restarted) => "The guest restarts.".to_owned(),
    }
}

/// What follows `warning: `.
#[must_use]
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::MayNotInterrupt => "May not interrupt or stop the target, ignoring attempt".to_owned(),
        Warning::ConditionInvalid { breakpoint, location, error } => {
            let place = breakpoint.map_or_else(String::new, |number| format!("{number}."));
            format!("failed to validate condition at location {place}{location}, disabling:\n  {error}")
        }
        Warning::NotReset { breakpoint, error } => {
            format!("Error in re-setting breakpoint {breakpoint}: {error}")
        }
        Warning::NoTask(pid) => format!("no task has PID {pid}; the breakpoint applies once one does"),
        Warning::Os(warning) => os_warning(warning),
        Warning::ForeignProcessor { name } => format!(
            "the target is {name}: its registers, memory and code are shown; frames, calls and Linux are not known there"
        ),
        Warning::OtherProcessor { file, of_file, of_target } => format!(
            "{} is for {of_file}, the target is {of_target}: its symbols are not those of the target",
            file.display()
        ),
        Warning::NoProgram => "No executable has been specified and target does not support\n\
             determining executable automatically.  Try using the \"file\" command."
            .to_owned(),
        Warning::NotPlaced(text) | Warning::Resynchronized(text) | Warning::Expression(text) => text.clone(),
    }
}

fn os_warning(warning: &OsWarning) -> String {
    let OsWarning::OtherKernel { running, file, build_ids, file_id } = warning else {
        return "The kernel still starts. kgdb cannot take a breakpoint out again that was set now once the kernel has\n\
                write-protected its code: delete it before, or set it later."
            .to_owned();
    };
    let with_id = |release: &Option<String>, id: Option<&String>| match (release, id) {
        (Some(release), Some(id)) => Some(format!("{release} (build-id {id})")),
        (Some(release), None) => Some(release.clone()),
        (None, Some(id)) => Some(format!("build-id {id}")),
        (None, None) => None,
    };
    let same = running.is_some() && running == file && build_ids.is_none();
    let (guest_id, known_file_id) =
        (build_ids.as_ref().map(|ids| &ids.0), build_ids.as_ref().map(|ids| &ids.1));
    let guest = match with_id(running, guest_id) {
        Some(text) if same => format!("the guest runs another build of {text}"),
        Some(text) => format!("the guest runs {text}"),
        None => "its linux_banner is nowhere in the guest's kernel image".to_owned(),
    };
    let file = with_id(file, known_file_id.or(file_id.as_ref()));
    let file = file.map_or_else(String::new, |text| format!(", the file is {text}"));
    format!(
        "the loaded vmlinux is not the running kernel: {guest}{file}; load the right one with the file command"
    )
}

/// Lines for standard error, without a newline at the end.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Condition(error) => format!("Error in testing breakpoint condition:\n{error}"),
        Failure::Task { breakpoint, reason } => {
            format!("Error in testing the task of breakpoint {breakpoint}:\n{reason}")
        }
        Failure::NotInserted { breakpoints, reason } => {
            let lines: String =
                breakpoints.iter().map(|number| format!("Cannot insert breakpoint {number}.\n")).collect();
            format!("Warning:\n{lines}{reason}\n")
        }
        Failure::Command(error) => self::error(error),
    }
}

/// Why a command of run control has failed.
#[must_use]
pub fn error(error: &Error) -> String {
    match error {
        Error::NotInserted(refusal) => self::refusal(refusal),
        other => other.to_string(),
    }
}

fn refusal(refusal: &Refusal) -> String {
    let mut text = String::new();
    match refusal {
        Refusal::DebugRegisters { breakpoints, watchpoints } => {
            text.push_str("Warning:\n");
            for number in breakpoints {
                text.push_str(&format!("Cannot insert hardware breakpoint {number}.\n"));
            }
            for number in watchpoints {
                text.push_str(&format!("Could not insert hardware watchpoint {number}.\n"));
            }
            text.push_str(
                "Could not insert hardware breakpoints:\n\
                 You may have requested too many hardware breakpoints/watchpoints.\n",
            );
        }
        Refusal::NotAllowed(places) => {
            text.push_str(&"warning: May not insert breakpoints\n".repeat(places.len()));
            text.push_str("Warning:\n");
            for (number, addr) in places {
                text.push_str(&format!(
                    "Cannot insert breakpoint {number}.\nCannot access memory at address {addr}\n"
                ));
            }
        }
    }
    text + "\nCommand aborted."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kernel() {
        let start = "the loaded vmlinux is not the running kernel: ";
        let end = "; load the right one with the file command";
        let said =
            |running: Option<&str>, file: Option<&str>, ids: Option<(&str, &str)>, file_id: Option<&str>| {
                let text = warning(&Warning::Os(OsWarning::OtherKernel {
                    running: running.map(str::to_owned),
                    file: file.map(str::to_owned),
                    build_ids: ids.map(|(running, file)| (running.to_owned(), file.to_owned())),
                    file_id: file_id.map(str::to_owned),
                }));
                text.strip_prefix(start).unwrap().strip_suffix(end).unwrap().to_owned()
            };
        assert_eq!(
            said(Some("6.1"), Some("6.12"), Some(("aa", "bb")), Some("bb")),
            "the guest runs 6.1 (build-id aa), the file is 6.12 (build-id bb)"
        );
        assert_eq!(said(Some("6.1"), Some("6.12"), None, None), "the guest runs 6.1, the file is 6.12");
        assert_eq!(
            said(Some("6.1"), Some("6.1"), None, Some("bb")),
            "the guest runs another build of 6.1, the file is 6.1 (build-id bb)"
        );
        assert_eq!(
            said(None, None, Some(("aa", "bb")), None),
            "the guest runs build-id aa, the file is build-id bb"
        );
        assert_eq!(
            said(None, Some("2.4.20"), None, None),
            "its linux_banner is nowhere in the guest's kernel image, the file is 2.4.20"
        );
    }
}
