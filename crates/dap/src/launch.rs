//! Starting a QEMU and showing its console.

use crate::protocol::Failure;
use crate::server::Server;
use crate::transport::Output;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// What `launch` says of the program to start.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Launch {
    /// The command line, `["qemu-system-x86_64", "-kernel", ...]`.
    command: Vec<String>,
    env: BTreeMap<String, String>,
}

/// A program that was started; it ends with this.
pub(crate) struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Launch {
    /// Where the stub will be: as said, or as the command line says with `-s` or `-gdb`.
    pub(crate) fn target(&self, said: Option<&str>) -> Result<String, Failure> {
        if let Some(said) = said {
            return Ok(said.to_owned());
        }
        let words = &self.command;
        let gdb = words.iter().position(|word| word == "-gdb").and_then(|at| words.get(at + 1));
        match gdb {
            Some(device) => {
                let device = device.split(',').next().unwrap_or_default();
                let device = device.strip_prefix("tcp:").unwrap_or(device);
                Ok(device.to_owned())
            }
            None if words.iter().any(|word| word == "-s") => Ok(":1234".to_owned()),
            None => Err(Failure::new(
                "arguments",
                "launch needs \"target\", or a command with -s or -gdb: where the stub will be",
            )),
        }
    }
}

impl Server<'_> {
    /// Starts the program; what it writes is shown in the editor's console.
    pub(crate) fn start(&mut self, launch: &Launch, cwd: Option<&Path>) -> Result<(), Failure> {
        let [program, arguments @ ..] = &launch.command[..] else {
            return Err(Failure::new(
                "arguments",
                "launch needs \"command\": the command line of QEMU as an array",
            ));
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(&launch.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(cwd) = cwd {
            command.current_dir(cwd);
        }
        let mut child =
            command.spawn().map_err(|error| Failure::new("launch", format!("{program}: {error}")))?;
        let streams = [
            (child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>), "stdout"),
            (child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>), "stderr"),
        ];
        for (stream, category) in streams {
            let Some(stream) = stream else { continue };
            let output = self.output.clone();
            // Without a thread its output is not shown.
            let _ = thread::Builder::new()
                .name("console".to_owned())
                .spawn(move || copy(stream, &output, category));
        }
        self.child = Some(Child(child));
        Ok(())
    }
}

fn copy(mut from: Box<dyn Read + Send>, output: &Output, category: &str) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
        output.send(crate::protocol::event("output", json!({ "category": category, "output": text })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_is_where_the_command_line_says() {
        let target = |words: &[&str], said| {
            let command = words.iter().map(|word| (*word).to_owned()).collect();
            Launch { command, ..Launch::default() }.target(said).map_err(|failure| failure.code)
        };
        assert_eq!(target(&["qemu", "-s"], None).unwrap(), ":1234");
        assert_eq!(target(&["qemu", "-gdb", "tcp::9000"], None).unwrap(), ":9000");
        assert_eq!(target(&["qemu", "-gdb", "unix:/tmp/s,server=on"], None).unwrap(), "unix:/tmp/s");
        assert_eq!(target(&["qemu", "-s"], Some("x.sock")).unwrap(), "x.sock");
        assert_eq!(target(&["qemu"], None).unwrap_err(), "arguments");
    }
}
