//! Clocks (`struct clk_core`, drivers/clk/clk.c) and power domains (`struct generic_pm_domain`,
//! include/linux/pm_domain.h): what embedded machines have, and few others.

use crate::{Error, ListWalk, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;

/// One clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clock {
    /// How deep in the tree, 0 for a root.
    pub depth: usize,
    /// Its name.
    pub name: String,
    /// Counters of enable, prepare and protect.
    pub counts: [u64; 3],
    /// Its rate in Hz as the kernel last knew it.
    pub rate: u64,
    /// Whether the rate may have changed since (`CLK_GET_RATE_NOCACHE`).
    pub uncached: bool,
}

/// More clocks than any machine has.
const MAX_CLOCKS: u64 = 1 << 16;
/// Deepest tree of clocks.
const MAX_DEPTH: usize = 64;

/// The trees below `clk_root_list` and `clk_orphan_list`, and what ended the walk before its end.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without a clock framework (`CONFIG_COMMON_CLK`).
pub fn clocks(program: &Program) -> Result<(Vec<Clock>, Option<Error>), Error> {
    let mut found = Vec::new();
    let mut budget = Budget::new(MAX_CLOCKS, program.interrupt.clone());
    for list in ["clk_root_list", "clk_orphan_list"] {
        let head = Object::variable(program, list)?;
        if let Err(error) = subtree(program, &head, 0, &mut budget, &mut found) {
            return Ok((found, Some(error)));
        }
    }
    Ok((found, None))
}

fn subtree(
    program: &Program,
    head: &Object<'_>,
    depth: usize,
    budget: &mut Budget,
    found: &mut Vec<Clock>,
) -> Result<(), Error> {
    /// `CLK_GET_RATE_NOCACHE`.
    const NOCACHE: u64 = 1 << 6;
    if depth > MAX_DEPTH {
        let reason = "its tree is too deep".to_owned();
        return Err(Error::Corrupt { what: "clock", addr: head.addr(), reason });
    }
    let offset = Object::of_struct(program, "clk_core", VirtAddr(0))?.offset_of("child_node")?;
    let mut at = head.member("first")?.pointer()?;
    while at.0 != 0 {
        budget.step()?;
        let clock = Object::of_struct(program, "clk_core", VirtAddr(at.0.wrapping_sub(offset)))?;
        let uint = |name: &str| clock.member(name).and_then(|member| member.uint());
        found.push(Clock {
            depth,
            name: clock.member("name")?.string(128)?,
            // Protection is counted since 4.16.
            counts: [uint("enable_count")?, uint("prepare_count")?, uint("protect_count").unwrap_or(0)],
            rate: uint("rate")?,
            uncached: uint("flags")? & NOCACHE != 0,
        });
        subtree(program, &clock.member("children")?, depth + 1, budget, found)?;
        at = Object::of_struct(program, "hlist_node", at)?.member("next")?.pointer()?;
    }
    Ok(())
}

/// One power domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PowerDomain {
    /// Its name.
    pub name: String,
    /// `on`, or `off-N` with the state it is in.
    pub status: String,
    /// Names of the domains that depend on it.
    pub children: Vec<String>,
    /// Path and status of each of its devices.
    pub devices: Vec<(String, String)>,
}

/// The domains of `gpd_list`, and what ended the walk before its end.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without power domains (`CONFIG_PM_GENERIC_DOMAINS`).
pub fn power_domains(program: &Program) -> Result<(Vec<PowerDomain>, Option<Error>), Error> {
    let head = Object::variable(program, "gpd_list")?.addr();
    let offset = Object::of_struct(program, "generic_pm_domain", VirtAddr(0))?.offset_of("gpd_list_node")?;
    let mut found = Vec::new();
    for entry in ListWalk::new(program, head, MAX_CLOCKS) {
        match entry.and_then(|entry| domain(program, VirtAddr(entry.0.wrapping_sub(offset)))) {
            Ok(domain) => found.push(domain),
            Err(error) => return Ok((found, Some(error))),
        }
    }
    Ok((found, None))
}

fn domain(program: &Program, addr: VirtAddr) -> Result<PowerDomain, Error> {
    let domain = Object::of_struct(program, "generic_pm_domain", addr)?;
    // GENPD_STATE_ON is 0.
    let status = match domain.member("status")?.uint()? {
        0 => "on".to_owned(),
        _ => format!("off-{}", domain.member("state_idx")?.uint()?),
    };
    // parent_links and child since 5.9, master_links and slave before.
    let (links, node, below) = if domain.has("parent_links") {
        ("parent_links", "parent_node", "child")
    } else {
        ("master_links", "master_node", "slave")
    };
    let offset = Object::of_struct(program, "gpd_link", VirtAddr(0))?.offset_of(node)?;
    let mut children = Vec::new();
    for link in ListWalk::new(program, domain.member(links)?.addr(), MAX_CLOCKS) {
        let link = Object::of_struct(program, "gpd_link", VirtAddr(link?.0.wrapping_sub(offset)))?;
        children.push(link.member(below)?.deref()?.member("name")?.string(128)?);
    }
    let offset = Object::of_struct(program, "pm_domain_data", VirtAddr(0))?.offset_of("list_node")?;
    let mut devices = Vec::new();
    for entry in ListWalk::new(program, domain.member("dev_list")?.addr(), MAX_CLOCKS) {
        let data = Object::of_struct(program, "pm_domain_data", VirtAddr(entry?.0.wrapping_sub(offset)))?;
        let device = data.member("dev")?.deref()?;
        devices.push((kobject_path(&device.member("kobj")?)?, runtime_status(&device)?));
    }
    Ok(PowerDomain { name: domain.member("name")?.string(128)?, status, children, devices })
}

