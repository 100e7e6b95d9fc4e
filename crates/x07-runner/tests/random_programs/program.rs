//! Programs: declarations and `solve`.

use serde_json::{Value, json};

use super::entropy::Entropy;
use super::expressions::{Function, Signature};
use super::places::Ty;

/// A well-typed entry file made of these numbers.
pub fn program(numbers: &[u16]) -> Value {
    let mut entropy = Entropy::new(numbers);
    let mut signatures = Vec::new();
    let mut decls = vec![
        json!({"kind": "defn", "name": "main.same", "type_params": [{"name": "A"}],
               "params": [{"name": "x", "ty": ["t", "A"]}], "result": ["t", "A"], "body": "x"}),
        json!({"kind": "defn", "name": "main.pick", "type_params": [{"name": "A"}],
               "params": [{"name": "c", "ty": "i32"}, {"name": "x", "ty": ["t", "A"]}, {"name": "y", "ty": ["t", "A"]}],
               "result": ["t", "A"], "body": ["if", "c", "x", "y"]}),
    ];
    for number in 0..entropy.below(5) {
        let signature = signature(&mut entropy, number);
        decls.push(declaration(&mut entropy, &signature, &signatures));
        signatures.push(signature);
    }
    let solve = Function::solve(&mut entropy, &signatures).body(Ty::Bytes);
    json!({"schema_version": "x07.x07ast@0.5.0", "kind": "entry", "module_id": "main", "imports": [],
           "decls": decls, "solve": solve})
}

fn signature(entropy: &mut Entropy<'_>, number: usize) -> Signature {
    let recursive = entropy.once_in(3);
    let mut params: Vec<Ty> = if recursive { vec![Ty::I32] } else { Vec::new() };
    for _ in 0..entropy.below(4) {
        params.push(entropy.of(&Ty::ALL));
    }
    let mut result = entropy.of(&Ty::ALL);
    if recursive && result == Ty::View {
        result = Ty::Bytes;
    }
    let source = match result {
        // A source that is promised but that no path uses is none; both are right for a caller that assumes it.
        Ty::View => params.iter().position(|ty| *ty == Ty::View),
        _ => None,
    };
    Signature { name: format!("main.f{number}"), params, result, source, recursive }
}

fn declaration(entropy: &mut Entropy<'_>, signature: &Signature, callees: &[Signature]) -> Value {
    let params: Vec<Value> = signature
        .params
        .iter()
        .enumerate()
        .map(|(index, ty)| json!({"name": format!("p{index}"), "ty": ty.name()}))
        .collect();
    let body = Function::defn(entropy, signature, callees).body(signature.result);
    let mut declaration = json!({"kind": "defn", "name": signature.name, "params": params, "result": signature.result.name(), "body": body});
    if entropy.once_in(3) {
        let number = signature.params.iter().position(|ty| *ty == Ty::I32);
        let before = number.map_or(json!(1), |index| json!(["<=", format!("p{index}"), 2147483647]));
        declaration["requires"] = json!([{"expr": before}]);
        let after = match signature.result {
            Ty::I32 => json!(["=", "__result", "__result"]),
            Ty::Bytes => json!([">=", ["bytes.len", "__result"], 0]),
            Ty::View => json!([">=", ["view.len", "__result"], 0]),
            Ty::ResultI32 => json!(["<", ["result_i32.is_ok", "__result"], 2]),
            Ty::ResultBytes => json!(["<", ["result_bytes.is_ok", "__result"], 2]),
            Ty::OptionBytes => json!(["<", ["option_bytes.is_some", "__result"], 2]),
            Ty::Vec => json!(1),
        };
        declaration["ensures"] = json!([{"id": "after", "expr": after}]);
    }
    declaration
}
