//! Changes to a program, most of which leave it close to one that is right.

use serde_json::{Value, json};

use x07c::builtins::Builtin;

use crate::corpus::{Corpus, Program};
use crate::entropy::Entropy;

const TYPES: &[&str] = &[
    "i32",
    "u32",
    "bytes",
    "bytes_view",
    "vec_u8",
    "option_i32",
    "option_bytes",
    "option_bytes_view",
    "result_i32",
    "result_bytes",
    "result_bytes_view",
    "result_result_bytes",
    "iface",
    "ptr_const_u8",
    "ptr_mut_u8",
    "ptr_const_void",
    "ptr_mut_void",
    "ptr_const_i32",
    "ptr_mut_i32",
    "void",
    "never",
];

const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "&", "|", "^", "<<u", ">>u", "=", "!=", "<", "<=", ">", ">=", "<u", ">=u", "<=u", ">u",
    "&&", "||",
];

/// Names that mean something to some pass, and texts that are awkward to print.
const AWKWARD: &[&str] = &[
    "input",
    "__result",
    "solve",
    "main",
    "x07_solve",
    "int",
    "return",
    "__internal.bytes.clone_v1",
    "t",
    "tys",
    "",
    ".",
    "main.",
    "main.f.g",
    "a\u{a0}b",
    "\u{e9}\u{1f642}",
    "*/ ??/ \" \\ %s\n\0",
    "0",
    "-",
    "__x07_mono_v1__",
];

/// A program of the corpus with a few changes.
pub fn program(corpus: &Corpus, entropy: &mut Entropy<'_>) -> Program {
    let mut program = entropy.of(&corpus.programs).clone();
    for _ in 0..*entropy.of(&[1, 1, 1, 1, 2, 2, 3, 6]) {
        let file = entropy.below(program.len());
        if let Some(file) = program.values_mut().nth(file) {
            // Mostly what is computed changes, and only now and then the rest of the file.
            match entropy.below(4) {
                0 => change(file, corpus, entropy),
                _ => change(a_body(file, entropy), corpus, entropy),
            }
        }
    }
    program
}

/// The expression of a function or of the program; the file if it has none.
fn a_body<'a>(file: &'a mut Value, entropy: &mut Entropy<'_>) -> &'a mut Value {
    let mut places: Vec<String> = Vec::new();
    let declarations = file.get("decls").and_then(Value::as_array).into_iter().flatten().enumerate();
    for (index, declaration) in declarations {
        places.extend(declaration.get("body").map(|_| format!("/decls/{index}/body")));
    }
    places.extend(file.get("solve").map(|_| "/solve".to_owned()));
    let place = if places.is_empty() { String::new() } else { entropy.of(&places).clone() };
    file.pointer_mut(&place).unwrap()
}

fn change(tree: &mut Value, corpus: &Corpus, entropy: &mut Entropy<'_>) {
    let kind = entropy.below(20);
    let local = nth(tree, entropy.below(count(tree))).clone();
    let place = entropy.below(count(tree));
    let alike = alike(tree, place, entropy);
    let target = nth(tree, place);
    match kind {
        0..=3 => *target = alike,
        4 => *target = local,
        5 => *target = entropy.of(&corpus.nodes).clone(),
        6 => remove_one(target, entropy),
        7 => duplicate_one(target, entropy),
        8 => swap_two(target, entropy),
        9 => retype(target, entropy),
        10 => rename(target, corpus, entropy),
        11 => *target = number(entropy),
        12 | 13 => wrap(target, local, entropy.below(4) + 1, entropy),
        14 => {
            let times = *entropy.of(&[8, 60, 250, 490, 990, 1_200]);
            wrap(target, json!(1), times, entropy);
        }
        15 => *target = json!(*entropy.of(AWKWARD)),
        16 | 17 => rehead(target, entropy),
        18 => insert(target, alike, entropy),
        _ => insert(target, local, entropy),
    }
}

/// Another expression of the tree whose value has the type of the one at `place`, as far as its head tells.
fn alike(tree: &mut Value, place: usize, entropy: &mut Entropy<'_>) -> Value {
    let wanted = kind(nth(tree, place));
    let count = count(tree);
    let start = entropy.below(count);
    let places = (start..count).chain(0..start);
    let found = places.map(|place| nth(tree, place).clone()).find(|other| kind(other) == wanted);
    found.unwrap_or(json!(1))
}

/// What an expression's head tells of its type.
fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Number(_) => Some("i32"),
        Value::String(_) => Some("a name"),
        Value::Array(items) => match items.first()? {
            Value::String(head) if OPERATORS.contains(&head.as_str()) => Some("i32"),
            Value::String(head) => Some(x07c::builtins::find(head)?.result.name()),
            _ => None,
        },
        _ => None,
    }
}

/// How many values there are in `value`, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The value that is reached as the `index`-th, in order of the text.
fn nth(value: &mut Value, index: usize) -> &mut Value {
    fn find<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
        if *left == 0 {
            return Some(value);
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter_mut().find_map(|item| find(item, left)),
            Value::Object(members) => members.values_mut().find_map(|member| find(member, left)),
            _ => None,
        }
    }
    let mut left = index;
    find(value, &mut left).unwrap()
}