/// Names from the topmost object down.
fn kobject_path(object: &Object<'_>) -> Result<String, Error> {
    let mut names = vec![object.member("name")?.string(128)?];
    let mut parent = object.member("parent")?;
    while parent.pointer()?.0 != 0 && names.len() < MAX_DEPTH {
        let object = parent.deref()?;
        names.push(object.member("name")?.string(128)?);
        parent = object.member("parent")?;
    }
    names.reverse();
    Ok(names.join("/"))
}

/// `enum rpm_status` in words.
fn runtime_status(device: &Object<'_>) -> Result<String, Error> {
    let bits = |name: &str| -> Result<u64, Error> {
        let power = device.member("power")?;
        crate::field::Field::new(&power, name)?.read_of(&power)
    };
    if bits("runtime_error")? != 0 {
        return Ok("error".to_owned());
    }
    if bits("disable_depth")? != 0 {
        return Ok("unsupported".to_owned());
    }
    let status = bits("runtime_status")?;
    let words = ["active", "resuming", "suspended", "suspending"];
    let word = usize::try_from(status).ok().and_then(|status| words.get(status));
    Ok(word.map_or_else(|| format!("status {status}"), |word| (*word).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    #[test]
    fn trees_of_clocks() {
        let program = image(
            r#"
            struct hlist_node { struct hlist_node *next, **pprev; };
            struct hlist_head { struct hlist_node *first; };
            struct clk_core { const char *name; unsigned long rate, flags; unsigned enable_count, prepare_count, protect_count;
                struct hlist_head children; struct hlist_node child_node; };
            struct clk_core uart = { "uart", 24000000, 64, 2, 3, 1 };
            struct clk_core osc = { "osc", 48000000, 0, 1, 1, 0, { &uart.child_node } };
            struct clk_core stray = { "stray", 5, 0, 0, 0, 0 };
            struct hlist_head clk_root_list = { &osc.child_node }, clk_orphan_list = { &stray.child_node };
            "#,
        );
        let (found, broken) = clocks(&program).unwrap();
        assert_eq!(broken, None);
        let rows: Vec<_> = found
            .iter()
            .map(|clock| (clock.depth, clock.name.as_str(), clock.counts, clock.rate, clock.uncached))
            .collect();
        assert_eq!(
            rows,
            [
                (0, "osc", [1, 1, 0], 48_000_000, false),
                (1, "uart", [2, 3, 1], 24_000_000, true),
                (0, "stray", [0, 0, 0], 5, false)
            ]
        );
    }

    #[test]
    fn a_clock_that_is_its_own_child_ends() {
        let program = image(
            r#"
            struct hlist_node { struct hlist_node *next, **pprev; };
            struct hlist_head { struct hlist_node *first; };
            struct clk_core { const char *name; unsigned long rate, flags; unsigned enable_count, prepare_count;
                struct hlist_head children; struct hlist_node child_node; };
            struct clk_core osc = { "osc", 1, 0, 1, 1, { &osc.child_node } };
            struct hlist_head clk_root_list = { &osc.child_node }, clk_orphan_list;
            "#,
        );
        let (found, broken) = clocks(&program).unwrap();
        assert_eq!(found.len(), MAX_DEPTH + 1);
        assert!(matches!(broken, Some(Error::Corrupt { what: "clock", .. })), "{broken:?}");
    }

    #[test]
    fn domains_with_their_devices() {
        let program = image(
            r#"
            struct list_head { struct list_head *next, *prev; };
            struct kobject { const char *name; struct kobject *parent; };
            struct device { struct kobject kobj; struct { int runtime_error; unsigned runtime_status, disable_depth : 3; } power; };
            struct generic_pm_domain { struct list_head gpd_list_node, parent_links, dev_list; const char *name; int status; unsigned state_idx; };
            struct gpd_link { struct generic_pm_domain *parent; struct list_head parent_node; struct generic_pm_domain *child; };
            struct pm_domain_data { struct list_head list_node; struct device *dev; };
            struct kobject soc = { "soc", 0 };
            struct device uart = { { "uart0", &soc }, { 0, 2, 0 } }, gpu = { { "gpu", &soc }, { 0, 0, 1 } };
            extern struct generic_pm_domain top, sub;
            extern struct list_head gpd_list;
            struct gpd_link link = { &top, { &top.parent_links, &top.parent_links }, &sub };
            extern struct pm_domain_data two;
            struct pm_domain_data one = { { &two.list_node }, &uart }, two = { { &top.dev_list }, &gpu };
            struct generic_pm_domain top = { { &sub.gpd_list_node }, { &link.parent_node }, { &one.list_node }, "top", 0, 0 };
            struct generic_pm_domain sub = { { &gpd_list }, { &sub.parent_links }, { &sub.dev_list }, "sub", 1, 3 };
            struct list_head gpd_list = { &top.gpd_list_node };
            "#,
        );
        let (found, broken) = power_domains(&program).unwrap();
        assert_eq!(broken, None);
        let [top, sub] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (top.name.as_str(), top.status.as_str(), &top.children[..]),
            ("top", "on", &["sub".to_owned()][..])
        );
        let pair = |path: &str, status: &str| (path.to_owned(), status.to_owned());
        assert_eq!(top.devices, [pair("soc/uart0", "suspended"), pair("soc/gpu", "unsupported")]);
        assert_eq!((sub.name.as_str(), sub.status.as_str()), ("sub", "off-3"));
    }
}
