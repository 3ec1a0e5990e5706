//! Timers: high-resolution ones (kernel/time/hrtimer.c), those of the timer wheel (kernel/time/timer.c), and the devices
//! that make them fire (kernel/time/tick-common.c).

use crate::field::Field;
use crate::{Error, Object, cpu_mask, per_cpu_offsets, rb_nodes};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// A high-resolution timer that is armed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HrTimer {
    /// Address of its `struct hrtimer`.
    pub addr: VirtAddr,
    /// What it calls.
    pub function: VirtAddr,
    /// `state`, or `is_queued` in kernels that keep no more than that (since 7.1).
    pub state: u64,
    /// Earliest and latest expiry in nanoseconds of its clock.
    pub expires: (i64, i64),
}

/// One clock of a CPU with its timers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockBase {
    /// Address of its `struct hrtimer_clock_base`.
    pub addr: VirtAddr,
    /// `index`.
    pub index: u64,
    /// The function that tells its time; `None` where the kernel does not store it (since 6.18).
    pub get_time: Option<VirtAddr>,
    /// Nanoseconds from the monotonic clock.
    pub offset: Option<i64>,
    /// Armed timers, the next to expire first.
    pub timers: Vec<HrTimer>,
}

/// A member of a structure by name, with its value.
pub type NamedValue = (&'static str, i64);

/// The high-resolution timers of a CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CpuTimers {
    /// The CPU.
    pub cpu: u64,
    /// Its clocks.
    pub clocks: Vec<ClockBase>,
    /// Members of `struct hrtimer_cpu_base` that this kernel has, in the order of /proc/timer_list.
    pub base: Vec<NamedValue>,
    /// Members of `struct tick_sched`, likewise.
    pub tick: Vec<NamedValue>,
}

/// More timers than a CPU has.
const MAX_TIMERS: u64 = 1 << 20;

/// What /proc/timer_list shows of a CPU, by the names it has there.
const BASE: [&str; 6] =
    ["expires_next", "hres_active", "nr_events", "nr_retries", "nr_hangs", "max_hang_time"];
const TICK: [&str; 14] = [
    "nohz_mode",
    "last_tick",
    "tick_stopped",
    "idle_jiffies",
    "idle_calls",
    "idle_sleeps",
    "idle_entrytime",
    "idle_waketime",
    "idle_exittime",
    "idle_sleeptime",
    "iowait_sleeptime",
    "last_jiffies",
    "next_timer",
    "idle_expires",
];

/// `base` of the monotonic clock in the timekeeper: nanoseconds at the last update, not now.
///
/// # Errors
/// Without symbols of the kernel; memory.
pub fn monotonic_base(program: &Program) -> Result<i64, Error> {
    // Since 6.17 there are several timekeepers; that of the system is the first.
    let core = match Object::variable(program, "timekeeper_data") {
        Ok(all) => all.index(0)?,
        Err(_) => Object::variable(program, "tk_core")?,
    };
    core.member("timekeeper.tkr_mono.base")?.int()
}

/// The high-resolution timers of every CPU that is online, and what could not be read.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn hrtimers(program: &Program) -> Result<(Vec<CpuTimers>, Vec<Error>), Error> {
    let bases = Object::variable(program, "hrtimer_bases")?;
    let tick = Object::variable(program, "tick_cpu_sched").ok();
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for (cpu, offset) in online(program)? {
        let base = moved(program, &bases, "hrtimer_cpu_base", offset)?;
        let clocks = base.member("clock_base")?;
        let one = clocks.index(0)?.ty().size().filter(|size| *size > 0).unwrap_or(64);
        let count = (clocks.ty().size().unwrap_or(0) / one).min(64);
        let mut cpu_timers = CpuTimers { cpu, clocks: Vec::new(), base: Vec::new(), tick: Vec::new() };
        for index in 0..count {
            match clocks.index(index).and_then(|clock| clock_base(program, &clock, &mut broken)) {
                Ok(clock) => cpu_timers.clocks.push(clock),
                Err(error) => broken.push(error),
            }
        }
        cpu_timers.base = named(&base, &BASE);
        if let Some(tick) = &tick {
            cpu_timers.tick = tick_state(&moved(program, tick, "tick_sched", offset)?);
        }
        found.push(cpu_timers);
    }
    Ok((found, broken))
}

