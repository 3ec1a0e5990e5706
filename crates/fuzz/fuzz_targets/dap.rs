//! Streams of the Debug Adapter Protocol of any bytes: each message is JSON or an error, and reading comes to an end.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut input = data;
    while let Ok(Some(message)) = kdive_dap::read_message(&mut input) {
        if let Ok(message) = message {
            // What was read can be written.
            assert!(!message.to_string().is_empty());
        }
    }
});
