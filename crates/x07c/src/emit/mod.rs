//! C text from MIR, construct by construct.

mod names;
mod parts;
mod print;
mod value;

#[cfg(test)]
mod tests;

use crate::fuel::Fuel;
use crate::mir::Body;
use crate::types::Ty;
use x07_ast::ExprId;

pub use names::mangle;
pub use parts::Parts;

/// A function that a body calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    /// Its C name.
    pub symbol: String,
    /// How it is paid for.
    pub fuel: Fuel,
}

/// Who sees a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// Every unit.
    External,
    /// Its own unit.
    Static,
    /// Its own unit. It calls itself and looks for stack each time, which C compilers would take for too much to copy it into
    /// itself, as they otherwise do with a recursion, if it did not ask for that.
    Unrolled,
    /// Its own unit, and the C compiler must not join it with its caller, which looks for the stack that it takes.
    Apart,
    /// Its own unit, which holds a copy of a small function for the C compiler to see through.
    Inline,
}

/// A function to be printed.
pub struct Definition<'a> {
    /// Its C name.
    pub symbol: &'a str,
    /// Its X07 signature, for the reader of the C text.
    pub comment: &'a str,
    /// Who sees it.
    pub linkage: Linkage,
    /// What it returns.
    pub result: Ty,
    /// Its body, after the fuel pass.
    pub body: &'a Body,
    /// What the fuel pass said.
    pub fuel: Fuel,
    /// The bytes of stack that it makes sure of at its entry.
    pub looks_for: Option<u32>,
    /// The functions it calls, by `mir::Callee::Function`.
    pub callees: &'a [Callee],
    /// The text of a place that a trap names: `main /solve/2/1`.
    pub at: &'a dyn Fn(ExprId) -> String,
}

/// The declaration of a function, with its semicolon and line end.
pub fn prototype(symbol: &str, linkage: Linkage, params: &[Ty], result: Ty, fuel: Fuel) -> String {
    let params: Vec<_> = params.iter().map(|ty| ty.c_name().to_owned()).collect();
    let mut text = header(symbol, linkage, params, "int64_t *", result, fuel);
    text.push_str(";\n");
    text
}

/// The statement that goes on only if there is so much stack.
pub fn look_for_stack(bytes: u32) -> String {
    format!("X07_NEEDS_STACK({bytes}u);")
}

/// A function with its comment, ending in a line end.
///
/// A witness of a failed clause has the X07 type it is listed with; the printer lends owned `bytes` to the runtime.
pub fn definition(definition: &Definition) -> String {
    print::Printer::new(definition).print()
}

/// A function that looks for stack and calls the one that has its body.
pub fn front(symbol: &str, body: &str, linkage: Linkage, params: &[Ty], result: Ty, fuel: Fuel, bytes: u32) -> String {
    let names: Vec<String> = (0..params.len()).map(|index| format!("p{index}")).collect();
    let declared = params.iter().zip(&names).map(|(ty, name)| declarator(*ty, name)).collect();
    let header = header(symbol, linkage, declared, "int64_t *fuel", result, fuel);
    let passed = names.into_iter().chain(fuel.by_pointer.then(|| "fuel".to_owned()));
    let (look, passed) = (look_for_stack(bytes), passed.collect::<Vec<_>>().join(", "));
    format!("{header} {{\n  {look}\n  return {body}({passed});\n}}\n")
}

fn header(symbol: &str, linkage: Linkage, mut params: Vec<String>, counter: &str, result: Ty, fuel: Fuel) -> String {
    let linkage = match linkage {
        Linkage::External => "",
        Linkage::Static => "static ",
        Linkage::Unrolled => "static inline ",
        Linkage::Apart => "X07_NOINLINE static ",
        Linkage::Inline => "X07_INLINE ",
    };
    if fuel.by_pointer {
        params.push(counter.to_owned());
    }
    if params.is_empty() {
        params.push("void".to_owned());
    }
    format!("{linkage}{}({})", declarator(result, symbol), params.join(", "))
}

/// A type and the name that it is given to.
fn declarator(ty: Ty, name: &str) -> String {
    let ty = ty.c_name();
    let gap = if ty.ends_with('*') { "" } else { " " };
    format!("{ty}{gap}{name}")
}

/// A C string literal of exactly these bytes.
pub fn c_string(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | b'?' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            // Always three digits, so that a digit after it stays a digit.
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}
