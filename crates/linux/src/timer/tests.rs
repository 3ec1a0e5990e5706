//! Timers of kernels of several ages, by the members their structures have.

use super::*;
use crate::testing::image;

/// Trees and queues as every kernel has them.
const TREES: &str = "
    typedef long long ktime_t;
    struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right, *rb_left; };
    struct rb_root { struct rb_node *rb_node; };
    struct hrtimer;
    int later(struct hrtimer *timer) { return 0; }
    int sooner(struct hrtimer *timer) { return 0; }
    unsigned int nr_cpu_ids = 1;
    struct cpumask { unsigned long bits[1]; } __cpu_online_mask = { { 1 } };
";

/// The first clock of the only CPU, which has two timers.
fn clock(program: &Program) -> ClockBase {
    let (cpus, broken) = hrtimers(program).unwrap();
    assert!(broken.is_empty(), "{broken:?}");
    let [cpu] = &cpus[..] else { panic!("{cpus:?}") };
    assert_eq!(cpu.base, [("expires_next", 100), ("hres_active", 1)]);
    let [clock] = &cpu.clocks[..] else { panic!("{cpu:?}") };
    clock.clone()
}

fn check(program: &Program) {
    let clock = clock(program);
    let symbol = |name: &str| program.modules.symbols_named(name)[0].addr;
    let size = Object::of_struct(program, "hrtimer", VirtAddr(0)).unwrap().ty().size().unwrap();
    let timers = symbol("timers");
    assert_eq!(clock.offset, Some(7));
    assert_eq!(
        clock.timers,
        [
            HrTimer { addr: timers.offset(size), function: symbol("sooner"), state: 1, expires: (90, 100) },
            HrTimer { addr: timers, function: symbol("later"), state: 1, expires: (200, 200) },
        ]
    );
}

#[test]
fn timers_of_6_1() {
    let program = image(&format!(
        "{TREES}
        struct timerqueue_node {{ struct rb_node node; ktime_t expires; }};
        struct rb_root_cached {{ struct rb_root rb_root; struct rb_node *rb_leftmost; }};
        struct timerqueue_head {{ struct rb_root_cached rb_root; }};
        struct hrtimer {{ struct timerqueue_node node; ktime_t _softexpires; int (*function)(struct hrtimer *);
                         struct hrtimer_clock_base *base; unsigned char state, is_rel; }};
        struct hrtimer_clock_base {{ void *cpu_base; unsigned int index; struct timerqueue_head active;
                                    ktime_t (*get_time)(void); ktime_t offset; }};
        struct hrtimer_cpu_base {{ unsigned int cpu; unsigned int hres_active:1; ktime_t expires_next;
                                  struct hrtimer_clock_base clock_base[1]; }};
        struct hrtimer timers[2] = {{
            {{ {{ {{ 1, 0, &timers[1].node.node }}, 200 }}, 200, later, 0, 1 }},
            {{ {{ {{ (unsigned long)&timers[0].node.node }}, 100 }}, 90, sooner, 0, 1 }} }};
        struct hrtimer_cpu_base hrtimer_bases =
            {{ 0, 1, 100, {{ {{ 0, 0, {{ {{ {{ &timers[0].node.node }} }} }}, 0, 7 }} }} }};
        struct tk_read_base {{ ktime_t base; }};
        struct timekeeper {{ struct tk_read_base tkr_mono; }};
        struct {{ int seq; struct timekeeper timekeeper; }} tk_core = {{ 2, {{ {{ 1234 }} }} }};"
    ));
    check(&program);
    assert_eq!(monotonic_base(&program), Ok(1234));
}

#[test]
fn timers_in_a_linked_tree_and_one_timekeeper_of_several() {
    let program = image(&format!(
        "{TREES}
        struct rb_node_linked {{ struct rb_node node; struct rb_node_linked *prev, *next; }};
        struct rb_root_linked {{ struct rb_root rb_root; struct rb_node_linked *rb_leftmost; }};
        struct timerqueue_linked_node {{ struct rb_node_linked node; ktime_t expires; }};
        struct timerqueue_linked_head {{ struct rb_root_linked rb_root; }};
        struct hrtimer {{ struct timerqueue_linked_node node; struct hrtimer_clock_base *base;
                         _Bool is_queued, is_rel, is_soft, is_hard, is_lazy; ktime_t _softexpires;
                         int (*function)(struct hrtimer *); }};
        struct hrtimer_clock_base {{ void *cpu_base; unsigned int index; struct timerqueue_linked_head active;
                                    ktime_t offset; }};
        struct hrtimer_cpu_base {{ unsigned int cpu; _Bool hres_active; ktime_t expires_next;
                                  struct hrtimer_clock_base clock_base[1]; }};
        struct hrtimer timers[2] = {{
            {{ {{ {{ {{ 1, 0, &timers[1].node.node.node }} }}, 200 }}, 0, 1, 0, 0, 0, 0, 200, later }},
            {{ {{ {{ {{ (unsigned long)&timers[0].node.node.node }} }}, 100 }}, 0, 1, 0, 0, 0, 0, 90, sooner }} }};
        struct hrtimer_cpu_base hrtimer_bases =
            {{ 0, 1, 100, {{ {{ 0, 0, {{ {{ {{ &timers[0].node.node.node }} }} }}, 7 }} }} }};
        struct tk_read_base {{ ktime_t base; }};
        struct timekeeper {{ struct tk_read_base tkr_mono; }};
        struct tk_data {{ int seq; struct timekeeper timekeeper; }} timekeeper_data[9] = {{ {{ 2, {{ {{ 1234 }} }} }} }};"
    ));
    check(&program);
    assert_eq!(monotonic_base(&program), Ok(1234));
}