/// The members of a structure that this kernel has and that can be read.
fn named(object: &Object<'_>, names: &[&'static str]) -> Vec<NamedValue> {
    let value = |name: &'static str| {
        let field = Field::new(object, name).ok()?;
        // Bit-fields and small members are flags and counters; words may be negative times.
        let raw = field.read_of(object).ok()?;
        Some((name, raw as i64))
    };
    names.iter().filter_map(|name| value(name)).collect()
}

/// Members of a `tick_sched`. Since 6.9 some of them are bits of `flags` (kernel/time/tick-sched.h).
fn tick_state(tick: &Object<'_>) -> Vec<NamedValue> {
    /// `TS_FLAG_STOPPED`, `TS_FLAG_NOHZ`, `TS_FLAG_HIGHRES`.
    const BITS: [(&str, u32); 3] = [("nohz", 4), ("highres", 5), ("tick_stopped", 1)];
    let mut values = named(tick, &TICK);
    if let (false, Ok(flags)) =
        (tick.has("tick_stopped"), tick.member("flags").and_then(|flags| flags.uint()))
    {
        let bit = |(name, bit): (&'static str, u32)| (name, (flags >> bit & 1) as i64);
        let [nohz, highres, stopped] = BITS.map(bit);
        let after_last_tick = values.iter().position(|(name, _)| *name == "last_tick").map_or(0, |at| at + 1);
        values.insert(after_last_tick, stopped);
        values.splice(0..0, [nohz, highres]);
    }
    values
}

/// The bits of a `cpumask_var_t`, an array or a pointer to one, as the kernel prints them: 32 at a time, highest first.
///
/// # Errors
/// Without the symbol; memory.
pub fn cpu_mask_text(program: &Program, name: &str) -> Result<String, Error> {
    let mask = Object::variable(program, name)?;
    let bits = if mask.has("bits") { mask.member("bits")? } else { mask.deref()?.member("bits")? };
    let count =
        Object::variable(program, "nr_cpu_ids").and_then(|count| count.uint()).unwrap_or(1).clamp(1, 8192);
    let mut text = String::new();
    let chunks = count.div_ceil(32);
    for chunk in (0..chunks).rev() {
        let word = bits.index(chunk / 2)?.uint()?;
        let half = word >> (chunk % 2 * 32) & 0xffff_ffff;
        // The highest is as wide as there are CPUs in it.
        let width = if chunk + 1 == chunks { ((count - chunk * 32).div_ceil(4)) as usize } else { 8 };
        text.push_str(&format!("{half:0width$x}"));
        if chunk > 0 {
            text.push(',');
        }
    }
    Ok(text)
}

/// CPUs that are online with the offset of their per-CPU data.
fn online(program: &Program) -> Result<Vec<(u64, u64)>, Error> {
    let offsets = per_cpu_offsets(program)?;
    let cpus = cpu_mask(program, "online").unwrap_or_else(|_| vec![0]);
    let with = |cpu: u64| Some((cpu, *offsets.get(usize::try_from(cpu).ok()?)?));
    Ok(cpus.into_iter().filter_map(with).collect())
}

fn moved<'a>(program: &'a Program, of: &Object<'a>, ty: &str, offset: u64) -> Result<Object<'a>, Error> {
    Object::of_struct(program, ty, of.addr().offset(offset))
}

fn clock_base(program: &Program, base: &Object<'_>, broken: &mut Vec<Error>) -> Result<ClockBase, Error> {
    let active = base.member("active")?;
    // A cached root since 5.4: the tree's own root comes first in it.
    let root = if active.has("rb_root") { active.member("rb_root")? } else { active.member("head")? };
    let (nodes, error) = rb_nodes(program, root.addr(), MAX_TIMERS)?;
    broken.extend(error);
    let hrtimer = Object::of_struct(program, "hrtimer", VirtAddr(0))?;
    // Since 7.1 the tree's own node has the links of a list after it.
    let node = hrtimer.member("node.node")?;
    let offset = if node.has("node") { node.offset_of("node")? } else { 0 }
        .wrapping_add(node.addr().0.wrapping_sub(hrtimer.addr().0));
    let mut timers = Vec::new();
    for node in nodes {
        let timer = Object::of_struct(program, "hrtimer", VirtAddr(node.0.wrapping_sub(offset)));
        match timer.and_then(|timer| hrtimer_at(&timer)) {
            Ok(timer) => timers.push(timer),
            Err(error) => broken.push(error),
        }
    }
    Ok(ClockBase {
        addr: base.addr(),
        index: base.member("index")?.uint()?,
        get_time: base.member("get_time").and_then(|function| function.pointer()).ok(),
        offset: base.member("offset").and_then(|offset| offset.int()).ok(),
        timers,
    })
}

fn hrtimer_at(timer: &Object<'_>) -> Result<HrTimer, Error> {
    Ok(HrTimer {
        addr: timer.addr(),
        function: timer.member("function")?.pointer()?,
        state: if timer.has("is_queued") { timer.member("is_queued")? } else { timer.member("state")? }
            .uint()?,
        expires: (timer.member("_softexpires")?.int()?, timer.member("node.expires")?.int()?),
    })
}

/// The device that makes timers fire on a CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TickDevice {
    /// The CPU; `None` for the broadcast device.
    pub cpu: Option<u64>,
    /// `enum tick_device_mode`.
    pub mode: u64,
    /// The clock event device, `None` where there is none.
    pub device: Option<ClockEvent>,
}

