//! Descriptions as real stubs send them, and as no stub should.

use super::*;
use crate::FloatFormat;

fn parse_files(files: &[(&str, &str)]) -> Result<Description, ArchError> {
    parse(Arch::X86_64, &mut |annex| {
        files
            .iter()
            .find(|(name, _)| *name == annex)
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| "E00".to_owned())
    })
}

fn parse_one(text: &str) -> Result<Description, ArchError> {
    parse_files(&[("target.xml", text)])
}

#[test]
fn include_without_declared_prefix_and_implicit_numbers() {
    let description = parse_files(&[
        (
            "target.xml",
            "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>\
             <architecture>i386:x86-64</architecture><xi:include href=\"core.xml\"/></target>",
        ),
        (
            "core.xml",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n\
             <feature name=\"org.gnu.gdb.i386.core\">\n\
             <flags id=\"fl\" size=\"4\"><field name=\"\" start=\"1\" end=\"1\"/>\
             <field name=\"IOPL\" start=\"12\" end=\"13\"/><field name=\"CF\" start=\"0\" end=\"0\"/></flags>\n\
             <reg name=\"rax\" bitsize=\"64\" type=\"int64\" regnum=\"0\"/>\n\
             <reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\"/>\n\
             <reg name=\"eflags\" bitsize=\"32\" type=\"fl\" regnum=\"17\"/>\n\
             <reg name=\"cs\" bitsize=\"32\" type=\"int\"/>\n\
             <feature name=\"org.gnu.gdb.i386.sse\"><reg name=\"st0\" bitsize=\"80\" type=\"i387_ext\"/></feature>\
             </feature>",
        ),
    ])
    .unwrap();
    assert_eq!(description.architecture.as_deref(), Some("i386:x86-64"));
    assert_eq!(description.features, ["org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse"]);
    let layout = &description.layout;
    let shape: Vec<_> =
        layout.registers().iter().map(|reg| (reg.name.as_str(), reg.regnum, reg.offset, reg.bits)).collect();
    assert_eq!(
        shape,
        [
            ("rax", 0, 0, 64),
            ("rip", 1, 8, 64),
            ("eflags", 17, 16, 32),
            ("cs", 18, 20, 32),
            ("st0", 19, 24, 80)
        ]
    );
    assert_eq!(layout.g_length(), 34);
    let RegType::Flags { name, size: 4, fields } = &layout.registers()[2].ty else { panic!() };
    assert_eq!(name, "fl");
    assert_eq!(fields[0].ty, RegType::Bool);
    assert_eq!((fields[1].start, fields[1].end, fields[1].ty.name()), (12, 13, "uint32_t".to_owned()));
    assert_eq!(layout.registers()[3].ty.name(), "int");
    assert_eq!(layout.registers()[4].ty, RegType::Float(FloatFormat::I387Ext));
    assert_eq!(layout.registers()[4].feature, "org.gnu.gdb.i386.sse");
}

#[test]
fn vectors_unions_structs_and_enums() {
    let description = parse_one(
        "<target><architecture>i386</architecture><feature name=\"f\">\
         <vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\
         <union id=\"u\"><field name=\"f\" type=\"v4f\"/><field name=\"i\" type=\"uint128\"/></union>\
         <enum id=\"e\" size=\"4\"><evalue name=\"A\" value=\"0\"/><evalue name=\"B\" value=\"0x2\"/></enum>\
         <struct id=\"s\" size=\"4\"><field name=\"lo\" start=\"0\" end=\"3\"/>\
         <field name=\"k\" start=\"4\" end=\"7\" type=\"e\"/></struct>\
         <reg name=\"x0\" bitsize=\"128\" type=\"u\"/><reg name=\"s0\" bitsize=\"32\" type=\"s\"/>\
         <reg name=\"n0\" bitsize=\"32\" type=\"int\"/><reg name=\"f0\" bitsize=\"64\" type=\"float\"/>\
         </feature></target>",
    )
    .unwrap();
    let types: Vec<_> = description.layout.registers().iter().map(|reg| reg.ty.name()).collect();
    assert_eq!(types, ["union u", "struct s", "long", "builtin_type_ieee_double"]);
    assert!(description.layout.registers()[0].ty.is_vector());
    let RegType::Struct { fields, .. } = &description.layout.registers()[1].ty else { panic!() };
    assert_eq!((fields[0].bits, fields[1].bits), (Some((0, 3)), Some((4, 7))));
    let RegType::Enum { values, .. } = &fields[1].ty else { panic!() };
    assert_eq!((values[1].name.as_str(), values[1].value), ("B", 2));
}

