//! Log buffers of both kinds, written in C.

use super::*;
use crate::testing::image;

/// Four descriptors, ids 5 to 8 in use of which 7 is still being written; 128 bytes of text, whose last block wrapped.
const RING: &str = r#"
    typedef unsigned long long u64; typedef unsigned short u16; typedef unsigned char u8;
    typedef struct { long counter; } atomic_long_t;
    struct lpos { unsigned long begin, next; };
    struct prb_desc { atomic_long_t state_var; struct lpos text_blk_lpos; };
    struct printk_info { u64 seq, ts_nsec; u16 text_len; u8 facility; u8 flags:5; u8 level:3; unsigned caller_id; };
    struct prb_desc_ring { unsigned count_bits; struct prb_desc *descs; struct printk_info *infos;
        atomic_long_t head_id, tail_id; };
    struct prb_data_ring { unsigned size_bits; char *data; atomic_long_t head_lpos, tail_lpos; };
    struct printk_ringbuffer { struct prb_desc_ring desc_ring; struct prb_data_ring text_data_ring; atomic_long_t fail; };
    #define STATE(state, id) { (long)((unsigned long)(state) << 62 | (id)) }
    struct prb_desc descs[4] = {
        [5 % 4] = { STATE(2, 5), { 256 + 64, 256 + 96 } },
        [6 % 4] = { STATE(1, 6), { 1, 1 } },
        [7 % 4] = { STATE(0, 7), { 256 + 96, 256 + 104 } },
        [8 % 4] = { STATE(2, 8), { 256 + 104, 384 + 32 } },
    };
    struct printk_info infos[4] = {
        [5 % 4] = { 105, 1500000000ULL, 11, 0, 0, 6 },
        [6 % 4] = { 106, 1600000000ULL, 0, 3, 0, 4 },
        [7 % 4] = { 107, 1700000000ULL, 5, 0, 0, 6 },
        [8 % 4] = { 108, 1800000000ULL, LENGTH, 0, 8, 3 },
    };
    char data[128] = "\x08\0\0\0\0\0\0\0" "wrapped, long\n" "\0\0\0\0\0\0\0\0\0\0" "................................"
        "\x05\0\0\0\0\0\0\0" "first line\n";
    struct printk_ringbuffer ringbuffer = {
        .desc_ring = { COUNT_BITS, descs, infos, { 8 }, { 5 } }, .text_data_ring = { 7, data },
    };
    struct printk_ringbuffer *prb = &ringbuffer;
"#;

fn ring(length: &str, count_bits: &str) -> Result<Log, Error> {
    log(&image(&RING.replace("LENGTH", length).replace("COUNT_BITS", count_bits)))
}

#[test]
fn ring_buffer() {
    let log = ring("13", "2").unwrap();
    assert_eq!(log.broken, None);
    let record = |seq, ts_nsec, level, facility, text: &str| LogRecord {
        seq,
        ts_nsec,
        level,
        facility,
        text: text.into(),
    };
    assert_eq!(
        log.records,
        [
            record(105, 1_500_000_000, 6, 0, "first line"),
            record(106, 1_600_000_000, 4, 3, ""),
            record(108, 1_800_000_000, 3, 0, "wrapped, long"),
        ]
    );
}

#[test]
fn a_length_beyond_the_block_is_cut() {
    let log = ring("60000", "2").unwrap();
    assert_eq!(log.records[2].text.len(), 24);
    assert!(log.records[2].text.starts_with("wrapped, long\n\0"));
}

#[test]
fn a_ring_that_lies_about_its_size() {
    let error = ring("13", "64").unwrap_err();
    assert!(error.to_string().ends_with(": count_bits is 64"), "{error}");
    // With one descriptor the walk from 5 to 8 is longer than the ring.
    let log = ring("13", "1").unwrap();
    assert!(matches!(log.broken, Some(Error::Exhausted(_))), "{log:?}");
}

/// Two records at the end, then one at the start.
const OLD: &str = r#"
    typedef unsigned long long u64; typedef unsigned short u16; typedef unsigned char u8;
    struct printk_log { u64 ts_nsec; u16 len; u16 text_len; u16 dict_len; u8 facility; u8 flags:5; u8 level:3; };
    struct record { struct printk_log head; char text[16]; };
    struct record buffer[4] = {
        { { 3000, LAST_LEN, 5, 0, 0, 0, 7 }, "third" },
        { },
        { { 1000, 32, 5, 0, 0, 0, 6 }, "first" },
        { { 2000, 32, 99, 0, 1, 0, 5 }, "second" },
    };
    char *log_buf = (char *)buffer;
    unsigned log_buf_len = sizeof(buffer), log_first_idx = 64, log_next_idx = 32;
    u64 log_first_seq = 7, log_next_seq = 10;
    struct printk_log end_of_buffer;
"#;

#[test]
fn records_of_old_kernels() {
    let log = log(&image(&OLD.replace("LAST_LEN", "32"))).unwrap();
    // There is no room for another header after the last record, so the buffer goes on at its start at once.
    assert!(log.broken.is_some());
    let texts: Vec<(u64, &str)> =
        log.records.iter().map(|record| (record.seq, record.text.as_str())).collect();
    assert_eq!(texts, [(7, "first"), (8, "second\0\0\0\0\0\0\0\0\0\0")]);
}

#[test]
fn records_of_old_kernels_go_on_at_the_start() {
    let text = OLD
        .replace("LAST_LEN", "32")
        .replace("struct record buffer[4]", "struct record buffer[5]")
        .replace("unsigned log_buf_len", "unsigned gap, log_buf_len");
    let log = log(&image(&text)).unwrap();
    assert_eq!(log.broken, None);
    let texts: Vec<(u64, u8, &str)> =
        log.records.iter().map(|record| (record.seq, record.level, record.text.as_str())).collect();
    assert_eq!(texts, [(7, 6, "first"), (8, 5, "second\0\0\0\0\0\0\0\0\0\0"), (9, 7, "third")]);
}

#[test]
fn a_record_without_length_does_not_go_round_for_ever() {
    let text = OLD.replace("LAST_LEN", "0").replace("struct record buffer[4]", "struct record buffer[5]");
    let log = log(&image(&text)).unwrap();
    assert!(matches!(log.broken, Some(Error::Corrupt { what: "log buffer", .. })), "{log:?}");
    assert_eq!(log.records.len(), 2);
}