/// A clock event device (`struct clock_event_device`, include/linux/clockchips.h).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockEvent {
    /// Its name.
    pub name: String,
    /// Numbers, in the order of /proc/timer_list.
    pub numbers: Vec<NamedValue>,
    /// Functions that are set, likewise.
    pub functions: Vec<(&'static str, VirtAddr)>,
}

/// The broadcast device where there is one, then that of each CPU that is online.
///
/// # Errors
/// Without symbols or types of the kernel; memory.
pub fn tick_devices(program: &Program) -> Result<Vec<TickDevice>, Error> {
    let mut found = Vec::new();
    if let Ok(broadcast) = Object::variable(program, "tick_broadcast_device") {
        found.push(tick_device(&broadcast, None)?);
    }
    let devices = Object::variable(program, "tick_cpu_device")?;
    for (cpu, offset) in online(program)? {
        found.push(tick_device(&moved(program, &devices, "tick_device", offset)?, Some(cpu))?);
    }
    Ok(found)
}

fn tick_device(device: &Object<'_>, cpu: Option<u64>) -> Result<TickDevice, Error> {
    const NUMBERS: [&str; 7] =
        ["max_delta_ns", "min_delta_ns", "mult", "shift", "state_use_accessors", "next_event", "retries"];
    const FUNCTIONS: [&str; 7] = [
        "set_next_event",
        "set_state_shutdown",
        "set_state_periodic",
        "set_state_oneshot",
        "set_state_oneshot_stopped",
        "tick_resume",
        "event_handler",
    ];
    let mode = device.member("mode")?.uint()?;
    let event = device.member("evtdev")?;
    if event.pointer()?.0 == 0 {
        return Ok(TickDevice { cpu, mode, device: None });
    }
    let event = event.deref()?;
    let function = |name: &'static str| {
        let at = event.member(name).and_then(|function| function.pointer()).ok()?;
        (at.0 != 0).then_some((name, at))
    };
    Ok(TickDevice {
        cpu,
        mode,
        device: Some(ClockEvent {
            name: event.member("name")?.string(64)?,
            numbers: named(&event, &NUMBERS),
            functions: FUNCTIONS.iter().filter_map(|name| function(name)).collect(),
        }),
    })
}

