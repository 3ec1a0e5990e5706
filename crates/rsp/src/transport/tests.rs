//! Every kind of connection, opened and closed for real; no fixed port, no other host.

use super::*;
use crate::endpoint::Endpoint;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;

fn options() -> OpenOptions {
    OpenOptions { connect_timeout: Duration::from_secs(20), auto_retry: false, ..OpenOptions::default() }
}

fn open_with(text: &str, options: &OpenOptions) -> Result<Box<dyn Transport>, Error> {
    open(&Endpoint::parse(text, is_socket)?, options, &mut || {})
}

fn open_text(text: &str) -> Result<Box<dyn Transport>, Error> {
    open_with(text, &options())
}

fn complaint(text: &str) -> String {
    open_text(text).err().unwrap().to_string()
}

/// What comes in within a generous time, diagnostics included.
fn receive(link: &mut Box<dyn Transport>) -> Received {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        match link.receive(Duration::from_millis(100)) {
            Received::Nothing if Instant::now() < limit => {}
            received => return received,
        }
    }
}

fn receive_text(link: &mut Box<dyn Transport>, bytes: usize) -> String {
    let mut text = Vec::new();
    while text.len() < bytes {
        match receive(link) {
            Received::Bytes(more) => text.extend(more),
            other => panic!("{other:?} after {text:?}"),
        }
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn tcp_both_ways_and_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for text in [format!(":{port}"), format!("tcp:localhost:{port}"), format!("tcp4:127.0.0.1:{port}")] {
        let mut link = open_text(&text).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        link.send(b"+$qC#b4").unwrap();
        let mut bytes = [0; 7];
        io::Read::read_exact(&mut peer, &mut bytes).unwrap();
        assert_eq!(&bytes, b"+$qC#b4");
        assert_eq!(link.receive(Duration::ZERO), Received::Nothing);
        peer.write_all(b"+$QC1#c5").unwrap();
        assert_eq!(receive_text(&mut link, 8), "+$QC1#c5");
        drop(peer);
        assert_eq!(receive(&mut link), Received::Hangup(Hangup::Closed));
        assert_eq!(receive(&mut link), Received::Hangup(Hangup::Closed));
    }
}

#[test]
fn the_peer_sees_a_dropped_connection_close() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let link = open_text(&format!(":{}", listener.local_addr().unwrap().port())).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    drop(link);
    assert_eq!(io::Read::read(&mut peer, &mut [0]).unwrap(), 0);
}

/// A port without a listener.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn nobody_listens() {
    let port = closed_port();
    assert_eq!(complaint(&format!(":{port}")), format!(":{port}: Connection refused."));
    assert_eq!(
        complaint(&format!("tcp4:127.0.0.1:{port}")),
        format!("tcp4:127.0.0.1:{port}: Connection refused.")
    );
    assert_eq!(complaint("/no/such/socket"), "/no/such/socket: No such file or directory.");
    assert_eq!(complaint("unix:/no/such/socket"), "unix:/no/such/socket: No such file or directory.");
    let text = complaint("no-such-host.invalid:1");
    assert!(text.starts_with("no-such-host.invalid:1: cannot resolve name: "), "{text}");
    assert_eq!(
        complaint("tcp6:127.0.0.1:1"),
        "tcp6:127.0.0.1:1: cannot resolve name: No address associated with hostname."
    );
}

#[test]
fn a_refused_connection_is_tried_again_until_somebody_listens() {
    let port = closed_port();
    let late = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        TcpListener::bind(("127.0.0.1", port)).map(|listener| listener.accept().map(drop))
    });
    let retry = OpenOptions { auto_retry: true, ..options() };
    let link = open_with(&format!("tcp4:127.0.0.1:{port}"), &retry);
    // Somebody else may have taken the port meanwhile; then there was nothing to test.
    if late.join().unwrap().is_ok() {
        assert!(link.is_ok());
    }
}

#[test]
fn retries_end_with_the_timeout_and_with_ctrl_c() {
    let port = closed_port();
    let short = OpenOptions { connect_timeout: Duration::from_millis(500), auto_retry: true, ..options() };
    let error = open_with(&format!(":{port}"), &short).err().unwrap();
    assert_eq!(error.to_string(), format!(":{port}: Connection refused."));
    let interrupted = OpenOptions { auto_retry: true, ..options() };
    interrupted.interrupt.raise();
    assert_eq!(open_with(&format!(":{port}"), &interrupted).err(), Some(Error::Interrupted));
}

