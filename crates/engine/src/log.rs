//! The kernel's log as data.

use crate::{Engine, Error};
use serde::Serialize;

/// A message of the kernel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LogMessage {
    /// Its number since boot.
    pub seq: u64,
    /// Nanoseconds since boot.
    pub ns: u64,
    /// 0 (emergency) to 7 (debug).
    pub level: u8,
    /// Syslog's facility; 0 is the kernel.
    pub facility: u8,
    /// The message; it may have several lines.
    pub text: String,
}

/// The kernel's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LogInfo {
    /// The last messages, oldest first.
    pub messages: Vec<LogMessage>,
    /// How many messages come before them.
    pub before: usize,
    /// What ended the reading before its end.
    pub damage: Option<String>,
}

impl LogInfo {
    /// The lines as `dmesg` writes them.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for message in &self.messages {
            let (seconds, micros) = (message.ns / 1_000_000_000, message.ns % 1_000_000_000 / 1000);
            for line in message.text.split('\n') {
                text.push_str(&format!("[{seconds:5}.{micros:06}] {line}\n"));
            }
        }
        text
    }
}

impl Engine {
    /// The kernel's last messages, `most` at most.
    ///
    /// # Errors
    /// No log that can be read.
    pub fn log(&self, most: usize) -> Result<LogInfo, Error> {
        let log = kdive_linux::log(self.program())?;
        let before = log.records.len().saturating_sub(most);
        let messages = log.records.into_iter().skip(before).map(|record| LogMessage {
            seq: record.seq,
            ns: record.ts_nsec,
            level: record.level,
            facility: record.facility,
            text: record.text,
        });
        Ok(LogInfo {
            messages: messages.collect(),
            before,
            damage: log.broken.map(|broken| broken.to_string()),
        })
    }
}
