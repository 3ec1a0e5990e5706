//! The kernel's lists and trees one entry a line, as crash's `list` and `tree` show them: `lx-list`, `tree`.

use crate::gdb::data::{put, tell_warnings};
use crate::output::Style;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_expr::Format;
use kdive_expr::print::print_value;
use kdive_linux::{Object, maple_entries, xa_entries};
use kdive_program::Program;
use kdive_types::{Kind, Out, Value};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-list",
        class: Class::Linux,
        needs: Needs::SYMBOLS,
        summary: "Show what hangs on a list of the kernel, one structure a line",
        help: "Usage: lx-list [-x | -d] HEAD TYPE.MEMBER [-s MEMBER[,MEMBER]...]\n\
               HEAD is a struct list_head, hlist_head or llist_head, or an array of them, and\n\
               TYPE.MEMBER the node in what hangs on it. -s shows these members of each\n\
               structure, -x and -d in hexadecimal or decimal.\n\
               What crash calls list. In expressions it is $list(HEAD, struct TYPE, MEMBER).",
        examples: &["lx-list modules module.list", "lx-list init_task.tasks task_struct.tasks -s pid,comm"],
        complete: Completer::Expr,
        run: list,
        ..Spec::EMPTY
    },
    Spec {
        name: "tree",
        class: Class::Linux,
        needs: Needs::SYMBOLS,
        summary: "Show what is in a tree of the kernel, one entry a line",
        help: "Usage: tree [-t rbtree|xarray|radix|maple|idr] [-p] [-x | -d] ROOT [TYPE[.MEMBER]]\n\
               \x20           [-s [TYPE.]MEMBER[,MEMBER]...]\n\
               As crash does. -t is only needed where the type of ROOT does not tell. TYPE.MEMBER\n\
               is the node in what is in a red-black tree; entries of the others are TYPE itself.\n\
               -s shows these members of each entry, -p its index, or its way from the root.",
        examples: &[
            "tree vmap_area_root vmap_area.rb_node -s va_start",
            "tree -t xarray -p &init_pid_ns.idr.idr_rt",
        ],
        complete: Completer::Expr,
        run: tree,
        ..Spec::EMPTY
    },
];

/// An argument taken apart.
#[derive(Default)]
struct Words {
    kind: Option<String>,
    show: Vec<String>,
    position: bool,
    format: Option<Format>,
    /// What is no option.
    rest: Vec<String>,
}

impl Words {
    fn parse(text: &str) -> Result<Self, Error> {
        let mut words = Self::default();
        let mut list = text.split_whitespace();
        while let Some(word) = list.next() {
            let mut value = || {
                list.next()
                    .map(str::to_owned)
                    .ok_or_else(|| Error::msg(format!("Option {word} requires an argument.")))
            };
            match word {
                "-t" => words.kind = Some(value()?),
                "-s" => words.show.extend(value()?.split(',').map(str::to_owned)),
                "-p" => words.position = true,
                "-x" => words.format = Some(Format::Hex),
                "-d" => words.format = Some(Format::Decimal),
                // Of crash: the order it asks for is the one there is.
                "-l" => {}
                word => words.rest.push(word.to_owned()),
            }
        }
        words.show.retain(|name| !name.is_empty());
        Ok(words)
    }

    /// Takes a last word off that is `TYPE.MEMBER` (or, without `needs_member`, `TYPE`), after something else.
    fn take_type(&mut self, needs_member: bool) -> Option<(String, String)> {
        let last = self.rest.last().filter(|_| self.rest.len() > 1)?;
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let (ty, member) = last.split_once('.').unwrap_or((last, ""));
        let fits = ty.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) && ty.chars().all(is_name);
        if !fits || needs_member && member.is_empty() {
            return None;
        }
        let taken = (ty.to_owned(), member.to_owned());
        self.rest.pop();
        Some(taken)
    }

    /// The members to show, and the type they are of: `-s task_struct.pid,comm` names it too.
    fn members(&mut self, ty: Option<&str>) -> Result<Option<String>, Error> {
        let mut found = ty.map(str::to_owned);
        if let Some(first) = self.show.first_mut()
            && let Some((before, member)) = first.split_once('.')
            && ty.is_none_or(|ty| ty == before)
        {
            found = Some(before.to_owned());
            *first = member.to_owned();
        }
        if found.is_none() && !self.show.is_empty() {
            return Err(Error::msg("Of what type are the members? Say -s TYPE.MEMBER."));
        }
        Ok(found)
    }
}

