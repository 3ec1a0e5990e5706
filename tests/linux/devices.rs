//! Checks for a guest with a shell: devices, timers and what this kernel is built without, against /proc and /sys.

use super::guest::Guest;
use std::collections::BTreeSet;

/// The names after `dev ` in lines with this much before it.
fn devices(text: &str, indent: &str) -> BTreeSet<String> {
    let prefix = format!("{indent}dev ");
    let names = text.lines().filter_map(|line| line.strip_prefix(&prefix)?.split_once(":\t0x"));
    names.map(|(name, _)| name.to_owned()).collect()
}

pub(crate) fn buses_classes_and_numbers(guest: &mut Guest) {
    guest.shell("ifconfig lo 127.0.0.1; ifconfig dummy0 10.1.2.3");
    let buses = guest.shell("cd /sys/bus; for b in *; do echo $b $(ls $b/devices); done; cd /");
    let classes = guest.shell("cd /sys/class; for c in *; do echo $c $(ls $c); done; cd /");
    let platform = guest.shell("cd /sys/devices/platform; find . -name uevent; cd /");
    let numbers = guest.shell("cat /proc/devices");
    let network = guest.shell("cat /proc/net/dev");
    let blocks = guest.shell("ls /sys/block");
    let got = guest.ask(&[
        "lx-device-list-bus",
        "lx-device-list-class",
        "lx-device-list-class net",
        "lx-device-list-bus pci",
        "lx-device-list-tree &platform_bus",
        "dev",
        "net",
        "lx-device-list-bus none",
        "lx-device-list-tree 5",
    ]);
    let groups = |text: &str, word: &str| -> Vec<(String, BTreeSet<String>)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix(&format!("{word} ")), found.last_mut()) {
                (Some(rest), _) => found.push((rest.split(':').next().unwrap().to_owned(), String::new())),
                (None, Some((_, lines))) => lines.push_str(&format!("{line}\n")),
                (None, None) => panic!("{line}"),
            }
        }
        found.into_iter().map(|(name, lines)| (name, devices(&lines, "\t"))).collect()
    };
    for (output, shown, word) in [(&buses, &got.out[0], "bus"), (&classes, &got.out[1], "class")] {
        let shown = groups(shown, word);
        let mut count = 0;
        for line in output.lines() {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            // Files of a class are not devices; `!` stands for a slash.
            let files = ["version", "abi_version", "drm_version", "bonding_masters"];
            let expected: BTreeSet<String> =
                words.filter(|word| !files.contains(word)).map(|word| word.replace('!', "/")).collect();
            let found = shown.iter().find(|(shown, _)| shown == name);
            let (_, found) = found.unwrap_or_else(|| panic!("no {word} {name} in {shown:?}"));
            assert_eq!(found, &expected, "{word} {name}");
            count += expected.len();
        }
        assert!(count > 20, "{output}");
    }
    assert!(devices(&got.out[2], "").contains("dummy0"), "{}", got.out[2]);
    assert!(devices(&got.out[3], "").contains("0000:00:01.0"), "{}", got.out[3]);
    // Every directory of a device has a uevent; that of the root too.
    let names: BTreeSet<&str> = got.out[4]
        .lines()
        .map(|line| line.trim_start().strip_prefix("dev ").unwrap().split(":\t").next().unwrap())
        .collect();
    assert!(
        got.out[4].starts_with("dev platform:\t0x") && got.out[4].contains(" <platform_bus>\n"),
        "{}",
        got.out[4]
    );
    for path in platform.lines().map(|line| line.trim_end_matches("/uevent")) {
        let name = path.rsplit('/').next().unwrap();
        assert!(name == "." || names.contains(name), "{path} {names:?}");
    }

    let mut section = "";
    let (characters, disks) = got.out[5].split_once("\nBLKDEV").unwrap();
    for line in numbers.lines() {
        match line.trim().split_once(' ') {
            Some(("Character", _)) => section = characters,
            Some(("Block", _)) => section = disks,
            Some((major, name)) => {
                let shown = section.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
                let of_number =
                    shown.clone().find(|row| row.first() == Some(&major) && row.get(1) == Some(&name));
                // Where a driver has disks, they stand for it.
                let disk = shown.clone().any(|row| row.first() == Some(&major) && row.len() >= 4);
                assert!(of_number.is_some() || disk, "{line} {section}");
            }
            None => {}
        }
    }
    assert!(characters.contains("  memory_fops\n"), "{characters}");
    for disk in blocks.split_whitespace() {
        assert!(disks.contains(&format!(" {disk} ")), "{disk} {disks}");
    }
    assert!(disks.contains("  lo_fops [loop]\n"), "{disks}");
    let output: BTreeSet<&str> =
        network.lines().filter_map(|line| Some(line.split_once(':')?.0.trim())).collect();
    let rows: Vec<Vec<&str>> =
        got.out[6].lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.iter().map(|row| row[1]).collect::<BTreeSet<_>>(), output);
    for (device, address) in [("lo", "127.0.0.1"), ("dummy0", "10.1.2.3")] {
        assert!(rows.iter().any(|row| row[1..] == [device, address]), "{rows:?}");
    }
    assert!(got.err.contains("Can't find bus type 'none'\n"), "{}", got.err);
    assert!(got.err.contains("Please provide pointer to struct device\n"), "{}", got.err);
}

