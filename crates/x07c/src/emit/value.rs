//! Values as C expressions, with the parentheses that C or a reader needs and no others.

use super::c_string;
use super::print::Printer;
use crate::mir::{Call, Callee, Op, Value};

/// How tightly a C expression binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Any,
    Or,
    Xor,
    And,
    Shift,
    Sum,
    Product,
    Prefix,
    Postfix,
}

impl Printer<'_> {
    /// Writes a value, in parentheses if it binds less than `least`.
    pub(super) fn value(&mut self, value: &Value, least: Binding) {
        let parentheses = binding(value) < least;
        if parentheses {
            self.out.push('(');
        }
        self.bare(value);
        if parentheses {
            self.out.push(')');
        }
    }

    fn bare(&mut self, value: &Value) {
        match value {
            Value::Int(n) => self.out.push_str(&literal(*n)),
            Value::Local(local) => self.name(*local),
            Value::Input => self.out.push_str("input"),
            Value::AddressOfInput => self.out.push_str("&input"),
            Value::Binary(op, a, b) => self.binary(*op, a, b),
            Value::IsTrue(inner) if is_truth(inner) => self.bare(inner),
            Value::IsTrue(_) => {
                self.out.push_str("(uint32_t)(");
                self.condition(value, false);
                self.out.push(')');
            }
            Value::Call(call) => self.call(call),
            Value::Text(text) => self.out.push_str(&c_string(text.as_bytes())),
            Value::Member(inner, member) => {
                self.value(inner, Binding::Postfix);
                self.out.push('.');
                self.out.push_str(member);
            }
            Value::AddressOf(local) => {
                self.out.push('&');
                self.name(*local);
            }
            Value::Cast(ty, inner) => {
                self.out.push_str(&format!("({})", ty.c_name()));
                self.value(inner, Binding::Prefix);
            }
            Value::PointerAdd { pointer, count, negative, signed } => {
                self.value(pointer, Binding::Sum);
                self.out.push_str(if *negative { " - " } else { " + " });
                if *signed {
                    self.signed(count);
                } else {
                    self.value(count, Binding::Prefix);
                }
            }
            // The cast keeps C from computing with a promoted, signed byte.
            Value::Load(pointer) => {
                self.out.push_str("(uint32_t)");
                self.place(pointer);
            }
        }
    }

    /// What a pointer points at.
    pub(super) fn place(&mut self, pointer: &Value) {
        if let Value::PointerAdd { pointer, count, negative: false, signed: false } = pointer {
            self.value(pointer, Binding::Postfix);
            self.out.push('[');
            self.value(count, Binding::Any);
            self.out.push(']');
        } else {
            self.out.push('*');
            self.value(pointer, Binding::Prefix);
        }
    }

    fn binary(&mut self, op: Op, a: &Value, b: &Value) {
        if is_comparison(op) {
            self.out.push_str("(uint32_t)(");
            self.comparison(op, a, b);
            self.out.push(')');
            return;
        }
        match op {
            Op::Div | Op::Rem if !is_divisor(b) => {
                self.out.push_str(if op == Op::Div { "x07_div(" } else { "x07_rem(" });
                self.value(a, Binding::Any);
                self.out.push_str(", ");
                self.value(b, Binding::Any);
                self.out.push(')');
            }
            Op::Shl | Op::Shr => {
                self.value(a, Binding::Prefix);
                self.out.push_str(if op == Op::Shl { " << " } else { " >> " });
                if let Value::Int(count) = b {
                    self.out.push_str(&(count & 31).to_string());
                } else {
                    self.out.push('(');
                    self.value(b, Binding::Prefix);
                    self.out.push_str(" & 31u)");
                }
            }
            _ => {
                let (sign, left, right) = match op {
                    Op::Add => (" + ", Binding::Sum, Binding::Product),
                    Op::Sub => (" - ", Binding::Sum, Binding::Product),
                    Op::Mul => (" * ", Binding::Product, Binding::Prefix),
                    Op::Div => (" / ", Binding::Product, Binding::Prefix),
                    Op::Rem => (" % ", Binding::Product, Binding::Prefix),
                    Op::And => (" & ", Binding::Prefix, Binding::Prefix),
                    Op::Or => (" | ", Binding::Prefix, Binding::Prefix),
                    _ => (" ^ ", Binding::Prefix, Binding::Prefix),
                };
                // Mixed bit operators are hard to read without parentheses, chains of one are not.
                let chain = matches!(a, Value::Binary(inner, ..) if *inner == op);
                self.value(a, if chain { Binding::Any } else { left });
                self.out.push_str(sign);
                self.value(b, right);
            }
        }
    }

    /// Writes a value as the condition of an `if`, or its negation; for places with parentheses of their own.
    pub(super) fn condition(&mut self, value: &Value, negated: bool) {
        match value {
            Value::Binary(op @ (Op::Eq | Op::Ne), a, b) if matches!(**b, Value::Int(0)) && is_truth(a) => {
                self.condition(a, negated ^ (*op == Op::Eq));
            }
            Value::Binary(op, a, b) if is_comparison(*op) => {
                self.comparison(if negated { opposite(*op) } else { *op }, a, b);
            }
            Value::Binary(op @ (Op::And | Op::Or), a, b) if is_truth(value) => {
                // By De Morgan, so that a negation needs no parentheses of its own.
                let and = (*op == Op::And) ^ negated;
                self.out.push('(');
                self.condition(a, negated);
                self.out.push_str(if and { ") & (" } else { ") | (" });
                self.condition(b, negated);
                self.out.push(')');
            }
            Value::IsTrue(inner) => self.condition(inner, negated),
            Value::Int(n) => self.out.push_str(if (*n != 0) ^ negated { "1" } else { "0" }),
            _ => self.comparison(if negated { Op::Eq } else { Op::Ne }, value, &Value::Int(0)),
        }
    }

    fn comparison(&mut self, op: Op, a: &Value, b: &Value) {
        // C compilers warn of a comparison whose result is known.
        let known = match (op, a, b) {
            (Op::LtU, _, Value::Int(0)) => Some((a, "0")),
            (Op::GeU, _, Value::Int(0)) => Some((a, "1")),
            (Op::GtU, Value::Int(0), _) => Some((b, "0")),
            (Op::LeU, Value::Int(0), _) => Some((b, "1")),
            (_, Value::Local(x), Value::Local(y)) if x == y => {
                let equal = matches!(op, Op::Eq | Op::Le | Op::Ge | Op::LeU | Op::GeU);
                Some((a, if equal { "1" } else { "0" }))
            }
            _ => None,
        };
        if let Some((operand, result)) = known {
            self.out.push_str("((void)");
            self.value(operand, Binding::Prefix);
            self.out.push_str(&format!(", {result})"));
            return;
        }
        let (sign, signed) = match op {
            Op::Eq => ("==", false),
            Op::Ne => ("!=", false),
            Op::LtU => ("<", false),
            Op::LeU => ("<=", false),
            Op::GtU => (">", false),
            Op::GeU => (">=", false),
            Op::Lt => ("<", true),
            Op::Le => ("<=", true),
            Op::Gt => (">", true),
            _ => (">=", true),
        };
        self.operand(a, signed);
        self.out.push_str(&format!(" {sign} "));
        self.operand(b, signed);
    }

    fn operand(&mut self, value: &Value, signed: bool) {
        if signed {
            self.signed(value);
        } else {
            self.value(value, Binding::Sum);
        }
    }

    fn signed(&mut self, value: &Value) {
        match value {
            Value::Int(0x8000_0000) => self.out.push_str("(-2147483647 - 1)"),
            Value::Int(n) => self.out.push_str(&n.cast_signed().to_string()),
            _ => {
                self.out.push_str("(int32_t)");
                self.value(value, Binding::Prefix);
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let mut counter = None;
        let symbol = match &call.callee {
            Callee::Runtime(symbol) => symbol,
            Callee::Row(symbol) => symbol.as_str(),
            Callee::Function(index) => {
                let callee = &self.definition.callees[*index as usize];
                counter = callee.fuel.by_pointer.then(|| self.counter_address());
                callee.symbol.as_str()
            }
        };
        self.out.push_str(symbol);
        self.out.push('(');
        let mut gap = "";
        for arg in &call.args {
            self.out.push_str(gap);
            gap = ", ";
            self.value(arg, Binding::Any);
            if let Value::Text(text) = arg {
                self.out.push_str(&format!(", {}u", text.len()));
            }
        }
        if let Some(at) = call.at {
            self.out.push_str(gap);
            gap = ", ";
            self.out.push_str(&c_string((self.definition.at)(at).as_bytes()));
        }
        if let Some(counter) = counter {
            self.out.push_str(gap);
            self.out.push_str(counter);
        }
        self.out.push(')');
    }
}

/// An i32 as a C literal; what is probably negative or a mask is hexadecimal.
pub(super) fn literal(n: u32) -> String {
    if n < 0x8000_0000 { format!("{n}u") } else { format!("{n:#x}u") }
}

fn binding(value: &Value) -> Binding {
    match value {
        Value::Binary(op, _, b) => match op {
            Op::Div | Op::Rem if !is_divisor(b) => Binding::Postfix,
            Op::Add | Op::Sub => Binding::Sum,
            Op::Mul | Op::Div | Op::Rem => Binding::Product,
            Op::Shl | Op::Shr => Binding::Shift,
            Op::And => Binding::And,
            Op::Or => Binding::Or,
            Op::Xor => Binding::Xor,
            _ => Binding::Prefix,
        },
        Value::IsTrue(inner) if is_truth(inner) => binding(inner),
        Value::IsTrue(_) | Value::AddressOf(_) | Value::AddressOfInput | Value::Cast(..) | Value::Load(_) => {
            Binding::Prefix
        }
        Value::PointerAdd { .. } => Binding::Sum,
        Value::Int(_) | Value::Local(_) | Value::Input | Value::Call(_) | Value::Text(_) | Value::Member(..) => {
            Binding::Postfix
        }
    }
}

/// A divisor for which C and X07 agree.
fn is_divisor(value: &Value) -> bool {
    matches!(value, Value::Int(n) if *n != 0)
}

/// Is always 0 or 1.
fn is_truth(value: &Value) -> bool {
    match value {
        Value::Binary(Op::And | Op::Or, a, b) => is_truth(a) && is_truth(b),
        Value::Binary(op, ..) => is_comparison(*op),
        Value::IsTrue(_) => true,
        _ => false,
    }
}

fn is_comparison(op: Op) -> bool {
    use Op::{Eq, Ge, GeU, Gt, GtU, Le, LeU, Lt, LtU, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge | LtU | LeU | GtU | GeU)
}

fn opposite(op: Op) -> Op {
    match op {
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
        Op::Lt => Op::Ge,
        Op::Ge => Op::Lt,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::LtU => Op::GeU,
        Op::GeU => Op::LtU,
        Op::LeU => Op::GtU,
        Op::GtU => Op::LeU,
        other => other,
    }
}
