//! Timers: `lx-timerlist`, and crash's `timer`.

use super::names::{name_or_address, pointer};
use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::{ClockBase, NamedValue, Object, TickDevice};

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-timerlist",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print /proc/timer_list",
        help: "High-resolution timers of each clock of each CPU, after each clock what is of the\n\
               CPU, then the devices that make them fire: as scripts/gdb prints them.\n\
               \"now\" is when the kernel last kept time, not the moment of the stop.\n\
               Timers of the timer wheel are shown by the command timer.",
        keywords: &["hrtimer", "timeout", "tick", "/proc/timer_list"],
        examples: &["lx-timerlist"],
        run: timer_list,
        ..Spec::EMPTY
    },
    Spec {
        name: "timer",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Timers of the timer wheel, as crash shows them",
        help: "For each wheel of each CPU, by expiry in jiffies: jiffies to go (TTE), address of\n\
               the timer, what it calls. High-resolution timers are shown by lx-timerlist.",
        keywords: &["timeout", "timer wheel", "jiffies"],
        examples: &["timer"],
        run: timer,
        ..Spec::EMPTY
    },
];

/// `  .name      : 123 nsecs`, as /proc/timer_list aligns them.
fn member(&(name, value): &NamedValue, width: usize, times: &[&str]) -> String {
    let unit = if times.contains(&name) { " nsecs" } else { "" };
    format!("  .{name:<width$}: {value}{unit}")
}

fn timer_list(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    /// Members that are times.
    const TIMES: [&str; 8] = [
        "expires_next",
        "last_tick",
        "idle_entrytime",
        "idle_waketime",
        "idle_exittime",
        "idle_sleeptime",
        "iowait_sleeptime",
        "idle_expires",
    ];
    let program = shell.program();
    let now = kdive_linux::monotonic_base(program).map_err(Error::msg)?;
    let (cpus, broken) = kdive_linux::hrtimers(program).map_err(Error::msg)?;
    let count = cpus.first().map_or(0, |cpu| cpu.clocks.len());
    let resolution = Object::variable(program, "hrtimer_resolution").and_then(|ns| ns.uint()).unwrap_or(1);
    let jiffies = Object::variable(program, "jiffies_64").and_then(|jiffies| jiffies.uint());
    let mut lines = vec![
        "Timer List Version: kdive".to_owned(),
        format!("HRTIMER_MAX_CLOCK_BASES: {count}"),
        format!("now at {now} nsecs"),
        String::new(),
    ];
    for cpu in &cpus {
        lines.push(format!("cpu: {}", cpu.cpu));
        for (index, clock) in cpu.clocks.iter().enumerate() {
            lines.push(format!(" clock {index}:"));
            clock_lines(shell, clock, resolution, now, &mut lines);
            // Those of the CPU after each of its clocks, as scripts/gdb prints them.
            lines.extend(cpu.base.iter().map(|value| member(value, 15, &TIMES)));
            lines.extend(cpu.tick.iter().map(|value| member(value, 15, &TIMES)));
            if let Ok(jiffies) = &jiffies {
                lines.push(format!("jiffies: {jiffies}"));
            }
            lines.push(String::new());
        }
    }
    for device in kdive_linux::tick_devices(program).map_err(Error::msg)? {
        device_lines(shell, &device, &mut lines);
        lines.push(String::new());
        if device.cpu.is_none() {
            for name in ["tick_broadcast_mask", "tick_broadcast_oneshot_mask"] {
                if let Ok(mask) = kdive_linux::cpu_mask_text(program, name) {
                    lines.push(format!("{name}: {mask}"));
                }
            }
            lines.push(String::new());
        }
    }
    for line in lines {
        shell.out.line(&line);
    }
    for reason in broken {
        shell.out.warning(&format!("the timers are damaged: {reason}"));
    }
    Ok(())
}