fn remove_one(target: &mut Value, entropy: &mut Entropy<'_>) {
    match target {
        Value::Array(items) if !items.is_empty() => {
            items.remove(entropy.below(items.len()));
        }
        Value::Object(members) if !members.is_empty() => {
            let key = members.keys().nth(entropy.below(members.len())).unwrap().clone();
            members.remove(&key);
        }
        other => *other = Value::Null,
    }
}

fn duplicate_one(target: &mut Value, entropy: &mut Entropy<'_>) {
    if let Value::Array(items) = target
        && !items.is_empty()
    {
        let from = entropy.below(items.len());
        let copy = items[from].clone();
        items.insert(entropy.below(items.len() + 1), copy);
    }
}

fn swap_two(target: &mut Value, entropy: &mut Entropy<'_>) {
    if let Value::Array(items) = target
        && items.len() > 1
    {
        let first = entropy.below(items.len());
        let second = entropy.below(items.len());
        items.swap(first, second);
    }
}

fn insert(target: &mut Value, item: Value, entropy: &mut Entropy<'_>) {
    match target {
        Value::Array(items) => items.insert(entropy.below(items.len() + 1), item),
        other => *other = Value::Array(vec![json!("begin"), other.take(), item]),
    }
}

/// Another type for something that has one, or a type in place of any value.
fn retype(target: &mut Value, entropy: &mut Entropy<'_>) {
    const KEYS: &[&str] = &["ty", "result"];
    let name = *entropy.of(TYPES);
    let ty = match entropy.below(8) {
        0 => json!(["option", name]),
        1 => json!(["result", name]),
        2 => json!(["result", ["result", name]]),
        3 => json!(["t", "A"]),
        _ => json!(name),
    };
    match target {
        Value::Object(members) => match KEYS.iter().find(|key| members.contains_key(**key)) {
            Some(key) => members[*key] = ty,
            None => {
                members.insert("brand".to_owned(), json!("a.b"));
            }
        },
        other => *other = ty,
    }
}

fn rename(target: &mut Value, corpus: &Corpus, entropy: &mut Entropy<'_>) {
    let word = entropy.of(&corpus.words).clone();
    match target {
        Value::Object(members) if members.contains_key("name") => members["name"] = json!(word),
        other => *other = json!(word),
    }
}

/// Another head for a list, of the same signature but for the result's type.
fn rehead(target: &mut Value, entropy: &mut Entropy<'_>) {
    let Value::Array(items) = target else { return };
    let Some(Value::String(head)) = items.first_mut() else { return };
    if OPERATORS.contains(&head.as_str()) {
        *head = (*entropy.of(OPERATORS)).to_owned();
    } else if let Some(row) = x07c::builtins::find(head) {
        let types = |row: &Builtin| row.params.iter().map(|param| param.ty()).collect::<Vec<_>>();
        let alike: Vec<_> = x07c::builtins::all().filter(|other| types(other) == types(row)).collect();
        *head = entropy.of(&alike).head.to_owned();
    }
}

fn number(entropy: &mut Entropy<'_>) -> Value {
    const NUMBERS: &[&str] = &[
        "0",
        "1",
        "-1",
        "2",
        "31",
        "32",
        "33",
        "255",
        "256",
        "65536",
        "2147483647",
        "-2147483648",
        "2147483648",
        "4294967296",
        "-9223372036854775808",
        "18446744073709551615",
        "1000000000000000000000000000000",
        "-0",
        "1.5",
        "1e400",
    ];
    let text = *entropy.of(NUMBERS);
    serde_json::from_str(text).unwrap_or(json!(7))
}

/// Puts a value `times` deep into forms around it.
fn wrap(target: &mut Value, other: Value, times: usize, entropy: &mut Entropy<'_>) {
    let kind = entropy.below(14);
    for level in 0..times {
        let inner = target.take();
        // Not with `json!` around `inner`, which would copy it at every level.
        let form = match kind {
            0 => vec![json!("begin"), inner],
            1 => vec![json!("unsafe"), inner],
            2 => vec![json!("if"), json!(1), inner, other.clone()],
            3 => vec![json!("if"), inner, json!(1), json!(0)],
            4 => vec![json!("for"), json!("i"), json!(0), json!(2), inner],
            5 => vec![json!("let"), json!(format!("w{level}")), inner],
            6 => vec![json!("+"), inner, json!(1)],
            7 => vec![json!("&&"), json!(1), inner],
            8 => vec![json!("return"), inner],
            9 => vec![json!("begin"), other.clone(), inner],
            10 => vec![json!("begin"), Value::Array(vec![json!("let"), json!("w"), inner]), json!("w")],
            11 => vec![json!("try"), inner],
            12 => vec![json!("view.to_bytes"), Value::Array(vec![json!("bytes.view"), inner])],
            _ => vec![inner],
        };
        *target = Value::Array(form);
    }
}
