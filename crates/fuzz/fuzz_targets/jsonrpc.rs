//! Messages of JSON-RPC of any bytes: each is a message or is refused with a code of the specification.
#![no_main]

use kdive_mcp::parse;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        if let Err(refusal) = parse(line) {
            assert!([-32700, -32600].contains(&refusal.code));
            assert!(refusal.id.is_null() || refusal.id.is_string() || refusal.id.is_i64() || refusal.id.is_u64());
        }
    }
});