/// A timer of the wheel that is pending.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WheelTimer {
    /// Address of its `struct timer_list`.
    pub addr: VirtAddr,
    /// The jiffy it fires at.
    pub expires: u64,
    /// What it calls.
    pub function: VirtAddr,
}

/// One wheel of a CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wheel {
    /// The CPU.
    pub cpu: u64,
    /// `BASE_STD`, `BASE_LOCAL`, `BASE_GLOBAL`, `BASE_DEF`.
    pub name: &'static str,
    /// Address of its `struct timer_base`.
    pub addr: VirtAddr,
    /// The jiffy it is at.
    pub clock: u64,
    /// Its timers by expiry.
    pub timers: Vec<WheelTimer>,
}

/// The timer wheels of every CPU that is online (since 4.8), and what could not be read.
///
/// # Errors
/// Without symbols or types of the kernel; [`Error::NoSymbol`] before 4.8.
pub fn timer_wheels(program: &Program) -> Result<(Vec<Wheel>, Vec<Error>), Error> {
    let bases = Object::variable(program, "timer_bases")?;
    let one = Object::of_struct(program, "timer_base", VirtAddr(0))?;
    let size = one.ty().size().filter(|size| *size > 0).unwrap_or(1);
    // The array is of one element without CONFIG_NO_HZ_COMMON, of two with it, of three since 6.9.
    let names: &[&'static str] = match bases.ty().size().unwrap_or(size) / size {
        0 | 1 => &["BASE_STD"],
        2 => &["BASE_STD", "BASE_DEF"],
        _ => &["BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"],
    };
    let (mut wheels, mut broken) = (Vec::new(), Vec::new());
    for (cpu, offset) in online(program)? {
        for (index, name) in names.iter().enumerate() {
            let addr = bases.addr().offset(offset).offset(index as u64 * size);
            match wheel(program, cpu, name, addr, &mut broken) {
                Ok(wheel) => wheels.push(wheel),
                Err(error) => broken.push(error),
            }
        }
    }
    Ok((wheels, broken))
}

fn wheel(
    program: &Program,
    cpu: u64,
    name: &'static str,
    addr: VirtAddr,
    broken: &mut Vec<Error>,
) -> Result<Wheel, Error> {
    let base = Object::of_struct(program, "timer_base", addr)?;
    let vectors = base.member("vectors")?;
    let count = (vectors.ty().size().unwrap_or(0) / 8).min(4096);
    let timer = Object::of_struct(program, "timer_list", VirtAddr(0))?;
    let (expires, function) = (Field::new(&timer, "expires")?, Field::new(&timer, "function")?);
    let mut budget = Budget::new(MAX_TIMERS, program.interrupt.clone());
    let (mut timers, mut seen) = (Vec::new(), HashSet::new());
    for slot in 0..count {
        // The link is the first member of a timer, and `next` of a link.
        let mut chain = || -> Result<(), Error> {
            let mut at = vectors.index(slot)?.member("first")?.pointer()?;
            while at.0 != 0 {
                budget.step()?;
                if !seen.insert(at) {
                    let reason = "a chain leads back into itself".to_owned();
                    return Err(Error::Corrupt { what: "timer wheel", addr: at, reason });
                }
                timers.push(WheelTimer {
                    addr: at,
                    expires: expires.read(program, at)?,
                    function: function.pointer(program, at)?,
                });
                at = Object::of_struct(program, "hlist_node", at)?.member("next")?.pointer()?;
            }
            Ok(())
        };
        if let Err(error) = chain() {
            broken.push(error);
        }
    }
    timers.sort_by_key(|timer| timer.expires);
    Ok(Wheel { cpu, name, addr, clock: base.member("clk")?.uint()?, timers })
}

#[cfg(test)]
#[path = "timer/tests.rs"]
mod tests;
