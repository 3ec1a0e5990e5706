//! Every name that command files written for gdb use is known.

use super::*;

#[test]
fn names_of_gdb_command_files_are_known() {
    let names = "print pretty|print address|print symbol|print array|print array-indexes|print union|print elements|\
        print repeats|print null-stop|print object|print frame-arguments|print entry-values|print max-depth|\
        print sevenbit-strings|pagination|height|width|confirm|listsize|disassembly-flavor|disassemble-next-line|\
        history save|history filename|history size|history expansion|history remove-duplicates|breakpoint pending|\
        breakpoint auto-hw|step-mode|language|architecture|endian|osabi|output-radix|input-radix|logging file|\
        logging redirect|logging overwrite|logging enabled|style enabled|style sources|style address foreground|\
        max-value-size|backtrace limit|backtrace past-main|can-use-hw-watchpoints|remote interrupt-sequence|\
        remote hardware-breakpoint-limit|remote noack-packet|remote Z-packet|debug remote|debug infrun|directories|\
        sysroot|debug-file-directory|auto-load safe-path|auto-load python-scripts|python print-stack|non-stop|\
        schedule-multiple|follow-fork-mode|follow-exec-mode|startup-with-shell|scheduler-locking|remotetimeout|\
        tcp connect-timeout|serial baud|remotelogfile|prompt|verbose|solib-search-path|stop-on-solib-events|\
        detach-on-fork|print asm-demangle|print demangle|print static-members|print vtbl|args|write|charset|\
        tui border-kind|disable-randomization|index-cache enabled|debuginfod enabled|unwindonsignal|mi-async";
    for name in names.split('|').map(str::trim) {
        assert!(Settings::find(name).is_some(), "{name}");
    }
}

#[test]
fn typed_access() {
    let mut settings = Settings::new();
    assert!(settings.bool("confirm"));
    assert_eq!(settings.number("print elements"), Some(200));
    assert_eq!(settings.number("height"), None);
    assert_eq!(settings.auto_bool("breakpoint pending"), None);
    assert_eq!(settings.text("disassembly-flavor"), "att");
    assert_eq!(settings.signed("serial baud"), Some(-1));
    assert_eq!(settings.number("serial baud"), Some(0));
    assert_eq!(settings.directories(), ["$cdir", "$cwd"]);
    settings.put("breakpoint pending", Value::Bool(false));
    assert_eq!(settings.auto_bool("breakpoint pending"), Some(false));
}

#[test]
#[should_panic(expected = "no setting is called \"print preti\"")]
fn a_misspelt_name_is_found_by_tests() {
    let _ = Settings::new().bool("print preti");
}