/// Lines of /proc/timer_list that are the same from one moment to the next: without times, counters and addresses.
fn steady(text: &str) -> Vec<String> {
    let changing = [
        "expires at",
        " #",
        ".base:",
        "now at",
        "Version",
        "next_event:",
        "retries:",
        "jiffies:",
        ".tick_stopped",
        "Wakeup Device",
        ".offset:",
    ];
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !changing.iter().any(|word| line.contains(word)));
    let shortened = lines.map(|line| match line.split_once(": ") {
        // Members of a CPU: which there are.
        Some((name, _))
            if line.starts_with("  .") && !line.contains("ndex") && !line.contains("get_time") =>
        {
            name.to_owned()
        }
        _ => line.to_owned(),
    });
    shortened.collect()
}

pub(crate) fn timers(guest: &mut Guest) {
    let output = guest.shell("cat /proc/timer_list");
    let got = guest.ask(&[
        "lx-timerlist",
        "timer",
        "print &kdive_test_hrtimer",
        "print kdive_test_timer.entry.pprev != 0",
    ]);
    assert_eq!(steady(&once_per_cpu(&got.out[0])), steady(&output));
    // As scripts/gdb does: after each of the eight clocks of both CPUs.
    assert_eq!(got.out[0].matches("  .expires_next").count(), 16, "{}", got.out[0]);
    // Timers too far away to fire meanwhile: the three processes that sleep, and that of the module.
    let far = |text: &str| -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        let pairs =
            lines.windows(2).filter(|pair| pair[0].starts_with(" #") && pair[1].starts_with(" # expires"));
        let mut found: Vec<String> = pairs
            .filter_map(|pair| {
                let at = pair[1].strip_prefix(" # expires at ")?.split(" nsecs").next()?;
                let until: u64 = at.split('-').next()?.parse().ok()?;
                (until > 900_000_000_000_000).then(|| format!("{}{at}", pair[0].split(">, ").nth(1).unwrap()))
            })
            .collect();
        found.sort();
        found
    };
    let timers = far(&got.out[0]);
    assert_eq!(timers, far(&output));
    assert_eq!(timers.len(), 4, "{timers:?}");
    let own = "kdive_test_hrtimer_fn [kdive_test], S:011234567890123456789-1234567890123456789";
    assert!(timers.iter().any(|timer| timer == own), "{timers:?}");
    let line = got.out[1].lines().find(|line| line.ends_with("  <kdive_test_timer_fn [kdive_test]>"));
    let words: Vec<&str> = line.unwrap_or_else(|| panic!("{}", got.out[1])).split_whitespace().collect();
    let jiffies: i64 = got.out[1].lines().nth(1).unwrap().parse().unwrap();
    let to_go: i64 = words[1].parse().unwrap();
    assert_eq!(words[0].parse::<i64>().unwrap(), jiffies + to_go);
    // A million seconds, at 250 in a second, less the time since it was loaded.
    assert!((249_900_000..250_000_001).contains(&to_go), "{to_go}");
    assert!(got.out[1].contains("\nTIMER_BASES[1][BASE_DEF]: "), "{}", got.out[1]);
}

/// What is of a CPU after its last clock only, as in /proc/timer_list.
fn once_per_cpu(text: &str) -> String {
    let (mut kept, mut members) = (String::new(), String::new());
    for line in text.lines() {
        if line.starts_with(" clock ") {
            members.clear();
        } else if line.starts_with("cpu: ") || line.starts_with("Tick Device") {
            kept.push_str(&std::mem::take(&mut members));
        }
        let part =
            if line.starts_with("  .expires_next") || !members.is_empty() { &mut members } else { &mut kept };
        part.push_str(line);
        part.push('\n');
    }
    kept + &members
}

/// What these kernels are built without is said, not guessed.
pub(crate) fn absent(guest: &mut Guest) {
    let got = guest.ask(&["lx-clk-summary", "lx-genpd-summary", "lx-configdump", "lx-fdtdump"]);
    let expected = "Can't find clocks: this kernel is built without CONFIG_COMMON_CLK.\n\
                    Can't find power domains: this kernel is built without CONFIG_PM_GENERIC_DOMAINS.\n\
                    Can't find config: this kernel is built without CONFIG_IKCONFIG.\n\
                    Can't find a device tree: this kernel is built without CONFIG_OF.\n";
    assert_eq!((got.out.concat().as_str(), got.err.as_str()), ("", expected));
    assert!(!guest.work().join("config.txt").exists() && !guest.work().join("fdtdump.dtb").exists());
    // One boot in five hundred is where the file says, and nothing is said.
    let connected = &got.connected;
    assert!(
        connected.starts_with("Kernel at 0xffffffff") || connected.starts_with("0xffffffff81"),
        "{connected}"
    );
}
