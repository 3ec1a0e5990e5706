//! Files, targets, directories, and what the debugger says of itself.

use crate::commands::{COMMANDS, Outcome, Session, usage};
use crate::record::Fields;

/// What `-list-features` tells.
const FEATURES: &[&str] = &[
    "frozen-varobjs",
    "pending-breakpoints",
    "thread-info",
    "data-read-memory-bytes",
    "breakpoint-notifications",
    "language-option",
    "info-gdb-mi-command",
    "undefined-command-error-code",
    "data-disassemble-a-option",
];

impl Session<'_> {
    /// Everything that is not about the program.
    pub fn environment(&mut self, name: &str, args: &[String], rest: &str) -> Outcome {
        match name {
            "file-exec-and-symbols" => self.silently("file", rest),
            "file-exec-file" => self.silently("exec-file", rest),
            "file-symbol-file" => self.silently("symbol-file", rest),
            "file-list-shared-libraries" => self.shared_libraries(),
            "target-select" => self.target_select(rest),
            "target-detach" => self.silently("detach", ""),
            "target-disconnect" => self.silently("disconnect", ""),
            "target-attach" => Err("kdive debugs kernels, it cannot attach to a process".to_owned()),
            "target-download" => {
                Err("kdive loads nothing into the target: the guest has its kernel".to_owned())
            }
            "environment-cd" => {
                let [directory] = args else { return usage("-environment-cd: Usage DIRECTORY") };
                self.silently("cd", directory)
            }
            "environment-pwd" => {
                if !args.is_empty() {
                    return usage("-environment-pwd: No arguments allowed");
                }
                let cwd = std::env::current_dir().map_err(|error| error.to_string())?;
                let mut fields = Fields::new();
                fields.field("cwd", cwd.display());
                Ok(fields)
            }
            "environment-directory" => self.directories(args),
            "environment-path" => self.path(args),
            "inferior-tty-set" => {
                self.client.tty = args.first().cloned().unwrap_or_default();
                Ok(Fields::new())
            }
            "inferior-tty-show" => {
                let mut fields = Fields::new();
                let tty = Some(&self.client.tty).filter(|tty| !tty.is_empty());
                fields.optional("inferior_tty_terminal", tty);
                Ok(fields)
            }
            "gdb-version" => {
                self.channel().say(false, crate::server::GREETING);
                Ok(Fields::new())
            }
            "list-features" => Ok(list("features", FEATURES)),
            "list-target-features" => {
                let is_async = self.client.is_async && self.engine().target().is_some();
                Ok(list("features", if is_async { &["async"] } else { &[] }))
            }
            "info-gdb-mi-command" => {
                let [name] = args else {
                    return usage("-info-gdb-mi-command: Usage: -info-gdb-mi-command MI_COMMAND_NAME");
                };
                let name = name.strip_prefix('-').unwrap_or(name);
                let exists = COMMANDS.contains(&name);
                let mut fields = Fields::new();
                fields.tuple("command", |fields| fields.field("exists", exists).end());
                Ok(fields)
            }
            "enable-pretty-printing" | "enable-frame-filters" => Ok(Fields::new()),
            "enable-timings" => {
                self.client.timings = match args {
                    [] => true,
                    [word] if word == "yes" => true,
                    [word] if word == "no" => false,
                    _ => return usage("-enable-timings: Usage: yes|no"),
                };
                Ok(Fields::new())
            }
            "fix-multi-location-breakpoint-output" => {
                self.channel().nested_locations = true;
                Ok(Fields::new())
            }
            "fix-breakpoint-script-output" => {
                self.channel().script_list = true;
                Ok(Fields::new())
            }
            "complete" => self.complete(args),
            "add-inferior" | "remove-inferior" => {
                Err("kdive debugs one guest, which is the only inferior".to_owned())
            }
            "info-os" => {
                Err("\"-interpreter-exec console ps\" and its kin show what the guest's kernel knows"
                    .to_owned())
            }
            "ada-task-info" => {
                Err("kdive knows no Ada tasks; \"-interpreter-exec console ps\" lists the guest's".to_owned())
            }
            name if name.starts_with("catch-") => self.catch(name.trim_start_matches("catch-"), args),
            _ => Err(String::new()),
        }
    }

    fn silently(&mut self, command: &str, rest: &str) -> Outcome {
        self.console_quietly(format!("{command} {rest}").trim_end())?;
        Ok(Fields::new())
    }

    fn target_select(&mut self, rest: &str) -> Outcome {
        if rest.is_empty() {
            return usage("-target-select: Usage: remote|extended-remote ADDRESS");
        }
        self.console_command(&format!("target {rest}"))?;
        self.class = "connected";
        Ok(Fields::new())
    }

    fn directories(&mut self, args: &[String]) -> Outcome {
        let reset = args.first().is_some_and(|arg| arg == "-r");
        let directories = if reset { args.get(1..).unwrap_or_default() } else { args };
        if reset {
            self.console_quietly("set directories $cdir:$cwd")?;
        }
        if !directories.is_empty() {
            self.console_quietly(&format!("directory {}", directories.join(" ")))?;
        }
        let mut fields = Fields::new();
        fields.optional("source-path", self.console.setting("directories"));
        Ok(fields)
    }

    fn path(&mut self, args: &[String]) -> Outcome {
        let now = |session: &mut Self| session.console_quietly("show paths").map(path_of);
        let mut path = now(self)?;
        let first = self.client.path.get_or_insert_with(|| path.clone()).clone();
        let reset = args.first().is_some_and(|arg| arg == "-r");
        let directories = if reset { args.get(1..).unwrap_or_default() } else { args };
        if reset {
            path = first;
        }
        if reset || !directories.is_empty() {
            let mut all: Vec<&str> = directories.iter().map(String::as_str).collect();
            all.extend(path.split(':').filter(|old| !directories.iter().any(|new| new == old)));
            path = all.join(":");
            self.console_quietly(&format!("set environment PATH {path}"))?;
        }
        let mut fields = Fields::new();
        fields.field("path", path);
        Ok(fields)
    }

    fn shared_libraries(&mut self) -> Outcome {
        let files = self.engine().module_files();
        let mut fields = Fields::new();
        fields.list("shared-libraries", |fields| {
            for file in &files {
                fields.tuple("", |fields| {
                    fields.field("id", file).field("target-name", file).field("host-name", file);
                    fields.field("symbols-loaded", 1).field("thread-group", "i1");
                });
            }
        });
        Ok(fields)
    }

    fn complete(&mut self, args: &[String]) -> Outcome {
        const MOST: usize = 200;
        let [line] = args else { return usage("-complete: Usage: COMMAND") };
        let (start, words) = self.console.complete(line);
        let before = line.get(..start).unwrap_or_default();
        let common = words.iter().skip(1).fold(words.first().cloned().unwrap_or_default(), |common, word| {
            let same =
                common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
            common.get(..same).unwrap_or_default().to_owned()
        });
        let mut fields = Fields::new();
        if !words.is_empty() {
            fields.field("completion", format_args!("{before}{common}"));
        }
        fields.list("matches", |fields| {
            for word in words.iter().take(MOST) {
                fields.field("", format_args!("{before}{word}"));
            }
        });
        fields.field("max_completions_reached", u8::from(words.len() > MOST));
        Ok(fields)
    }
}

/// The path in gdb's sentence about it.
fn path_of(text: String) -> String {
    text.trim_end().rsplit_once(": ").map_or(text.clone(), |(_, path)| path.to_owned())
}

fn list(name: &str, words: &[&str]) -> Fields {
    let mut fields = Fields::new();
    fields.list(name, |fields| {
        for word in words {
            fields.field("", word);
        }
    });
    fields
}
