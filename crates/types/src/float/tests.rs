//! Against the host's own arithmetic, and against gdb 13.1 for x87.

use super::*;

const SAMPLES: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1.0 / 3.0,
    1e22,
    1e23,
    123_456_789.0,
    5e-324,
    2.225_073_858_507_201_4e-308,
    f64::MAX,
    f64::MIN_POSITIVE,
    1e-5,
    1e-4,
    99_999.5,
    999_999.5,
    1e16,
    12_345_678_901_234_567.0,
    0.5,
    2.5,
    1e300,
];

#[test]
fn doubles_survive_decoding_and_agree_with_the_host() {
    for &a in &SAMPLES {
        assert_eq!(Float::from_f64(a).to_f64().to_bits(), a.to_bits());
        let single = Float::from_f64(a).encode(FloatFormat::SINGLE);
        assert_eq!(single, (a as f32).to_le_bytes(), "{a}");
        for &b in &SAMPLES {
            for (op, expected) in
                [(FloatOp::Add, a + b), (FloatOp::Sub, a - b), (FloatOp::Mul, a * b), (FloatOp::Div, a / b)]
            {
                let got = Float::from_f64(a).binary(op, Float::from_f64(b), FloatFormat::DOUBLE).to_f64();
                assert!(
                    got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan()),
                    "{a} {op:?} {b}: {got} {expected}"
                );
            }
            assert_eq!(Float::from_f64(a).compare(Float::from_f64(b)), a.partial_cmp(&b), "{a} {b}");
        }
    }
}

#[test]
fn singles_are_rounded_once() {
    let a = 16_777_215.0f32;
    let b = 1.000_000_1_f32;
    let [fa, fb] = [a, b].map(|x| Float::decode(&x.to_le_bytes(), FloatFormat::SINGLE));
    for (op, expected) in [(FloatOp::Mul, a * b), (FloatOp::Div, a / b), (FloatOp::Add, a + b)] {
        assert_eq!(
            fa.binary(op, fb, FloatFormat::SINGLE).encode(FloatFormat::SINGLE),
            expected.to_le_bytes()
        );
    }
}

#[test]
fn text_is_read_to_the_nearest() {
    for text in [
        "0.1",
        "1e23",
        "9007199254740993",
        "1.7976931348623157e308",
        "1e400",
        "5e-324",
        "2e-324",
        "123.456",
        "1.",
        ".5",
        "0",
    ] {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(Float::parse(text, FloatFormat::DOUBLE).map(|f| f.to_f64()), Some(expected), "{text}");
    }
    assert_eq!(Float::parse("0x1.8p3", FloatFormat::DOUBLE).map(Float::to_f64), Some(12.0));
    for bad in ["", ".", "1e", "1.2.3", "e5", "0x", "1e+-3", "nan"] {
        assert_eq!(Float::parse(bad, FloatFormat::DOUBLE), None, "{bad}");
    }
    assert!(!Float::parse("1e999999999999999999999", FloatFormat::X87).unwrap().is_finite());
}

#[test]
fn printing_is_that_of_c() {
    let check = |value: f64, conversion, precision, expected: &str| {
        assert_eq!(Float::from_f64(value).printf(conversion, precision, false), expected);
    };
    check(0.1, 'g', Some(17), "0.10000000000000001");
    check(1e16, 'g', Some(17), "10000000000000000");
    check(1e17, 'g', Some(17), "1e+17");
    check(1.5, 'f', Some(0), "2");
    check(2.5, 'f', Some(0), "2");
    check(0.05, 'f', Some(1), "0.1");
    check(0.04, 'f', Some(1), "0.0");
    check(9.99, 'f', Some(1), "10.0");
    check(123.456, 'e', None, "1.234560e+02");
    check(9.9999999, 'e', Some(2), "1.00e+01");
    check(0.0001, 'g', None, "0.0001");
    check(0.00001, 'g', None, "1e-05");
    check(100_000.0, 'g', None, "100000");
    check(1_000_000.0, 'g', None, "1e+06");
    check(999_999.5, 'g', None, "1e+06");
    check(-0.0, 'g', None, "-0");
    check(1.0, 'a', None, "0x1p+0");
    check(0.1, 'a', None, "0x1.999999999999ap-4");
    check(1.999, 'a', Some(0), "0x2p+0");
    check(f64::INFINITY, 'F', None, "INF");
    check(5e-324, 'g', Some(17), "4.9406564584124654e-324");
}

#[test]
fn gdb_prints_every_format() {
    let print = |text: &str, format: FloatFormat| Float::parse(text, format).unwrap().print(format);
    assert_eq!(print("1.5", FloatFormat::SINGLE), "1.5");
    assert_eq!(print("0.1", FloatFormat::SINGLE), "0.100000001");
    assert_eq!(print("0.1", FloatFormat::DOUBLE), "0.10000000000000001");
    assert_eq!(print("0.1", FloatFormat::X87), "0.100000000000000000001");
    let third = Float::from_int(1).binary(FloatOp::Div, Float::from_int(3), FloatFormat::X87);
    assert_eq!(third.print(FloatFormat::X87), "0.333333333333333333342");
    let nan = Float::decode(&0x7ff8_0000_0000_0000u64.to_le_bytes(), FloatFormat::DOUBLE);
    assert_eq!(nan.print(FloatFormat::DOUBLE), "nan(0x8000000000000)");
    let zero = Float::ZERO;
    let made = zero.binary(FloatOp::Div, zero, FloatFormat::DOUBLE);
    assert_eq!(made.print(FloatFormat::DOUBLE), "-nan(0x8000000000000)");
    let unnormal = Float::decode(&[0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0x40], FloatFormat::X87);
    assert_eq!(unnormal.print(FloatFormat::X87), "<invalid float value>");
}

#[test]
fn conversion_to_integers_is_clamped() {
    assert_eq!(Float::from_f64(-1.9).to_i64(), -1);
    assert_eq!(Float::from_f64(1e30).to_i64(), i64::MAX);
    assert_eq!(Float::from_f64(-1e30).to_i64(), i64::MIN);
    assert_eq!(Float::from_int(i128::from(i64::MIN)).to_i64(), i64::MIN);
    assert_eq!(Float::from_f64(0.99).to_i64(), 0);
}

#[test]
fn bfloat16_is_told_from_binary16_by_its_name() {
    let format = FloatFormat::of(2, "builtin_type_bfloat16").unwrap();
    assert_eq!(
        (format, FloatFormat::of(2, "builtin_type_ieee_half")),
        (FloatFormat::BFLOAT16, Some(FloatFormat::HALF))
    );
    let shown = |bytes: [u8; 2]| Float::decode(&bytes, format).print(format);
    assert_eq!(shown([0x80, 0x3f]), "1");
    // As gdb 13 prints what an xmm register holds.
    assert_eq!(shown([0x00, 0xff]), "-1.701e+38");
    assert_eq!(shown([0xff, 0xff]), "-nan(0x7f)");
}
