//! Threads and the one thread group.

use crate::commands::{Outcome, Session, usage};
use crate::record::Fields;
use crate::stack;
use kdive_engine::{Scope, ThreadInfo, ThreadState};

impl Session<'_> {
    /// `-thread-info`.
    pub fn thread_info(&mut self, args: &[String]) -> Outcome {
        let wanted = match args {
            [] => None,
            [id] => Some(id.parse::<u32>().map_err(|_| format!("Invalid thread ID: {id}"))?),
            _ => return usage("-thread-info: Invalid MI command"),
        };
        let threads = self.engine().threads();
        let mut fields = Fields::new();
        fields.list("threads", |fields| {
            for thread in threads.iter().filter(|thread| wanted.is_none_or(|wanted| thread.number == wanted))
            {
                fields.tuple("", |fields| one(fields, thread));
            }
        });
        if wanted.is_none()
            && let Some(selected) = threads.iter().find(|thread| thread.selected)
        {
            fields.field("current-thread-id", selected.number);
        }
        Ok(fields)
    }

    /// `-thread-list-ids`.
    pub fn thread_list_ids(&mut self, args: &[String]) -> Outcome {
        if !args.is_empty() {
            return usage("-thread-list-ids: No arguments required.");
        }
        let threads = self.engine().threads();
        let mut fields = Fields::new();
        fields.tuple("thread-ids", |fields| {
            for thread in &threads {
                fields.field("thread-id", thread.number);
            }
        });
        if let Some(selected) = threads.iter().find(|thread| thread.selected) {
            fields.field("current-thread-id", selected.number);
        }
        fields.field("number-of-threads", threads.len());
        Ok(fields)
    }

    /// `-thread-select`.
    pub fn thread_select(&mut self, args: &[String]) -> Outcome {
        let [id] = args else { return usage("-thread-select: USAGE: threadnum.") };
        let number = id.parse::<u32>().map_err(|_| format!("Invalid thread ID: {id}"))?;
        if self.engine().known_threads().by_number(number).is_none() {
            return Err(format!("Thread ID {number} not known."));
        }
        self.engine().select_thread(number).map_err(|error| error.to_string())?;
        let info =
            self.engine().frame_info(&Scope::of(Some(number), 0)).map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        fields.field("new-thread-id", number);
        stack::frame(&mut fields, &info, true, true);
        Ok(fields)
    }

    /// `-list-thread-groups`.
    pub fn list_thread_groups(&mut self, args: &[String]) -> Outcome {
        let recurse = args.windows(2).any(|pair| pair == ["--recurse", "1"]);
        if args.iter().any(|arg| arg == "--available") {
            return Err(
                "kdive debugs the kernel of a guest; \"-interpreter-exec console ps\" lists its tasks"
                    .to_owned(),
            );
        }
        let group = args.iter().any(|arg| arg == "i1");
        let threads = self.engine().threads();
        let mut fields = Fields::new();
        if group {
            fields.list("threads", |fields| all(fields, &threads));
            return Ok(fields);
        }
        let file = self.engine().program_file();
        fields.list("groups", |fields| {
            fields.tuple("", |fields| {
                fields.field("id", "i1").field("type", "process");
                if let Some(thread) = threads.first() {
                    let pid = thread
                        .target_id
                        .trim_start_matches("Thread ")
                        .split('.')
                        .next()
                        .unwrap_or("1")
                        .to_owned();
                    fields.field("pid", pid);
                }
                fields.optional("executable", file.as_deref());
                if recurse {
                    fields.list("threads", |fields| all(fields, &threads));
                }
            });
        });
        Ok(fields)
    }
}

fn all(fields: &mut Fields, threads: &[ThreadInfo]) {
    for thread in threads {
        fields.tuple("", |fields| one(fields, thread));
    }
}

fn one(fields: &mut Fields, thread: &ThreadInfo) {
    fields.field("id", thread.number).field("target-id", &thread.target_id);
    fields.optional("name", thread.name.as_deref());
    if !thread.details.is_empty() {
        fields.field("details", &thread.details);
    }
    if let Some(info) = &thread.frame {
        stack::frame(fields, info, true, true);
    }
    fields.field("state", if thread.state == ThreadState::Running { "running" } else { "stopped" });
    fields.optional("core", thread.cpu);
}