#[test]
fn a_type_of_the_wrong_size_gives_way_to_the_register() {
    let description = parse_one(
        "<target><feature name=\"f\"><flags id=\"efer\" size=\"8\"><field name=\"LMA\" start=\"10\"/>\
         <field name=\"HI\" start=\"40\"/></flags><reg name=\"efer\" bitsize=\"32\" type=\"efer\"/>\
         <reg name=\"odd\" bitsize=\"16\" type=\"int64\"/></feature></target>",
    )
    .unwrap();
    let RegType::Flags { size: 4, fields, .. } = &description.layout.registers()[0].ty else { panic!() };
    assert_eq!(fields.len(), 1);
    assert_eq!(description.layout.registers()[1].ty.name(), "uint16_t");
}

#[test]
fn errors_name_the_annex_and_the_line() {
    let message = |text: &str| parse_one(text).unwrap_err().to_string();
    assert_eq!(
        message("<target><feature name=\"f\">\n<reg name=\"a\" bitsize=\"7\"/></feature></target>"),
        "target description target.xml: line 2: register a has bitsize 7"
    );
    assert_eq!(
        message(
            "<target><feature name=\"f\"><vector id=\"v\" type=\"nope\" count=\"2\"/></feature></target>"
        ),
        "target description target.xml: line 1: unknown type nope"
    );
    assert!(message("<target>").starts_with("target description target.xml: "));
    assert_eq!(
        parse_one("<target><xi:include href=\"gone.xml\"/></target>").unwrap_err().to_string(),
        "target description gone.xml: E00"
    );
}

#[test]
fn limits_hold() {
    let endless =
        parse(Arch::I386, &mut |_| Ok("<target><xi:include href=\"target.xml\"/></target>".to_owned()));
    assert_eq!(
        endless.unwrap_err(),
        ArchError::TooLarge { annex: "target.xml".to_owned(), what: "nested includes", limit: 8 }
    );
    let many = parse(Arch::I386, &mut |annex| {
        Ok(if annex == "target.xml" {
            format!("<target>{}</target>", "<xi:include href=\"x\"/>".repeat(100))
        } else {
            "<feature name=\"x\"/>".to_owned()
        })
    });
    assert!(matches!(many, Err(ArchError::TooLarge { what: "annexes", .. })));
    let mut types = "<vector id=\"t0\" type=\"int8\" count=\"2\"/>".to_owned();
    for level in 1..40 {
        types.push_str(&format!(
            "<union id=\"t{level}\"><field name=\"a\" type=\"t{0}\"/><field name=\"b\" type=\"t{0}\"/></union>",
            level - 1
        ));
    }
    let deep = parse_one(&format!("<target><feature name=\"f\">{types}</feature></target>"));
    assert!(deep.unwrap_err().to_string().ends_with("is too large"));
    let huge = parse_one(
        "<target><feature name=\"f\"><vector id=\"v\" type=\"int64\" count=\"4294967295\"/></feature></target>",
    );
    assert!(huge.unwrap_err().to_string().ends_with("type v is too large"));
    let wide = "<reg name=\"z\" bitsize=\"1048576\"/>".repeat(9);
    assert!(matches!(
        parse_one(&format!("<target><feature name=\"f\">{wide}</feature></target>")),
        Err(ArchError::TooLarge { what: "bytes of registers", .. })
    ));
    let bottomless = format!("<target>{}", "<a>".repeat(150_000));
    assert!(parse_one(&bottomless).is_err());
    let closed = format!("<target>{}{}</target>", "<a>".repeat(150_000), "</a>".repeat(150_000));
    assert!(parse_one(&closed).is_ok_and(|description| description.layout.registers().is_empty()));
    let laughs = "<!DOCTYPE t [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
                  <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">\
                  ]><target><architecture>&d;</architecture></target>";
    assert!(parse_one(laughs).is_err());
    let nested = format!("<target>{}{}</target>", "<feature>".repeat(50), "</feature>".repeat(50));
    assert!(matches!(parse_one(&nested), Err(ArchError::TooLarge { what: "nested features", .. })));
}
