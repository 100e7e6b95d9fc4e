//! Type variables without a declaration, and type parameters without a use.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use x07_ast::{Decl, ErrorKind, ExprId, Function, TypeExpr};

use super::Lint;

pub(super) fn type_parameters(lint: &mut Lint<'_>, function: &Function, pointer: &str) {
    let mut uses: Vec<(String, String)> = Vec::new();
    for (index, param) in function.params.iter().enumerate() {
        in_type(&param.ty, &format!("{pointer}/params/{index}/ty"), &mut uses);
    }
    in_type(&function.result, &format!("{pointer}/result"), &mut uses);
    in_body(lint, function.body, &mut uses);

    let declared: BTreeSet<&str> = function.type_params.iter().map(|param| param.name.as_str()).collect();
    undeclared(lint, function, pointer, &declared, &uses);
    for (index, param) in function.type_params.iter().enumerate() {
        if !uses.iter().any(|(name, _)| *name == param.name) {
            unused(lint, function, &param.name, &format!("{pointer}/type_params/{index}"));
        }
    }
}

/// One finding for all undeclared variables of a function, so that one fix declares them all.
fn undeclared(
    lint: &mut Lint<'_>,
    function: &Function,
    pointer: &str,
    declared: &BTreeSet<&str>,
    uses: &[(String, String)],
) {
    let missing: Vec<&(String, String)> = uses.iter().filter(|(name, _)| !declared.contains(name.as_str())).collect();
    let Some((_, first)) = missing.first() else { return };
    let names: BTreeSet<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
    let params: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    let patch: Vec<Value> = if function.type_params.is_empty() {
        vec![json!({ "op": "add", "path": format!("{pointer}/type_params"), "value": params })]
    } else {
        let path = format!("{pointer}/type_params/-");
        params.into_iter().map(|param| json!({ "op": "add", "path": path, "value": param })).collect()
    };
    let shown = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let found = lint
        .error(
            "X07-GENERICS-0001",
            ErrorKind::Typing,
            format!("type variable {shown} of `{}` is not declared", function.name),
        )
        .at(first)
        .help("declare it in `type_params`")
        .fix(format!("declare {shown}"), Value::Array(patch));
    lint.report(found);
}

fn unused(lint: &mut Lint<'_>, function: &Function, name: &str, pointer: &str) {
    let found = lint
        .error(
            "X07-GENERICS-0002",
            ErrorKind::Typing,
            format!("type parameter `{name}` of `{}` is not used", function.name),
        )
        .warning()
        .at(pointer);
    // A call that names its types would have one too many afterwards.
    let found = if is_called_elsewhere(lint, function) {
        found.help("remove it here and from the `tys` of every call")
    } else {
        found.help("remove it").fix(format!("remove `{name}`"), json!([{ "op": "remove", "path": pointer }]))
    };
    lint.report(found);
}

fn is_called_elsewhere(lint: &Lint<'_>, function: &Function) -> bool {
    let is_exported = lint.file.decls.iter().any(|decl| match decl {
        Decl::Export(export) => export.names.contains(&function.name),
        _ => false,
    });
    // Names of declarations are not among the expressions' names; a function that is never named is not there.
    is_exported || lint.file.exprs.find_name(&function.name).is_some()
}

fn in_type(ty: &TypeExpr, pointer: &str, uses: &mut Vec<(String, String)>) {
    match ty {
        TypeExpr::Name(_) => {}
        TypeExpr::Var(name) => uses.push((name.clone(), pointer.to_owned())),
        TypeExpr::Apply(_, arguments) => {
            for (index, argument) in arguments.iter().enumerate() {
                in_type(argument, &format!("{pointer}/{}", index + 1), uses);
            }
        }
    }
}

/// Types stand in bodies too: `["t", "A"]` below `tapp` and `ty.*`.
fn in_body(lint: &Lint<'_>, id: ExprId, uses: &mut Vec<(String, String)>) {
    let Some((head, items)) = lint.list(id) else { return };
    if let ("t", &[_, name]) = (head, items)
        && let Some(name) = lint.atom(name)
    {
        uses.push((name.to_owned(), lint.pointer(id)));
        return;
    }
    for item in &items[1..] {
        in_body(lint, *item, uses);
    }
}