#[test]
fn unix_sockets_by_either_name() {
    let path = std::env::temp_dir().join(format!("kdive-transport-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    for text in [path.display().to_string(), format!("unix:{}", path.display())] {
        let mut link = open_text(&text).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"hello").unwrap();
        assert_eq!(receive_text(&mut link, 5), "hello");
    }
    drop(listener);
    let error = open_text(&path.display().to_string()).err().unwrap();
    assert_eq!(error.to_string(), format!("{}: Connection refused.", path.display()));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_unix_socket_is_waited_for_as_a_port_is() {
    let path = std::env::temp_dir().join(format!("kdive-late-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let retry = OpenOptions { auto_retry: true, ..options() };
    // First there is no file, then one without a listener, then a server.
    for stale in [false, true] {
        if stale {
            drop(UnixListener::bind(&path).unwrap());
        }
        let (ready, server) = (std::sync::mpsc::channel(), path.clone());
        let (asked, waiting) = ready;
        let late = thread::spawn(move || {
            waiting.recv().unwrap();
            let _ = std::fs::remove_file(&server);
            UnixListener::bind(server).unwrap().accept().map(drop)
        });
        let mut waits = 0;
        let endpoint = Endpoint::parse(path.to_str().unwrap(), is_socket).unwrap();
        let link = open(&endpoint, &retry, &mut || {
            waits += 1;
            asked.send(()).unwrap();
        });
        assert!(link.is_ok());
        assert_eq!(waits, 1, "the waiting caller is notified once");
        late.join().unwrap().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
    let short = OpenOptions { connect_timeout: Duration::from_millis(300), ..retry };
    for text in [path.display().to_string(), format!("unix:{}", path.display())] {
        let error = open_with(&text, &short).err().unwrap();
        assert_eq!(error.to_string(), format!("{text}: No such file or directory."));
    }
}

#[test]
fn what_may_become_a_socket() {
    for name in ["guest.sock", "./gdb", "/tmp/gdb.sock", "/tmp/gdb", "no-such.socket"] {
        assert!(is_socket(name), "{name}");
    }
    for name in
        ["localhost", "1234", ":1234", "/dev/ttyS9", "/no/such/directory/gdb.sock", "no/x.sock", "/tmp"]
    {
        assert!(!is_socket(name), "{name}");
    }
}

#[test]
fn a_child_speaks_on_its_standard_input_and_output() {
    let mut link = open_text("| cat").unwrap();
    link.send(b"+$?#3f").unwrap();
    assert_eq!(receive_text(&mut link, 6), "+$?#3f");
}

#[test]
fn a_child_has_a_process_group_of_its_own() {
    // Field 5 of /proc/PID/stat, after "pid (comm) state ppid".
    let mut link = open_text("| read _ _ _ _ group _ < /proc/$$/stat; echo $$ $group; cat").unwrap();
    let mut line = String::new();
    while !line.ends_with('\n') {
        line += &receive_text(&mut link, 1);
    }
    let (pid, group) = line.trim().split_once(' ').unwrap();
    assert_eq!(pid, group);
}

#[test]
fn what_a_child_complains_about_comes_before_the_end() {
    let mut link = open_text("| echo no such program >&2; exit 3").unwrap();
    assert_eq!(receive(&mut link), Received::Diagnostics(b"no such program\n".to_vec()));
    assert_eq!(receive(&mut link), Received::Hangup(Hangup::Closed));
}

#[test]
fn a_child_outlives_the_connection_if_it_likes() {
    let mut link = open_text("| echo $$; cat > /dev/null; exec sleep 5").unwrap();
    let mut line = String::new();
    while !line.ends_with('\n') {
        line += &receive_text(&mut link, 1);
    }
    drop(link);
    thread::sleep(Duration::from_millis(100));
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", line.trim())).unwrap();
    assert!(!stat.contains(") Z "), "{stat}");
}

#[test]
fn serial_lines() {
    let (mut far, near) = SerialPort::pair().unwrap();
    let path = std::fs::read_link(format!("/proc/self/fd/{}", near.as_raw_fd())).unwrap();
    far.set_read_timeout(Duration::from_secs(20)).unwrap();
    let fast = OpenOptions { baud: Some(115_200), ..options() };
    let mut link = open_with(path.to_str().unwrap(), &fast).unwrap();
    link.send(b"$?#3f\x03").unwrap();
    let mut bytes = [0; 6];
    far.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"$?#3f\x03");
    // It has no line that could be broken; gdb too sends the letter after it.
    link.send_break().unwrap();
    link.send(b"g12345").unwrap();
    far.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"g12345");
    // Nothing is echoed, translated or held back until the end of a line.
    far.write_all(b"+\r\n\x04\x1c\xff").unwrap();
    let mut got = Vec::new();
    while got.len() < 6 {
        match receive(&mut link) {
            Received::Bytes(more) => got.extend(more),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(got, b"+\r\n\x04\x1c\xff");
    assert_eq!(link.receive(Duration::from_millis(1)), Received::Nothing);
    drop((far, near));
    assert_eq!(receive(&mut link), Received::Hangup(Hangup::Closed));
}

#[test]
fn what_is_no_serial_line() {
    assert_eq!(complaint("/tmp"), "/tmp: Is a directory.");
    assert_eq!(complaint("/dev/null"), "/dev/null: Inappropriate ioctl for device.");
}

#[test]
fn a_break_is_telnets_on_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut link = open_text(&format!(":{}", listener.local_addr().unwrap().port())).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    link.send_break().unwrap();
    link.send(b"g").unwrap();
    let mut bytes = [0; 3];
    io::Read::read_exact(&mut peer, &mut bytes).unwrap();
    assert_eq!(bytes, [0xff, 0xf3, b'g']);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut link = over_unix_stream(ours).unwrap();
    link.send_break().unwrap();
    link.send(b"g").unwrap();
    io::Read::read_exact(&mut theirs, &mut bytes).unwrap();
    assert_eq!(bytes, [0xff, 0xf3, b'g']);
    drop(theirs);
    assert!(link.send_break().is_err());
}
