//! Signatures as people read them.

use x07_ast::{Function, TypeExpr};

/// `std.bytes.len(b: bytes_view) -> i32`, with type parameters, brands and `async` where there are any.
pub(crate) fn signature(function: &Function) -> String {
    let generics = match function.type_params.as_slice() {
        [] => String::new(),
        params => {
            let one = |name: &str, bound: Option<&str>| match bound {
                Some(bound) => format!("{name}: {bound}"),
                None => name.to_owned(),
            };
            let names: Vec<String> = params.iter().map(|param| one(&param.name, param.bound.as_deref())).collect();
            format!("<{}>", names.join(", "))
        }
    };
    let branded = |ty: &TypeExpr, brand: Option<&str>| match brand {
        Some(brand) => format!("{}@{brand}", shown(ty)),
        None => shown(ty),
    };
    let params =
        function.params.iter().map(|param| format!("{}: {}", param.name, branded(&param.ty, param.brand.as_deref())));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = branded(&function.result, function.result_brand.as_deref());
    let is_async = if function.is_async { "async " } else { "" };
    format!("{is_async}{}{generics}({params}) -> {result}", function.name)
}

fn shown(ty: &TypeExpr) -> String {
    match ty {
        TypeExpr::Name(name) | TypeExpr::Var(name) => name.clone(),
        TypeExpr::Apply(head, arguments) => {
            format!("{head}<{}>", arguments.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}
