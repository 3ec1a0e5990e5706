//! A QEMU that a front end has started.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A program that was started; it ends with this.
#[derive(Debug)]
pub struct HostProcess(Child);

impl Drop for HostProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl HostProcess {
    /// Starts a command line. What it writes goes to `output`, from threads of their own, with whether it is standard error.
    ///
    /// # Errors
    /// No command, or one that cannot be started.
    pub fn start(
        command: &[String],
        env: &BTreeMap<String, String>,
        cwd: Option<&Path>,
        output: impl Fn(bool, &str) + Send + Clone + 'static,
    ) -> io::Result<Self> {
        let [program, arguments @ ..] = command else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no command to start"));
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(cwd) = cwd {
            command.current_dir(cwd);
        }
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{program}: {error}"));
        let mut child = command.spawn().map_err(named)?;
        let streams = [
            (child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>), false),
            (child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>), true),
        ];
        for (stream, is_error) in streams {
            let Some(mut stream) = stream else { continue };
            let output = output.clone();
            // Without a thread its output is not shown.
            let _ = thread::Builder::new().name("console".to_owned()).spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    output(is_error, &String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()));
                }
            });
        }
        Ok(Self(child))
    }
}

/// Where the stub of a QEMU will be, as its command line says with `-s` or `-gdb`.
#[must_use]
pub fn stub_of(command: &[String]) -> Option<String> {
    let gdb = command.iter().position(|word| word == "-gdb").and_then(|at| command.get(at + 1));
    match gdb {
        Some(device) => {
            let device = device.split(',').next().unwrap_or_default();
            Some(device.strip_prefix("tcp:").unwrap_or(device).to_owned())
        }
        None => command.iter().any(|word| word == "-s").then(|| ":1234".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_is_where_the_command_line_says() {
        let stub = |words: &[&str]| {
            let command: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            stub_of(&command)
        };
        assert_eq!(stub(&["qemu", "-s"]).as_deref(), Some(":1234"));
        assert_eq!(stub(&["qemu", "-gdb", "tcp::9000"]).as_deref(), Some(":9000"));
        assert_eq!(stub(&["qemu", "-gdb", "unix:/tmp/s,server=on"]).as_deref(), Some("unix:/tmp/s"));
        assert_eq!(stub(&["qemu"]), None);
    }

    #[test]
    fn what_a_program_writes_is_handed_over() {
        let (sender, texts) = std::sync::mpsc::channel();
        let command = ["sh", "-c", "echo out; echo $word >&2"].map(str::to_owned);
        let env = BTreeMap::from([("word".to_owned(), "err".to_owned())]);
        let output = move |is_error, text: &str| drop(sender.send((is_error, text.to_owned())));
        let process = HostProcess::start(&command, &env, None, output).unwrap();
        let mut told: Vec<(bool, String)> = texts.iter().collect();
        told.sort();
        assert_eq!(told, [(false, "out\n".to_owned()), (true, "err\n".to_owned())]);
        drop(process);
        assert!(HostProcess::start(&[], &env, None, |_, _| {}).is_err());
    }
}
