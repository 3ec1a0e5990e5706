//! Lines of GDB/MI of any bytes: each is a command or an error, and what is quoted can be read again.
#![no_main]

use kdive_mi::{Command, arguments, parse, quote};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        if let Ok(input) = parse(line)
            && let Command::Mi(command) = input.command
        {
            let _ = arguments(&command.rest);
        }
        assert_eq!(arguments(&quote(line)).as_deref(), Ok(&[line.to_owned()][..]));
    }
});