fn clock_lines(shell: &Shell, clock: &ClockBase, resolution: u64, now: i64, lines: &mut Vec<String>) {
    let program = shell.program();
    lines.push(format!("  .base:       {}", pointer(program, clock.addr)));
    lines.push(format!("  .index:      {}", clock.index));
    lines.push(format!("  .resolution: {resolution} nsecs"));
    if let Some(get_time) = clock.get_time {
        lines.push(format!("  .get_time:   {}", name_or_address(program, get_time)));
    }
    if let Some(offset) = clock.offset {
        lines.push(format!("  .offset:     {offset} nsecs"));
    }
    lines.push("active timers:".to_owned());
    // Of this clock.
    let now = now.saturating_add(clock.offset.unwrap_or(0));
    for (index, timer) in clock.timers.iter().enumerate() {
        let function = name_or_address(program, timer.function);
        lines.push(format!(" #{index}: <{:#x}>, {function}, S:{:02x}", timer.addr, timer.state));
        let (soft, hard) = timer.expires;
        lines.push(format!(
            " # expires at {soft}-{hard} nsecs [in {} to {} nsecs]",
            soft.saturating_sub(now),
            hard.saturating_sub(now)
        ));
    }
}

fn device_lines(shell: &Shell, tick: &TickDevice, lines: &mut Vec<String>) {
    lines.push(format!("Tick Device: mode:     {}", tick.mode));
    lines.push(match tick.cpu {
        Some(cpu) => format!("Per CPU device: {cpu}"),
        None => "Broadcast device".to_owned(),
    });
    let Some(device) = &tick.device else {
        lines.push("Clock Event Device: <NULL>".to_owned());
        return;
    };
    lines.push(format!("Clock Event Device: {}", device.name));
    let number = |member: &str, title: &str, unit: &str| {
        let value = device.numbers.iter().find(|(name, _)| *name == member);
        value.map(|(_, value)| format!(" {title:<16}{value}{unit}"))
    };
    let function = |member: &str, title: &str| {
        let set = device.functions.iter().find(|(name, _)| *name == member);
        set.map(|(_, at)| format!(" {title:<15} {}", name_or_address(shell.program(), *at)))
    };
    lines.extend(
        [
            number("max_delta_ns", "max_delta_ns:", ""),
            number("min_delta_ns", "min_delta_ns:", ""),
            number("mult", "mult:", ""),
            number("shift", "shift:", ""),
            number("state_use_accessors", "mode:", ""),
            number("next_event", "next_event:", " nsecs"),
            function("set_next_event", "set_next_event:"),
            function("set_state_shutdown", "shutdown:"),
            function("set_state_periodic", "periodic:"),
            function("set_state_oneshot", "oneshot:"),
            function("set_state_oneshot_stopped", "oneshot stopped:"),
            function("tick_resume", "resume:"),
            function("event_handler", "event_handler:"),
            number("retries", "retries:", ""),
        ]
        .into_iter()
        .flatten(),
    );
}

fn timer(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let program = shell.program();
    let jiffies = Object::variable(program, "jiffies_64").and_then(|jiffies| jiffies.uint());
    let jiffies = jiffies.map_err(Error::msg)?;
    let (wheels, broken) = kdive_linux::timer_wheels(program).map_err(Error::msg)?;
    let width = jiffies.to_string().len().max(7);
    let mut lines = vec!["JIFFIES".to_owned(), jiffies.to_string()];
    for wheel in wheels {
        lines.push(String::new());
        lines.push(format!("TIMER_BASES[{}][{}]: {:016x}", wheel.cpu, wheel.name, wheel.addr.0));
        lines.push(format!("  {:<width$}  {:>width$}  {:^16}  FUNCTION", "EXPIRES", "TTE", "TIMER_LIST"));
        for timer in wheel.timers {
            let to_go = timer.expires.wrapping_sub(jiffies) as i64;
            let function = name_or_address(program, timer.function);
            lines.push(format!(
                "  {:<width$}  {to_go:>width$}  {:016x}  {:016x}  <{function}>",
                timer.expires, timer.addr.0, timer.function.0
            ));
        }
    }
    for line in lines {
        shell.out.line(&line);
    }
    for reason in broken {
        shell.out.warning(&format!("a timer wheel is damaged: {reason}"));
    }
    Ok(())
}