/// The name of a type in an expression: what crash's users type is the tag of a structure.
fn type_name(program: &Program, name: &str) -> Result<String, Error> {
    let known = |text: &str| kdive_expr::Expr::parse(text, program).is_ok_and(|expr| expr.is_type());
    let candidates = [format!("struct {name}"), format!("union {name}"), name.to_owned()];
    let found = candidates.into_iter().find(|text| known(text));
    found.ok_or_else(|| Error::msg(format!("No struct type named {name}.")))
}

/// The addresses in an array a walker made.
fn addresses(program: &Program, value: &Value) -> Result<Vec<VirtAddr>, Error> {
    let bytes = value.bytes(program).map_err(Error::msg)?;
    Ok(bytes.as_chunks().0.iter().map(|word| VirtAddr(u64::from_le_bytes(*word))).collect())
}

/// Whether the type has the members asked for: said once rather than for each entry.
fn check_members(program: &Program, words: &Words, ty: Option<&str>) -> Result<(), Error> {
    let Some(ty) = ty else { return Ok(()) };
    for member in &words.show {
        let expr = kdive_expr::Expr::parse(&format!("(({ty} *)0)->{member}"), program)?;
        expr.type_of(program)?;
    }
    Ok(())
}

/// One entry: its address, what `-p` says of it, the members asked for.
fn entry(
    shell: &mut Shell,
    words: &Words,
    ty: Option<&str>,
    addr: VirtAddr,
    position: &str,
) -> Result<(), Error> {
    if shell.interrupt.is_raised() {
        return Err(Error::Interrupted);
    }
    shell.out.styled(Style::Address, &format!("{:016x}", addr.0));
    shell.out.put("\n");
    if words.position {
        shell.out.line(&format!("  {position}"));
    }
    let Some(ty) = ty else { return Ok(()) };
    let mut options = shell.program().options.print.clone();
    options.format = words.format;
    for member in &words.show {
        let program = shell.program();
        let mut out = Out::new();
        out.push(&format!("  {member} = "));
        let value = program.evaluate(&format!("(({ty} *){addr:#x})->{member}"));
        if let Err(error) = value.and_then(|value| print_value(program, &value, &options, &mut out)) {
            out.push(&format!("<error: {error}>"));
        }
        out.push("\n");
        put(shell, &out);
    }
    Ok(())
}

fn list(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const USAGE: &str =
        "lx-list takes the head of a list and TYPE.MEMBER, as in lx-list modules module.list.";
    let mut words = Words::parse(args.required(USAGE)?)?;
    let (ty, member) = words.take_type(true).ok_or_else(|| Error::msg(USAGE))?;
    words.members(Some(&ty))?;
    let program = shell.program();
    let name = type_name(program, &ty)?;
    let head = words.rest.join(" ");
    let value = program.evaluate(&head)?;
    let head_ty = value.ty().strip();
    let head_ty = head_ty.target().filter(|_| !head_ty.is_composite()).unwrap_or(head_ty).strip();
    let walker = match head_ty.name() {
        Some("hlist_head" | "hlist_bl_head" | "hlist_nulls_head") => "$hlist",
        Some("llist_head") => "$llist",
        _ => "$list",
    };
    check_members(program, &words, Some(&name))?;
    let found = program.evaluate(&format!("{walker}({head}, {name}, {member})"))?;
    for addr in addresses(program, &found)? {
        entry(shell, &words, Some(&name), addr, "")?;
    }
    tell_warnings(shell);
    Ok(())
}

/// Which tree a root is of, by what the user says or by its type.
fn kind_of(words: &Words, value: &Value) -> Result<&'static str, Error> {
    let ty = value.ty().strip();
    let ty = if let Kind::Pointer(target) = ty.kind() { target.get().strip() } else { ty };
    let kind_name = words.kind.as_deref().or_else(|| ty.name()).unwrap_or_default();
    Ok(match kind_name {
        "rbtree" | "rb" | "rb_root" | "rb_root_cached" => "rbtree",
        "xarray" | "xa" | "radix" | "ra" | "radix_tree_root" => "xarray",
        "maple" | "ma" | "maple_tree" => "maple",
        "idr" => "idr",
        other if words.kind.is_some() => {
            return Err(Error::msg(format!(
                "There is no tree of type \"{other}\": it is rbtree, xarray, radix, maple or idr."
            )));
        }
        _ => return Err(Error::msg("Say with -t which tree it is: rbtree, xarray, radix, maple or idr.")),
    })
}

