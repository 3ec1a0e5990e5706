//! What users get wrong, and files and stubs that are not what they should be: one line that says what and what to do, and
//! the shell goes on.

use crate::cli::Place;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::process::Command;

/// Compiles a small program and gives the place it is in; `None` (said aloud) without a compiler.
pub fn program(flags: &[&str]) -> Option<Place> {
    if !kdive_testkit::environment::programs(&["cc"]) {
        return None;
    }
    let place = Place::new();
    place.file("a.c", "int x = 5;\nint main(void)\n{\n\treturn x;\n}\n");
    let built = Command::new("cc")
        .args(flags)
        .args(["-o", "a", "a.c"])
        .current_dir(place.home().join("work"))
        .status()
        .unwrap();
    assert!(built.success());
    Some(place)
}

/// Runs commands on a file; standard output, then standard error. The shell has to be alive at the end.
#[track_caller]
pub fn says(place: &Place, commands: &[&str], file: &str) -> (String, String) {
    let (status, out, err) = runs(place, commands, file);
    assert_eq!(status, 0, "{out}{err}");
    (out, err)
}

/// The same on a file that cannot be read: what the job was about is not there, so it fails whatever its commands say.
#[track_caller]
fn refuses(place: &Place, commands: &[&str], file: &str) -> (String, String) {
    let (status, out, err) = runs(place, commands, file);
    assert_eq!(status, 1, "{out}{err}");
    (out, err)
}

/// The exit status, standard output and standard error.
#[track_caller]
fn runs(place: &Place, commands: &[&str], file: &str) -> (i32, String, String) {
    let mut args = vec!["-nx", "-batch"];
    for command in commands {
        args.extend(["-ex", command]);
    }
    args.extend(["-ex", "echo alive\\n", file]);
    let outcome = place.run(&args, "");
    let out = outcome.out.strip_suffix("alive\n").unwrap_or_else(|| panic!("not alive: {}", outcome.out));
    (outcome.status, out.to_owned(), outcome.err)
}

#[test]
fn no_such_file() {
    let (out, err) = refuses(&Place::new(), &["print 1"], "nothing-here");
    assert_eq!((out.as_str(), err.as_str()), ("$1 = 1\n", "nothing-here: No such file or directory.\n"));
}

#[test]
fn a_directory_is_not_a_program() {
    let (_, err) = refuses(&Place::new(), &[], "/");
    assert_eq!(err, "\"/\" is a directory: give the vmlinux in it\n");
}

#[test]
fn not_an_elf_file() {
    let place = Place::new();
    place.file("text", "hello\n");
    let (_, err) = refuses(&place, &[], "text");
    let path = place.home().join("work").canonicalize().unwrap().join("text");
    assert_eq!(
        err,
        format!("\"{}\": not in executable format: file format not recognized\n", path.display())
    );
}

#[test]
fn without_debug_info_symbols_still_work() {
    let Some(place) = program(&[]) else { return };
    let (out, err) = says(&place, &["print (int) x", "info line main", "print x"], "a");
    assert!(out.starts_with("$1 = 5\nNo line number information available for address 0x"), "{out}");
    assert_eq!(
        err,
        "warning: a has no debug info: names and addresses work, types and lines do not\n\
         'x' has unknown type; cast it to its declared type\n"
    );
}

