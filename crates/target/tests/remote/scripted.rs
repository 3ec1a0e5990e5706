//! Against scripted stubs: what no installed program can be brought to do.

use kdive_arch::RawWrite;
use kdive_base::{AddrRange, Fault, Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_rsp::transport::Hangup;
use kdive_target::{
    BreakpointError, BreakpointKind, Error, Event, Log, Options, Others, Packet, Packets, Permissions,
    RemoteTarget, Resume, RunControl, StopReason, Target, ThreadId, Wait, WatchKind,
};
use kdive_testkit::stub::{Action, Heard, Stub, packet, raw, reply, stop, wait_ms};
use std::time::Duration;

const CPU1: ThreadId = ThreadId::in_process(1, 1);
const CPU2: ThreadId = ThreadId::in_process(1, 2);

/// A QEMU with one CPU stopped, no description, TCG.
fn qemu() -> Stub {
    on(Stub::qemu().then("?", [reply("T05thread:p01.01;")]))
}

/// What such a QEMU always answers.
fn on(stub: Stub) -> Stub {
    stub.always("qXfer:*", [reply("E00")])
        .always("Hg*", [reply("OK")])
        .always("Hc*", [reply("OK")])
        .always("?", [reply("T05thread:p01.01;")])
        .always("qfThreadInfo", [reply("mp01.01")])
        .always("qsThreadInfo", [reply("l")])
        .always("qC", [reply("QCp01.01")])
        .always("Qqemu.PhyMemMode:*", [reply("OK")])
        .always(&monitor("info kvm"), [raw(b"+"), packet(&output("kvm support: disabled\r\n")), packet("OK")])
}

fn hex(text: &str) -> String {
    String::from_utf8(kdive_rsp::hex::encode(text.as_bytes())).unwrap()
}

fn monitor(command: &str) -> String {
    format!("qRcmd,{}", hex(command))
}

fn output(text: &str) -> String {
    format!("O{}", hex(text))
}

fn connect(stub: &Stub) -> RemoteTarget {
    let target = RemoteTarget::from_link(stub.transport(), "test", &Options::default(), Log::new()).unwrap();
    stub.forget();
    target
}

fn wait(target: &RemoteTarget) -> Wait {
    target.wait(Duration::from_secs(60), &Interrupt::new()).unwrap()
}

fn asked(stub: &Stub, prefix: &str) -> Vec<String> {
    stub.packets().into_iter().filter(|packet| packet.starts_with(prefix)).collect()
}

#[test]
fn registers_of_any_length_are_decoded_for_what_they_are() {
    // 16-bit code of a QEMU before 2.8, 64-bit code, qemu-system-i386, QEMU since 4.0: each with its pc where that layout has it.
    for (length, pc_at, pc_size) in [(308, 32, 4), (536, 128, 8), (344, 32, 4), (608, 128, 8)] {
        let mut bytes = vec![0; length];
        bytes[pc_at..pc_at + pc_size].copy_from_slice(&0x1234_5678_u64.to_le_bytes()[..pc_size]);
        let stub = qemu().then("g", [reply(&String::from_utf8(kdive_rsp::hex::encode(&bytes)).unwrap())]);
        let target = connect(&stub);
        assert_eq!(target.registers(CPU1).unwrap().pc(), Some(VirtAddr(0x1234_5678)), "{length}");
        stub.assert_done();
    }
}

#[test]
fn the_length_may_change_from_stop_to_stop() {
    let stub = qemu()
        .then("g", [reply(&"00".repeat(308))])
        .then("vCont;s:p1.1", [Action::Run, stop("T05thread:p01.01;")])
        .then("g", [reply(&"01".repeat(536))])
        .then("vCont;s:p1.1", [Action::Run, stop("T05thread:p01.01;")])
        .then("g", [reply(&"00".repeat(301))]);
    let target = connect(&stub);
    assert_eq!(target.registers(CPU1).unwrap().by_name("eip"), Some(0));
    let step = || {
        target.resume(Resume::Step { thread: CPU1, others: Others::Stopped }).unwrap();
        assert!(matches!(wait(&target), Wait::Event(Event::Stopped(_))));
    };
    step();
    assert_eq!(target.registers(CPU1).unwrap().by_name("rip"), Some(0x0101_0101_0101_0101));
    step();
    // A length no layout has is an error, and only that.
    let error = target.registers(CPU1).unwrap_err();
    assert_eq!(error.to_string(), "Truncated register in remote 'g' packet (301 bytes)");
    assert!(target.is_alive());
    stub.assert_done();
}

/// Two registers of four bytes, the second not in `g`.
const DESCRIPTION: &str = "l<target><architecture>i386</architecture><feature name=\"org.gnu.gdb.i386.core\">\
    <reg name=\"eax\" bitsize=\"32\"/><reg name=\"extra\" bitsize=\"32\" regnum=\"70\"/></feature></target>";

fn described() -> Stub {
    Stub::qemu()
        .then("?", [reply("T05thread:p01.01;")])
        .then("Hgp1.1", [reply("OK")])
        .then("qXfer:features:read:target.xml:0,ffb", [reply(DESCRIPTION)])
}

/// `set tdesc filename`: what the stub says of its registers is not even asked for, and asked for again without the file.
#[test]
fn a_description_of_the_users_goes_before_the_stubs() {
    let xml = "<target><architecture>i386</architecture><feature name=\"org.gnu.gdb.i386.core\">\
        <reg name=\"first\" bitsize=\"16\"/><reg name=\"second\" bitsize=\"16\"/></feature></target>";
    let parse =
        || kdive_arch::target_xml::parse(kdive_arch::Arch::I386, &mut |_| Ok(xml.to_owned())).unwrap();
    let stub = on(Stub::qemu()
        .then("?", [reply("T05thread:p01.01;")])
        .then("g", [reply("0100020003000400")])
        .then("qXfer:features:read:target.xml:0,ffb", [reply(DESCRIPTION)]))
    .then("g", [reply("01000200")])
    .then("g", [reply("01000200")]);
    let options = Options { description: Some(parse()), ..Options::default() };
    let target = RemoteTarget::from_link(stub.transport(), "test", &options, Log::new()).unwrap();
    let values = |names: [&str; 3]| {
        let file = target.registers(CPU1).unwrap();
        names.map(|name| file.by_name(name))
    };
    // A longer reply than described goes on after what is known.
    assert_eq!(values(["first", "second", "eax"]), [Some(1), Some(2), None]);
    target.set_description(None).unwrap();
    assert_eq!(values(["first", "second", "eax"]), [None, None, Some(0x2_0001)]);
    target.set_description(Some(parse())).unwrap();
    assert_eq!(values(["first", "second", "eax"]), [Some(1), Some(2), None]);
    stub.assert_done();
}

#[test]
fn registers_outside_g_are_fetched_when_wanted() {
    let stub = on(described()).then("g", [reply("01000000")]).then("p46", [reply("0200xx00")]);
    let target = connect(&stub);
    let file = target.registers(CPU1).unwrap();
    assert_eq!(file.by_name("eax"), Some(1));
    let extra = file.layout().index_of("extra").unwrap();
    assert_eq!(file.availability(extra), kdive_arch::Availability::NotFetched);
    let file = target.registers_with(CPU1, extra).unwrap();
    assert_eq!(file.availability(extra), kdive_arch::Availability::Unavailable);
    // Not asked again.
    target.registers_with(CPU1, extra).unwrap();
    stub.assert_done();
}

#[test]
fn stubs_without_g_are_asked_register_by_register() {
    let stub =
        on(described()).then("g", [reply("")]).then("p0", [reply("05000000")]).then("p46", [reply("E14")]);
    let target = connect(&stub);
    let file = target.registers(CPU1).unwrap();
    assert_eq!(file.by_name("eax"), Some(5));
    assert_eq!(file.by_name("extra"), None);
    stub.assert_done();
}

#[test]
fn a_refused_register_is_named() {
    let stub = on(described()).then("g", [reply("0100000002000000")]).then("P46=07000000", [reply("E22")]);
    let target = connect(&stub);
    let mut file = kdive_arch::RegisterFile::clone(&target.registers(CPU1).unwrap());
    let layout = file.layout().clone();
    let writes = file.write(&layout.lookup("extra").unwrap(), &[7, 0, 0, 0]).unwrap();
    let error = target.write_registers(CPU1, &writes).unwrap_err();
    assert_eq!(error.to_string(), "Could not write register \"extra\"; remote failure reply 'E22'");
    stub.assert_done();
}

#[test]
fn a_malformed_description_costs_only_names() {
    let stub = on(Stub::qemu().then("?", [reply("T05thread:p01.01;")]))
        .then("Hgp1.1", [reply("OK")])
        .then("qXfer:*", [reply("l<target><feature>")])
        .then("g", [reply(&"00".repeat(608))]);
    let target = connect(&stub);
    assert!(target.description().unwrap().is_none());
    assert_eq!(target.registers(CPU1).unwrap().by_name("cr3"), Some(0));
    stub.assert_done();
}

#[test]
fn a_refused_page_is_narrowed_down_to_what_was_wanted() {
    let page = "11".repeat(0x800);
    let stub = qemu()
        // The first half of the page cannot be read as a whole, but the wanted bytes can.
        .then("m1000,800", [reply("E14")])
        .then("m1800,800", [reply(&page)])
        .then("m1010,4", [reply("01020304")])
        // The second half came with it.
        // And a page that cannot be read at all, remembered.
        .then("m5000,800", [reply("E14")])
        .then("m5800,800", [reply("E14")])
        .then("m5008,8", [reply("E14")]);
    let target = connect(&stub);
    let mut four = [0; 4];
    target.read(VirtAddr(0x1010), &mut four).unwrap();
    assert_eq!(four, [1, 2, 3, 4]);
    target.read(VirtAddr(0x1900), &mut four).unwrap();
    assert_eq!(four, [0x11; 4]);
    let mut eight = [0; 8];
    for _ in 0..3 {
        assert_eq!(target.read(VirtAddr(0x5008), &mut eight), Err(Fault::unmapped(VirtAddr(0x5008))));
    }
    stub.assert_done();
}

#[test]
fn a_read_over_a_hole_reports_the_hole() {
    let page = "22".repeat(0x800);
    let stub = qemu()
        .then("m1000,800", [reply(&page)])
        .then("m1800,800", [reply(&page)])
        .then("m2000,800", [reply("E14")])
        .then("m2800,800", [reply("E14")])
        .then("m2000,8", [reply("E14")]);
    let target = connect(&stub);
    let mut bytes = [0; 16];
    assert_eq!(target.read(VirtAddr(0x1ff8), &mut bytes), Err(Fault::unmapped(VirtAddr(0x2000))));
    // What lies before it is known now.
    assert_eq!(target.read(VirtAddr(0x1ff8), &mut bytes[..8]), Ok(()));
    stub.assert_done();
}

#[test]
fn replies_that_come_bit_by_bit_are_put_together() {
    let stub = qemu()
        .then("m1000,800", [reply(&"11".repeat(100))])
        .then("m1800,800", [reply(&"22".repeat(0x800))])
        .then("m1064,79c", [reply(&"33".repeat(0x79b))])
        .then("m17ff,1", [reply("44")]);
    let target = connect(&stub);
    let mut bytes = [0; 0x801];
    target.read(VirtAddr(0x1000), &mut bytes).unwrap();
    assert_eq!(
        (bytes[99], bytes[100], bytes[0x7fe], bytes[0x7ff], bytes[0x800]),
        (0x11, 0x33, 0x33, 0x44, 0x22)
    );
    stub.assert_done();
}

#[test]
fn each_cpu_sees_its_own_lower_half() {
    let upper = "ffffffff8100";
    let stub = qemu()
        .then("m1000,800", [reply(&"01".repeat(0x800))])
        .then("m1800,800", [reply(&"01".repeat(0x800))])
        .then(&format!("m{upper}0000,800"), [reply(&"aa".repeat(0x800))])
        .then(&format!("m{upper}0800,800"), [reply(&"aa".repeat(0x800))])
        .then("m1000,800", [reply(&"02".repeat(0x800))])
        .then("m1800,800", [reply(&"02".repeat(0x800))]);
    let target = connect(&stub);
    let kernel = VirtAddr(0xffff_ffff_8100_0000);
    assert_eq!(target.read_uint(VirtAddr(0x1000), 1), Ok(1));
    assert_eq!(target.read_uint(kernel, 1), Ok(0xaa));
    target.focus(CPU2);
    assert_eq!(target.read_uint(VirtAddr(0x1000), 1), Ok(2));
    assert_eq!(target.read_uint(kernel, 1), Ok(0xaa));
    target.focus(CPU1);
    assert_eq!(target.read_uint(VirtAddr(0x1000), 1), Ok(1));
    assert_eq!(asked(&stub, "Hg"), ["Hgp1.2"]);
    stub.assert_done();
}

#[test]
fn uncached_ranges_are_read_exactly_and_every_time() {
    let stub = qemu().then("mfee00030,4", [reply("14000500")]).then("mfee00030,4", [reply("15000500")]);
    let target = connect(&stub);
    target.set_uncached(vec![AddrRange::new(VirtAddr(0xfee0_0000), VirtAddr(0xfee0_1000))]);
    assert_eq!(target.read_uint(VirtAddr(0xfee0_0030), 4), Ok(0x0005_0014));
    assert_eq!(target.read_uint(VirtAddr(0xfee0_0030), 4), Ok(0x0005_0015));
    stub.assert_done();
}

#[test]
fn physical_memory_is_read_by_the_line_and_the_mode_restored() {
    let line = "77".repeat(64);
    let stub = qemu()
        .then("Qqemu.PhyMemMode:1", [reply("OK")])
        .then("m1000,40", [reply(&line)])
        .then("Qqemu.PhyMemMode:0", [reply("OK")]);
    let target = connect(&stub);
    let mut bytes = [0; 8];
    target.read_physical(PhysAddr(0x1010), &mut bytes).unwrap();
    assert_eq!(bytes, [0x77; 8]);
    target.read_physical(PhysAddr(0x1038), &mut bytes).unwrap();
    stub.assert_done();
}

#[test]
fn writes_are_cut_at_pages_and_say_where_they_failed() {
    let first = "ab".repeat(8);
    let stub = qemu()
        .then(&format!("M1ff8,8:{first}"), [reply("OK")])
        .then(&format!("M2000,8:{first}"), [reply("E14")]);
    let target = connect(&stub);
    let before = target.generation();
    assert_eq!(target.write(VirtAddr(0x1ff8), &[0xab; 16]), Err(Fault::unmapped(VirtAddr(0x2000))));
    assert_ne!(target.generation(), before);
    stub.assert_done();
}

/// A QEMU under KVM.
fn kvm() -> Stub {
    Stub::qemu()
        .then("?", [reply("T05thread:p01.01;")])
        .always(&monitor("info kvm"), [raw(b"+"), packet(&output("kvm support: enabled\r\n")), packet("OK")])
}

#[test]
fn under_kvm_breakpoint_instructions_are_not_shown() {
    let clean = format!("9090{}", "c3".repeat(0x7fe));
    let dirty = format!("90cc{}", "c3".repeat(0x7fe));
    let rest = "00".repeat(0x800);
    let stub = on(kvm())
        .then("m1000,800", [reply(&clean)])
        .then("m1800,800", [reply(&rest)])
        .then("Z0,1001,1", [reply("OK")])
        .then("m1000,800", [reply(&dirty)])
        .then("m1800,800", [reply(&rest)])
        // A write over it: the stub's own copy has to follow.
        .then("z0,1001,1", [reply("OK")])
        .then("M1000,3:aabbcc", [reply("OK")])
        .then("Z0,1001,1", [reply("OK")])
        .then("m1000,800", [reply(&format!("aacccc{}", "c3".repeat(0x7fd)))])
        .then("m1800,800", [reply(&rest)]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(0x1001), 1).unwrap();
    let mut bytes = [0; 3];
    target.read(VirtAddr(0x1000), &mut bytes).unwrap();
    assert_eq!(bytes, [0x90, 0x90, 0xc3]);
    target.write(VirtAddr(0x1000), &[0xaa, 0xbb, 0xcc]).unwrap();
    target.read(VirtAddr(0x1000), &mut bytes).unwrap();
    assert_eq!(bytes, [0xaa, 0xbb, 0xcc]);
    stub.assert_done();
}

#[test]
fn under_kvm_instructions_that_were_written_over_are_found() {
    let page = |first: &str| format!("{first}{}", "c3".repeat(0x7fd));
    let rest = "00".repeat(0x800);
    let stub = on(kvm())
        .then("m1000,800", [reply(&page("909090"))])
        .then("m1800,800", [reply(&rest)])
        .then("Z0,1001,1", [reply("OK")])
        // Reading the second one's bytes shows the first.
        .then("m1000,800", [reply(&page("90cc90"))])
        .then("m1800,800", [reply(&rest)])
        .then("Z0,1002,1", [reply("OK")])
        // The guest has patched its code, as a static branch does.
        .then("m1000,800", [reply(&page("900fcc"))])
        .then("m1800,800", [reply(&rest)]);
    let target = connect(&stub);
    for addr in [0x1001, 0x1002] {
        target.insert(BreakpointKind::Software, VirtAddr(addr), 1).unwrap();
    }
    assert_eq!(target.lost_breakpoints(), [VirtAddr(0x1001)]);
    // What the CPU would execute is what is shown.
    let mut bytes = [0; 3];
    target.read(VirtAddr(0x1000), &mut bytes).unwrap();
    assert_eq!(bytes, [0x90, 0x0f, 0x90]);
    stub.assert_done();
}

#[test]
fn under_kvm_refusals_have_reasons() {
    let stub = on(kvm())
        .then("mffffffff81000000,800", [reply("E14")])
        .then("mffffffff81000800,800", [reply("E14")])
        .then("mffffffff81000000,1", [reply("E14")])
        .then("Z1,ffffffff81000000,1", [reply("OK")])
        .then("Z1,ffffffff81000010,1", [reply("E22")])
        .then("Z3,10,8", [reply("")]);
    let target = connect(&stub);
    let addr = VirtAddr(0xffff_ffff_8100_0000);
    assert_eq!(target.insert(BreakpointKind::Software, addr, 1), Err(BreakpointError::NotMapped(addr)));
    target.insert(BreakpointKind::Hardware, addr, 1).unwrap();
    let second = VirtAddr(addr.0 + 0x10);
    assert_eq!(target.insert(BreakpointKind::Hardware, second, 1), Err(BreakpointError::NoSlot));
    let read = BreakpointKind::Watch(kdive_target::WatchKind::Read);
    assert_eq!(target.insert(read, VirtAddr(0x10), 8), Err(BreakpointError::Unsupported));
    stub.assert_done();
}

#[test]
fn what_the_user_does_not_allow_never_reaches_the_stub() {
    let stub = qemu().always("Z1*", [reply("OK")]).always("z1*", [reply("OK")]).always("Z2*", [reply("OK")]);
    let stub = stub.always("z2*", [reply("OK")]).always("m*", [reply("90")]);
    let nothing = Permissions {
        write_memory: false,
        write_registers: false,
        insert_breakpoints: false,
        interrupt: false,
    };
    let options = Options { permissions: nothing, ..Options::default() };
    let target = RemoteTarget::from_link(stub.transport(), "test", &options, Log::new()).unwrap();
    stub.forget();
    let error = target.write(VirtAddr(0x1000), &[1, 2, 3, 4]).unwrap_err();
    assert_eq!(error.to_string(), "Writing to memory is not allowed (addr 0x1000, len 4)");
    let error = target.write_physical(PhysAddr(0x2000), &[1]).unwrap_err();
    assert_eq!(error.to_string(), "Writing to memory is not allowed (addr 0x2000, len 1)");
    let write = RawWrite { index: 16, regnum: 16, bytes: vec![0; 8] };
    let error = target.write_registers(CPU1, &[write]).unwrap_err();
    assert_eq!(error.to_string(), "Writing to registers is not allowed (regno 16)");
    let error = target.insert(BreakpointKind::Software, VirtAddr(0x1000), 1).unwrap_err();
    assert_eq!(error, BreakpointError::Forbidden(VirtAddr(0x1000)));
    assert_eq!(stub.packets(), Vec::<String>::new());
    // Debug registers are no part of the program.
    target.insert(BreakpointKind::Hardware, VirtAddr(0x1000), 1).unwrap();
    assert_eq!(stub.packets(), ["Z1,1000,1"]);
}

#[test]
fn forbidden_packets_are_not_sent() {
    let stub = on(Stub::new())
        .always("qSupported:*", [reply("PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+")])
        .always("qqemu.Supported", [reply("sstepbits;sstep;PhyMemMode")])
        .always("g", [reply(&"00".repeat(536))])
        .always("G*", [reply("OK")])
        .always("m*", [reply("90")])
        .always("M*", [reply("OK")])
        .always("c", [Action::Run, stop("T05thread:p01.01;")])
        .always("k", []);
    let mut packets = Packets::default();
    for (packet, _) in Packet::ALL.iter().filter(|(packet, _)| *packet != Packet::Supported) {
        packets.decide(*packet, Some(false));
    }
    let options = Options { packets, ..Options::default() };
    let target = RemoteTarget::from_link(stub.transport(), "test", &options, Log::new()).unwrap();
    for kind in [
        BreakpointKind::Software,
        BreakpointKind::Hardware,
        BreakpointKind::Watch(WatchKind::Write),
        BreakpointKind::Watch(WatchKind::Read),
        BreakpointKind::Watch(WatchKind::Access),
    ] {
        assert_eq!(target.insert(kind, VirtAddr(0x1000), 1), Err(BreakpointError::Unsupported), "{kind:?}");
    }
    target.write_registers(CPU1, &[RawWrite { index: 0, regnum: 0, bytes: vec![1; 8] }]).unwrap();
    assert_eq!(target.attached(), Ok(None));
    target.resume(Resume::Continue).unwrap();
    assert!(matches!(wait(&target), Wait::Event(Event::Stopped(_))));
    target.kill().unwrap();
    let sent = stub.packets();
    assert_eq!(sent[0], "qSupported:xmlRegisters=i386;error-message+");
    for forbidden in ["Z", "X", "P", "p", "qXfer", "vCont", "vKill", "qAttached", "QStartNoAckMode"] {
        let found = sent.iter().find(|packet| packet.starts_with(forbidden));
        assert_eq!(found, None, "{sent:?}");
    }
    assert!(sent.iter().any(|packet| packet.starts_with('G')) && sent.contains(&"c".to_owned()));
}

#[test]
fn what_the_stub_knows_shows_when_it_is_used() {
    let stub = qemu().always("Z1*", [reply("OK")]).always("z1*", [reply("OK")]).always("Z2*", [reply("")]);
    let target = connect(&stub);
    assert_eq!(target.knows_packet(Packet::HardwareBreakpoint), None);
    assert_eq!(target.knows_packet(Packet::Supported), Some(true));
    assert!(target.offers("multiprocess") && !target.offers("swbreak"));
    target.insert(BreakpointKind::Hardware, VirtAddr(0x1000), 1).unwrap();
    target.insert(BreakpointKind::Watch(WatchKind::Write), VirtAddr(0x2000), 1).unwrap_err();
    assert_eq!(target.knows_packet(Packet::HardwareBreakpoint), Some(true));
    assert_eq!(target.knows_packet(Packet::WriteWatch), Some(false));
}

#[test]
fn what_may_not_be_interrupted_is_not() {
    let stub = qemu().then("vCont;c", [Action::Run, wait_ms(50), stop("T05thread:p01.01;")]);
    let target = connect(&stub);
    target.set_permissions(Permissions { interrupt: false, ..Permissions::default() });
    target.resume(Resume::Continue).unwrap();
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert!(matches!(target.wait(Duration::from_secs(60), &interrupt), Ok(Wait::Event(Event::Stopped(_)))));
    assert!(interrupt.is_raised(), "left for the caller, who informs the user");
    assert!(!stub.heard().contains(&Heard::Interrupt));
}

/// A stub without `Z0`, as crosvm's.
fn without_z0() -> Stub {
    Stub::plain()
        .then("?", [reply("T05thread:1;")])
        .always("Hg*", [reply("OK")])
        .always("X10*", [reply("")])
        .always("qC", [reply("QC1")])
}

#[test]
fn stubs_without_software_breakpoints_get_them_written_for_them() {
    let mut registers = vec![0; 536];
    // rip = 0x1001: after the instruction.
    registers[128..130].copy_from_slice(&[0x01, 0x10]);
    let behind = String::from_utf8(kdive_rsp::hex::encode(&registers)).unwrap();
    let clean = reply(&"90".repeat(64));
    let planted = reply(&format!("cc{}", "90".repeat(63)));
    let stub = without_z0()
        .then("Z0,1000,1", [reply("")])
        .then("m1000,40", [clean])
        .then("M1000,1:cc", [reply("OK")])
        // Did it get there?
        .then("m1000,40", [planted.clone()])
        .then("m1000,40", [planted.clone()])
        .then("vCont;c", [Action::Run, stop("T05thread:1;")])
        .then("g", [reply(&behind)])
        .then("P10=0010000000000000", [reply("OK")])
        // Leaving takes it out, if it is still there.
        .then("m1000,40", [planted])
        .then("M1000,1:90", [reply("OK")]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(0x1000), 1).unwrap();
    assert_eq!(target.read_uint(VirtAddr(0x1000), 2), Ok(0x9090));
    target.resume(Resume::Continue).unwrap();
    let Wait::Event(Event::Stopped(stopped)) = wait(&target) else { panic!() };
    assert_eq!(stopped.reason, StopReason::SoftwareBreakpoint);
    target.disconnect();
    stub.assert_done();
}

#[test]
fn leaving_takes_out_what_is_still_in() {
    let stub = qemu()
        .then("Z1,1000,1", [reply("OK")])
        .then("Z2,2000,8", [reply("OK")])
        .then("z2,2000,8", [reply("OK")])
        .then("z1,1000,1", [reply("E22")])
        .then("D;1", [reply("OK")]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Hardware, VirtAddr(0x1000), 1).unwrap();
    target.insert(BreakpointKind::Watch(kdive_target::WatchKind::Write), VirtAddr(0x2000), 8).unwrap();
    target.detach().unwrap();
    // Dropping it afterwards sends nothing more.
    drop(target);
    stub.assert_done();
}

#[test]
fn dropping_a_stopped_target_leaves_no_breakpoint_behind() {
    let stub = qemu().then("Z1,1000,1", [reply("OK")]).then("z1,1000,1", [reply("OK")]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Hardware, VirtAddr(0x1000), 1).unwrap();
    drop(target);
    stub.assert_done();
}

#[test]
fn dropping_a_running_target_without_breakpoints_sends_nothing() {
    let stub = qemu().then("vCont;c", [Action::Run]);
    let target = connect(&stub);
    target.resume(Resume::Continue).unwrap();
    assert_eq!(target.wait(Duration::from_millis(10), &Interrupt::new()), Ok(Wait::Pending));
    drop(target);
    assert!(stub.is_running());
    stub.assert_done();
}

#[test]
fn dropping_a_running_target_takes_breakpoints_out_and_lets_it_run() {
    let stub = qemu()
        .then("Z1,1000,1", [reply("OK")])
        .then("vCont;c", [Action::Run])
        .then("\x03", [stop("T02thread:p01.01;")])
        .then("z1,1000,1", [reply("OK")])
        .then("D;1", [reply("OK")]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Hardware, VirtAddr(0x1000), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    assert_eq!(target.wait(Duration::from_millis(10), &Interrupt::new()), Ok(Wait::Pending));
    drop(target);
    stub.assert_done();
}

#[test]
fn a_refused_resume_leaves_the_target_stopped_and_says_so() {
    let stub = qemu().then("vCont;c", [reply("E22")]);
    let target = connect(&stub);
    target.resume(Resume::Continue).unwrap();
    let error = target.wait(Duration::from_secs(1), &Interrupt::new()).unwrap_err();
    assert_eq!(error.to_string(), "the stub did not resume: reply 'E22'");
    assert_eq!(target.stop().unwrap().thread, CPU1);
    stub.assert_done();
}

#[test]
fn a_silent_stub_gives_the_prompt_back_and_may_come_back_itself() {
    let stub = Stub::qemu()
        .then("?", [reply("T05thread:p01.01;")])
        .then("Hgp1.1", [reply("OK")])
        .then("qXfer:*", [reply("E00")])
        .then("qfThreadInfo", [reply("mp01.01")])
        .then("qsThreadInfo", [reply("l")])
        .then("vCont;c", [Action::Run])
        .then("\x03", [Action::StopSilently])
        .then("qC", [])
        .then("qC", [])
        .then("qC", [])
        // In step again, and then which thread.
        .then("qC", [reply("QCp01.01")])
        .then("vMustReplyEmpty", [reply("")])
        .then("qC", [reply("QCp01.01")]);
    let target = connect(&stub);
    target.resume(Resume::Continue).unwrap();
    let interrupt = Interrupt::new();
    assert_eq!(target.wait(Duration::from_millis(10), &interrupt), Ok(Wait::Pending));
    interrupt.raise();
    assert_eq!(target.wait(Duration::from_secs(60), &interrupt), Ok(Wait::GivenUp));
    assert!(stub.elapsed() < Duration::from_secs(10));
    assert_eq!(target.stop(), None);
    // Reads do not wait for it again at once.
    assert!(target.read(VirtAddr(0), &mut [0]).is_err());
    assert_eq!(target.registers(CPU1).unwrap_err().to_string(), "the stub does not answer");
    // Asking again does.
    let Ok(Wait::Event(Event::Stopped(stopped))) = target.wait(Duration::from_secs(60), &interrupt) else {
        panic!()
    };
    assert!(stopped.synthesized);
    assert_eq!(stopped.thread, CPU1);
    stub.assert_done();
}

/// A QEMU whose process is stopped when memory is read, and that answers the tenth time it is asked whether it is there.
fn frozen() -> Stub {
    let mut stub = Stub::qemu()
        .then("?", [reply("T05thread:p01.01;")])
        .then("qXfer:*", [reply("E00")])
        .then("qfThreadInfo", [reply("mp01.01")])
        .then("qsThreadInfo", [reply("l")])
        .then("m1000,800", [])
        .then("m1800,800", []);
    for _ in 0..9 {
        stub = stub.then("qC", []);
    }
    stub.always("Hg*", [reply("OK")])
        .always("qC", [reply("QCp01.01")])
        .always("vMustReplyEmpty", [reply("")])
        .always("m1000,800", [reply(&"90".repeat(0x800))])
        .always("m1800,800", [reply(&"90".repeat(0x800))])
}

#[test]
fn what_a_run_reads_first_waits_for_a_machine_that_is_frozen() {
    let stub = frozen();
    let target = connect(&stub);
    target.wait_for_answers(true);
    let mut byte = [0];
    assert_eq!(target.read(VirtAddr(0x1000), &mut byte), Ok(()));
    assert_eq!(byte, [0x90]);
    assert!(stub.elapsed() > Duration::from_secs(12), "{:?}", stub.elapsed());
    target.wait_for_answers(false);
    stub.assert_done();
    // Without a run it is not waited for longer than for any answer.
    let stub = frozen();
    let target = connect(&stub);
    assert!(target.read(VirtAddr(0x1000), &mut byte).is_err());
    assert!(stub.elapsed() < Duration::from_secs(12), "{:?}", stub.elapsed());
}

#[test]
fn a_connection_lost_in_a_read_is_reported_once() {
    let stub = qemu()
        .then("m1000,800", [Action::Hangup(Hangup::Broken("Connection reset by peer".into()))])
        .always("m1800*", []);
    let target = connect(&stub);
    assert!(target.read(VirtAddr(0x1000), &mut [0]).is_err());
    let text = "Remote communication error.  Target disconnected.: Connection reset by peer.";
    assert_eq!(target.pending_event(), Some(Event::Lost(text.into())));
    assert_eq!(target.pending_event(), None);
    assert_eq!(target.threads().unwrap_err(), Error::NotConnected);
    assert_eq!(target.monitor(b"x", &mut |_| {}).unwrap_err(), Error::NotConnected);
}

#[test]
fn a_guest_that_exits_is_over() {
    let stub = qemu().then("vCont;c", [Action::Run, stop("W07"), Action::Hangup(Hangup::Closed)]);
    let target = connect(&stub);
    target.resume(Resume::Continue).unwrap();
    assert_eq!(wait(&target), Wait::Event(Event::Exited(7)));
    assert!(!target.is_alive() && !target.is_connected());
    assert_eq!(target.wait(Duration::ZERO, &Interrupt::new()), Err(Error::NotConnected));
}

#[test]
fn a_stop_in_a_thread_that_is_not_listed_adds_it() {
    let stub = qemu()
        .then("vCont;c", [Action::Run, wait_ms(1), stop("T05thread:p01.02;")])
        .always("qThreadExtraInfo,p1.1", [reply("")]);
    let target = connect(&stub);
    target.resume(Resume::Continue).unwrap();
    assert!(matches!(wait(&target), Wait::Event(Event::Stopped(_))));
    let ids: Vec<_> = target.threads().unwrap().iter().map(|thread| thread.id).collect();
    assert_eq!(ids, [CPU1, CPU2]);
    // QEMU would not answer for it, so it is not asked.
    assert_eq!(asked(&stub, "qThreadExtraInfo"), ["qThreadExtraInfo,p1.1"]);
}

#[test]
fn a_stub_without_threads_is_never_sent_an_id() {
    let stub = Stub::new()
        .then("qSupported:*", [reply("PacketSize=400")])
        .then("qC", [reply("")])
        .then("vCont?", [reply("vCont;c;C;s;S")])
        .then("?", [reply("S05")])
        .then("qC", [reply("")])
        .then("qfThreadInfo", [reply("")])
        .then("g", [reply(&"00".repeat(536))])
        .then("vCont;s", [Action::Run, stop("S05")])
        .always("qC", [reply("")])
        .always("qfThreadInfo", [reply("")]);
    let target = connect(&stub);
    let thread = target.stop().unwrap().thread;
    target.registers(thread).unwrap();
    assert_eq!(target.threads().unwrap().len(), 1);
    target.resume(Resume::Step { thread, others: Others::Stopped }).unwrap();
    assert!(matches!(wait(&target), Wait::Event(Event::Stopped(_))));
    stub.assert_done();
}

#[test]
fn kgdb_on_a_serial_line() {
    let shadow = ThreadId::plain(u64::MAX - 1);
    let mut registers = vec![0; 156];
    registers[128..136].copy_from_slice(&0xffff_ffff_8110_0000_u64.to_le_bytes());
    let g = String::from_utf8(kdive_rsp::hex::encode(&registers)).unwrap();
    let stub = Stub::new()
        // What stood in the console's buffer comes first.
        .then("qSupported:*", [raw(b"\r\nEntering kdb (current=0x+)\r\n"), reply("")])
        .then("qC", [reply("QCfffffffffffffffe")])
        .then("vCont?", [reply("")])
        .then("?", [reply("T05thread:fffffffffffffffe;")])
        .then("qfThreadInfo", [reply("mfffffffffffffffe,0000000000000001")])
        .then("qsThreadInfo", [reply("")])
        .then("qThreadExtraInfo,fffffffffffffffe", [reply("736861646f7743505530")])
        .then("qThreadExtraInfo,1", [reply("696e6974")])
        .then("Hgfffffffffffffffe", [reply("OK")])
        .then("g", [reply(&g)])
        .then("mffffffff81100000,40", [reply(&"90".repeat(64))])
        .then("Hcfffffffffffffffe", [reply("OK")])
        .then(
            "s",
            [Action::Run, wait_ms(1), packet("O68690a"), wait_ms(1), stop("T05thread:fffffffffffffffe;")],
        );
    let target = connect(&stub);
    let threads = target.threads().unwrap();
    let expected = [(shadow, "shadowCPU0"), (ThreadId::plain(1), "init")];
    assert_eq!(threads.iter().map(|thread| (thread.id, thread.info.as_str())).collect::<Vec<_>>(), expected);
    let pc = target.registers(shadow).unwrap().pc().unwrap();
    assert_eq!(pc, VirtAddr(0xffff_ffff_8110_0000));
    assert_eq!(target.read_uint(pc, 1), Ok(0x90));
    target.resume(Resume::Step { thread: shadow, others: Others::Stopped }).unwrap();
    assert_eq!(wait(&target), Wait::Event(Event::Output(b"hi\n".to_vec())));
    assert!(matches!(wait(&target), Wait::Event(Event::Stopped(stop)) if stop.thread == shadow));
    stub.assert_done();
}

#[test]
fn monitor_errors_have_gdbs_words() {
    let stub = qemu().then(&monitor("a"), [reply("")]).then(&monitor("b"), [reply("E01")]);
    let target = connect(&stub);
    let error = |command: &[u8]| target.monitor(command, &mut |_| {}).unwrap_err().to_string();
    assert_eq!(error(b"a"), "Target does not support this command.");
    assert_eq!(error(b"b"), "Protocol error with Rcmd: remote failure reply 'E01'");
    stub.assert_done();
}

#[test]
fn a_callback_that_uses_the_target_is_refused_not_deadlocked() {
    let stub = qemu().then(&monitor("x"), [raw(b"+"), packet(&output("hi")), packet("OK")]);
    let target = connect(&stub);
    let mut inside = None;
    target.monitor(b"x", &mut |_| inside = Some(target.threads().map(|_| ()))).unwrap();
    assert_eq!(inside, Some(Err(Error::Remote("the target is busy with another request".into()))));
}