fn tree(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const USAGE: &str = "tree takes the root of a tree, as in tree vmap_area_root vmap_area.rb_node.";
    let mut words = Words::parse(args.required(USAGE)?)?;
    let whole = words.rest.join(" ");
    let program = shell.program();
    // A type may follow the root, or all of it may be the root.
    let alone = program.evaluate(&whole);
    let named = if alone.is_ok() { None } else { words.take_type(false) };
    let root = words.rest.join(" ");
    let value = match (&named, alone) {
        (None, alone) => alone?,
        (Some(_), _) => program.evaluate(&root)?,
    };
    let kind = kind_of(&words, &value)?;
    let ty = words.members(named.as_ref().map(|(ty, _)| ty.as_str()))?;
    let ty = ty.map(|ty| type_name(program, &ty)).transpose()?;
    check_members(program, &words, ty.as_deref())?;
    let hex = words.format == Some(Format::Hex);
    let number = |index: u64| if hex { format!("{index:#x}") } else { index.to_string() };
    let member = named.map(|(_, member)| member).unwrap_or_default();
    let mut shown = Vec::new();
    let mut broken = None;
    if kind == "rbtree" {
        let call = match &ty {
            Some(ty) if !member.is_empty() => format!("$rb({root}, {ty}, {member})"),
            Some(ty) => format!("$rb({root}, {ty})"),
            None => format!("$rb({root})"),
        };
        let nodes = addresses(program, &program.evaluate(&format!("$rb({root})"))?)?;
        // The walk is the same; what it warned of once is enough.
        let _ = program.take_warnings();
        let found = addresses(program, &program.evaluate(&call)?)?;
        for (addr, node) in found.into_iter().zip(nodes) {
            let position = if words.position { way_to(program, node) } else { String::new() };
            shown.push((addr, format!("position: {position}")));
        }
    } else {
        let start = match value.address().filter(|_| !value.ty().strip().is_pointer()) {
            Some(addr) => addr,
            None => program.evaluate_address(&root)?,
        };
        if kind == "maple" {
            let (found, error) = maple_entries(program, start).map_err(Error::msg)?;
            broken = error;
            shown.extend(found.into_iter().map(|entry| {
                let last = number(entry.last);
                let index = match number(entry.first) {
                    first if first == last => first,
                    first => format!("{first}-{last}"),
                };
                (VirtAddr(entry.entry), format!("index: {index}"))
            }));
        } else {
            // The tree of an IDR is its first member.
            let (found, error) = xa_entries(program, start).map_err(Error::msg)?;
            broken = error;
            shown.extend(
                found
                    .into_iter()
                    .map(|(index, entry)| (VirtAddr(entry), format!("index: {}", number(index)))),
            );
        }
    }
    for (addr, position) in shown {
        entry(shell, &words, ty.as_deref(), addr, &position)?;
    }
    tell_warnings(shell);
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the tree is damaged: {broken}"));
    }
    Ok(())
}

/// No tree is that high.
const MAX_HEIGHT: usize = 128;

/// The way from the root of a red-black tree to a node as crash writes it: `root/l/r`.
fn way_to(program: &Program, node: VirtAddr) -> String {
    let above = |node: VirtAddr| -> Result<(VirtAddr, VirtAddr), kdive_linux::Error> {
        let parent = Object::of_struct(program, "rb_node", node)?.member("__rb_parent_color")?.uint()? & !3;
        let parent = Object::of_struct(program, "rb_node", VirtAddr(parent))?;
        let left = if parent.addr().0 == 0 { VirtAddr(0) } else { parent.member("rb_left")?.pointer()? };
        Ok((parent.addr(), left))
    };
    let mut way = Vec::new();
    let mut at = node;
    for _ in 0..MAX_HEIGHT {
        let Ok((parent, left)) = above(at) else { break };
        if parent.0 == 0 {
            break;
        }
        way.push(if left == at { "l" } else { "r" });
        at = parent;
    }
    way.push("root");
    way.reverse();
    way.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_in_any_order() {
        let mut words = Words::parse("-x &a + 1 item.link -s key,name -s in.b -p").unwrap();
        assert_eq!(words.take_type(true), Some(("item".into(), "link".into())));
        assert_eq!((words.rest.join(" ").as_str(), words.position), ("&a + 1", true));
        assert_eq!(words.members(Some("item")).unwrap(), Some("item".into()));
        assert_eq!(words.show, ["key", "name", "in.b"]);
        let mut words = Words::parse("head task_struct.tasks -s task_struct.pid,comm").unwrap();
        assert_eq!(words.take_type(true), Some(("task_struct".into(), "tasks".into())));
        words.members(Some("task_struct")).unwrap();
        assert_eq!(words.show, ["pid", "comm"]);
        let mut words = Words::parse("root -s item.key").unwrap();
        assert_eq!((words.take_type(false), words.members(None).unwrap()), (None, Some("item".into())));
        assert!(Words::parse("root -s").is_err());
        assert!(Words::parse("root -s key").unwrap().members(None).is_err());
        assert_eq!(Words::parse("f(a b)").unwrap().take_type(false), None);
    }
}
