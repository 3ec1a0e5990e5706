//! The kernel's memory in the words of crash: `kmem`.

use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::SlabCache;

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "kmem",
    class: Class::Linux,
    needs: NEEDS,
    summary: "The kernel's memory: a summary, slab caches, or what an address is",
    help: "Usage: kmem -i\n\
           kmem -s [NAME | ADDRESS]\n\
           kmem ADDRESS\n\
           -i  how memory is used: free, shared, cached, slabs, swap, committed. SHARED are\n\
           \x20   pages with several users, as in crash: each page structure is read to count\n\
           \x20   them, which is left out where there are more than 8 GiB. SHMEM is shared\n\
           \x20   memory\n\
           -s  slab caches: address, size of an object, objects in use and in all, slabs, size\n\
           \x20   of a slab, name. Objects that a CPU keeps for itself count as used, as in\n\
           \x20   /proc/slabinfo. Of an ADDRESS, the cache and the object it is in\n\
           An address alone is explained as by the command address.",
    keywords: &[
        "memory leak",
        "slab leak",
        "out of memory",
        "OOM",
        "use after free",
        "kmalloc",
        "free memory",
    ],
    examples: &["kmem -i", "kmem -s", "kmem -s task_struct", "kmem &init_task"],
    complete: Completer::Expr,
    run: kmem,
    ..Spec::EMPTY
}];

fn kmem(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const USAGE: &str = "kmem takes -i, -s or an address; see help kmem.";
    match args.split_word() {
        Some(("-i", rest)) if rest.is_empty() => info(shell),
        Some(("-s", rest)) => slabs(shell, rest.text()),
        Some((option, _)) if option.starts_with('-') && !option.starts_with("-0") => Err(Error::msg(USAGE)),
        Some(_) => shell.execute(&format!("address {}", args.text()), args.from_tty),
        None => Err(Error::msg(USAGE)),
    }
}

/// `7.5 GB`, `816.3 MB`, `4 KB`, `0`.
fn size(pages: u64) -> String {
    let kib = pages as f64 * 4.0;
    match pages {
        0 => "0".to_owned(),
        pages if pages >= 1 << 18 => format!("{:.1} GB", kib / (1024.0 * 1024.0)),
        pages if pages >= 1 << 8 => format!("{:.1} MB", kib / 1024.0),
        _ => format!("{kib:.0} KB"),
    }
}

fn info(shell: &mut Shell) -> Result<(), Error> {
    let info = kdive_linux::memory_info(shell.program()).map_err(Error::msg)?;
    let share = |pages: u64, of: u64| (pages * 100).checked_div(of).unwrap_or(0);
    let row = |title: &str, pages: Option<u64>, of: Option<(u64, &str)>| match (pages, of) {
        (Some(pages), Some((all, name))) => {
            format!("{title:>13} {pages:>9} {:>12} {:>4}% of {name}", size(pages), share(pages, all))
        }
        (Some(pages), None) => format!("{title:>13} {pages:>9} {:>12}         ----", size(pages)),
        (None, _) => format!("{title:>13} {:>9} {:>12}  (not counted by this kernel)", "?", "?"),
    };
    let shared = kdive_linux::shared_pages(shell.program());
    let memory = Some((info.total, "TOTAL MEM"));
    let used = info.free.map(|free| info.total.saturating_sub(free));
    let mut lines = vec![
        format!("{:>13} {:>9} {:>12}      PERCENTAGE", "", "PAGES", "TOTAL"),
        row("TOTAL MEM", Some(info.total), None),
        row("FREE", info.free, memory),
        row("USED", used, memory),
        match shared {
            Ok(None) => {
                format!("{:>13} {:>9} {:>12}  (not counted: that would take long)", "SHARED", "?", "?")
            }
            counted => row("SHARED", counted.ok().flatten(), memory),
        },
        row("SHMEM", info.shmem, memory),
        row("BUFFERS", info.buffers, memory),
        row("CACHED", info.cached, memory),
        row("SLAB", info.slab, memory),
    ];
    if let Some((total, free)) = info.swap {
        lines.push(String::new());
        lines.push(row("TOTAL SWAP", Some(total), None));
        lines.push(row("SWAP USED", Some(total.saturating_sub(free)), Some((total, "TOTAL SWAP"))));
        lines.push(row("SWAP FREE", Some(free), Some((total, "TOTAL SWAP"))));
    }
    if let Some((limit, committed)) = info.commit {
        lines.push(String::new());
        lines.push(row("COMMIT LIMIT", Some(limit), None));
        lines.push(row("COMMITTED", Some(committed), Some((limit, "TOTAL LIMIT"))));
    }
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

fn slabs(shell: &mut Shell, wanted: &str) -> Result<(), Error> {
    let (caches, broken) = kdive_linux::slab_caches(shell.program()).map_err(Error::msg)?;
    let mut shown: Vec<&SlabCache> =
        caches.iter().filter(|cache| wanted.is_empty() || cache.name == wanted).collect();
    let mut object = None;
    if shown.is_empty() {
        let addr = shell.program().evaluate_address(wanted).map_err(|error| {
            Error::msg(format!("No slab cache is called {wanted}, and it is no address: {error}"))
        })?;
        shown = caches.iter().filter(|cache| cache.addr == addr).collect();
        if shown.is_empty() {
            let found = kdive_linux::slab_object(shell.program(), addr).map_err(Error::msg)?;
            let found = found.ok_or_else(|| Error::msg(format!("{addr:#x} is in no slab.")))?;
            shown = caches.iter().filter(|cache| cache.name == found.cache).collect();
            object = Some(found);
        }
    }
    let mut lines = vec![format!(
        "{:^16}  {:>7} {:>10} {:>8} {:>6} {:>6}  NAME",
        "CACHE", "OBJSIZE", "ALLOCATED", "TOTAL", "SLABS", "SSIZE"
    )];
    let count = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    for cache in shown {
        let used = cache.objects.zip(cache.free).map(|(all, free)| all.saturating_sub(free));
        lines.push(format!(
            "{:016x}  {:>7} {:>10} {:>8} {:>6} {:>6}  {}",
            cache.addr.0,
            cache.object_size,
            count(used),
            count(cache.objects),
            count(cache.slabs),
            format!("{}k", cache.per_slab.1 * 4),
            cache.name
        ));
    }
    if let Some(found) = object {
        lines.push(format!("  object at {:016x}, {:#x} bytes into it", found.object.0, found.offset));
    }
    for line in lines {
        shell.out.line(&line);
    }
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the list of slab caches is damaged: {broken}"));
    }
    Ok(())
}
