//! Core forms with the wrong number of arguments, and blocks that are too large.

use serde_json::{Value, json};
use x07_ast::{Diagnostic, ErrorKind};

use super::Lint;
use super::walk::{Before, Node};

/// The form, how many arguments it takes, and the code of a mistake.
const FORMS: &[(&str, std::ops::RangeInclusive<usize>, &str)] = &[
    ("if", 3..=3, "X07-ARITY-IF-0001"),
    ("return", 1..=1, "X07-ARITY-RETURN-0001"),
    ("begin", 1..=usize::MAX, "X07-ARITY-BEGIN-0001"),
    ("unsafe", 1..=usize::MAX, "X07-ARITY-UNSAFE-0001"),
    ("for", 4..=4, "X07-ARITY-FOR-0001"),
    ("let", 2..=2, "X07-ARITY-LET-0001"),
    ("set", 2..=2, "X07-ARITY-LET-0001"),
    ("set0", 2..=2, "X07-ARITY-LET-0001"),
];

pub(super) fn forms<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let Some((_, wanted, code)) = FORMS.iter().find(|(form, ..)| *form == node.head) else {
        return;
    };
    let given = node.args.len();
    if wanted.contains(&given) {
        return;
    }
    let (head, pointer) = (node.head, lint.pointer(node.id));
    let wants = match (wanted.start(), wanted.end()) {
        (1, &usize::MAX) => "at least 1 argument".to_owned(),
        (1, _) => "1 argument".to_owned(),
        (number, _) => format!("{number} arguments"),
    };
    let message = format!("`{head}` takes {wants}, {given} given");
    let mut found = lint.error(code, ErrorKind::Typing, message).at(&pointer);
    if given > *wanted.end() {
        found = too_many(lint, node, found, &pointer);
    }
    lint.report(found);
}

/// What was probably meant by the arguments that are too many.
fn too_many<'a>(lint: &Lint<'a>, node: &Node<'a>, found: Diagnostic, pointer: &str) -> Diagnostic {
    let json = |args: &[x07_ast::ExprId]| args.iter().map(|arg| lint.json(*arg)).collect::<Vec<Value>>();
    let replace = |value: Value| json!([{ "op": "replace", "path": pointer, "value": value }]);
    let list = |head: &str, args: Vec<Value>| -> Value { std::iter::once(json!(head)).chain(args).collect() };
    match node.head {
        "for" => {
            let (bounds, bodies) = node.args.split_at(3);
            let body = list("begin", json(bodies));
            let form = list("for", json(bounds).into_iter().chain([body]).collect());
            found.help("a body of several expressions is a `begin`").fix("put the bodies into a `begin`", replace(form))
        }
        "let" | "set" | "set0" => {
            let (binding, rest) = node.args.split_at(2);
            let binding = list(node.head, json(binding));
            // As a statement of a block it stays one, so that the name is known in the rest of the block.
            if let Before::Block(block, index) = node.place.before
                && lint.list(block).is_some_and(|(_, items)| items[index] == node.id)
            {
                let mut patch = vec![json!({ "op": "replace", "path": pointer, "value": binding })];
                let path = format!("{}/{}", lint.pointer(block), index + 1);
                patch.extend(json(rest).iter().rev().map(|value| json!({ "op": "add", "path": path, "value": value })));
                return found
                    .help("what follows a binding is a statement of its own")
                    .fix("put the rest behind the binding", Value::Array(patch));
            }
            let block = list("begin", std::iter::once(binding).chain(json(rest)).collect());
            found
                .help("what follows a binding stands beside it in a `begin`")
                .fix("put the binding and the rest into a `begin`", replace(block))
        }
        _ => found,
    }
}

/// More expressions in one `unsafe` than a reader can vouch for.
const LARGE_UNSAFE: usize = 16;

pub(super) fn large_unsafe<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    if node.head != "unsafe" || node.args.len() <= LARGE_UNSAFE {
        return;
    }
    let message = format!("an `unsafe` block of {} expressions is hard to vouch for", node.args.len());
    let found = lint
        .error("X07-UNSAFE-0001", ErrorKind::Typing, message)
        .warning()
        .at(lint.pointer(node.id))
        .help(format!("keep only what needs it inside; up to {LARGE_UNSAFE} expressions are fine"));
    lint.report(found);
}