#[test]
fn a_truncated_file_never_ends_the_shell() {
    let Some(place) = program(&["-g"]) else { return };
    let path = place.home().join("work/a");
    let whole = std::fs::read(&path).unwrap();
    for parts in 0..16 {
        std::fs::write(place.home().join("work/cut"), &whole[..whole.len() * parts / 16]).unwrap();
        let (_, err) = refuses(&place, &["info line main", "ptype main", "info scope main"], "cut");
        assert!(!err.is_empty(), "{parts}/16 of a file are no file");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn damaged_debug_information_never_ends_the_shell() {
    let Some(place) = program(&["-g"]) else { return };
    let path = place.home().join("work/a");
    let whole = std::fs::read(&path).unwrap();
    // After the code and data: debug sections, symbols, section headers.
    for step in 0..24 {
        let mut bytes = whole.clone();
        let at = bytes.len() / 2 + step * (bytes.len() / 2) / 24;
        for byte in bytes.iter_mut().skip(at).take(64) {
            *byte ^= 0xa5;
        }
        std::fs::write(place.home().join("work/damaged"), bytes).unwrap();
        let (status, _, err) =
            runs(&place, &["info line main", "ptype main", "print x", "info scope main"], "damaged");
        assert!(status == 0 || status == 1, "{status} {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn a_stub_that_is_not_there() {
    let (_, err) =
        says(&Place::new(), &["set tcp auto-retry off", "target remote unix:nobody.sock"], "/bin/true");
    assert!(err.contains("nobody.sock: No such file or directory."), "{err}");
}

#[test]
fn a_stub_that_never_answers() {
    let place = Place::new();
    let listener = UnixListener::bind(place.home().join("work/mute.sock")).unwrap();
    let peer = std::thread::spawn(move || {
        // Reads until kdive has given up, and says nothing.
        let (mut stream, _) = listener.accept().unwrap();
        let mut sink = Vec::new();
        let _ = stream.read_to_end(&mut sink);
        sink
    });
    let (out, err) =
        says(&place, &["set remotetimeout 1", "target remote mute.sock", "print 2"], "/bin/true");
    assert!(out.ends_with("$1 = 2\n"), "{out}");
    assert!(err.contains("no answer from the stub"), "{err}");
    assert!(peer.join().unwrap().starts_with(b"+$qSupported") || err.contains("no answer"));
}

#[test]
fn commands_that_are_not_there_or_not_clear() {
    let (_, err) = says(&Place::new(), &["frobnicate", "info frobnicate", "dis 77", "s"], "/bin/true");
    assert!(err.contains("Undefined command: \"frobnicate\".  Try \"help\".\n"), "{err}");
    assert!(err.contains("Undefined info command: \"frobnicate\".  Try \"help info\".\n"), "{err}");
    assert!(err.contains("The program is not being run.\n"), "{err}");
    let (_, err) = says(&Place::new(), &["ma"], "/bin/true");
    assert!(err.contains("Ambiguous command \"ma\": macro, maintenance, make.\n"), "{err}");
}

#[test]
fn memory_that_is_not_there() {
    let Some(place) = program(&["-g"]) else { return };
    let commands = ["print *(int *) 0xdead00000000", "x/2gx 0xdead00000000", "print *(struct nothing *) 0"];
    let (out, err) = says(&place, &commands, "a");
    assert_eq!(out, "0xdead00000000:\t");
    assert_eq!(
        err,
        "Cannot access memory at address 0xdead00000000\n\
         Cannot access memory at address 0xdead00000000\n\
         No struct type named nothing.\n"
    );
}

#[test]
fn a_damaged_index_is_made_again_without_a_word() {
    let Some(place) = program(&["-g"]) else { return };
    let cache = place.home().join(".cache/kdive");
    let state = |place: &Place| {
        let (out, err) = says(place, &["info line main", "maint info index"], "a");
        assert_eq!(err, "");
        out.lines().last().unwrap().split(", ").next().unwrap().rsplit(": ").next().unwrap().to_owned()
    };
    assert_eq!(state(&place), "built");
    assert_eq!(state(&place), "read from disk");
    let file = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], &[0xa5; 4096][..], &[][..]] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(state(&place), "built");
        assert_eq!(std::fs::read(&file).unwrap(), whole, "and put there again");
    }
    // Elsewhere, and not at all.
    let (out, _) =
        says(&place, &["set index-cache off", "file a", "info line main", "maint info index"], "a");
    assert!(out.contains("Indexes are not kept on disk.\n"), "{out}");
    assert!(out.contains(": built, "), "{out}");
}
