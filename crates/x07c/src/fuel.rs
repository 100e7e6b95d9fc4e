//! Places fuel charges: per straight line instead of per expression, per loop instead of per round.
//!
//! Charges may move along a straight line, never past a point where the function may be left or a budget scope begins
//! or ends, so the total is exact on every path and at every budget edge.

use serde::{Deserialize, Serialize};

use crate::mir::{self, Body, Callee, Local, LocalId, Op, Stmt, Value};
use crate::types::Ty;

#[cfg(test)]
mod tests;

/// How a function pays for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {
    /// Charged by the caller before the call.
    pub leading: u64,
    /// The function also debits the counter itself.
    pub variable: bool,
    /// It does something that can be seen from outside, so what comes before a call is paid before, and nothing else.
    pub visible: bool,
    /// The counter is passed as a last argument `int64_t *fuel`: small inline functions without loops.
    pub by_pointer: bool,
}

/// A charge above this is tested at once, so that the overrun stays small whatever loop the charge is in.
const TESTED_ABOVE: u64 = 256;
/// Costs saturate here: no run can pay it, and a few of them still fit the signed counter.
const MOST_UNITS: u64 = 1 << 61;
/// With it, the cost of all rounds of a loop fits the counter.
const MOST_PER_ROUND: u64 = 1 << 30;

/// Replaces every `Fuel` of the body by charges and returns how the function pays.
///
/// `callees` is indexed by `Callee::Function`. A `recursive` function leaves nothing to its callers: it tests the
/// counter on entry, which bounds the depth that a run without fuel can reach.
pub fn place(body: &mut Body, callees: &[Fuel], recursive: bool) -> Fuel {
    let (mut block, placed) = place_block(std::mem::take(&mut body.block), callees);
    let mut leading = placed.leading;
    let mut variable = placed.varies;
    if recursive {
        block.insert(0, Stmt::Charge { units: leading, test: true });
        leading = 0;
        variable = true;
    } else if placed.calls_variable {
        block.insert(0, Stmt::Charge { units: 0, test: true });
    }
    split_small_branches(&mut block, false, &mut body.locals);
    body.block = block;
    Fuel { leading, variable, visible: placed.visible, by_pointer: false }
}

/// In loops, a branch that is one assignment pays beside the branch instead of in it: the C compiler can then turn each
/// of the two into a select, as it would the assignment alone.
fn split_small_branches(block: &mut Vec<Stmt>, in_loop: bool, locals: &mut Vec<Local>) {
    let mut index = 0;
    while index < block.len() {
        match &mut block[index] {
            Stmt::Loop { body, .. } => split_small_branches(body, true, locals),
            Stmt::If { cond, then, els } => {
                let units = match then.as_slice() {
                    [Stmt::Charge { units, test: false }, Stmt::Assign(_, value)] if in_loop && els.is_empty() => {
                        is_arithmetic(value).then_some(*units)
                    }
                    _ => None,
                };
                if let Some(units) = units {
                    let when = LocalId(locals.len() as u32);
                    locals.push(Local { name: None, ty: Ty::I32, emptied: false });
                    let held = std::mem::replace(cond, Value::Local(when));
                    then.remove(0);
                    block.insert(index, Stmt::ChargeWhen { units, when });
                    block.insert(index, Stmt::Let(when, Value::IsTrue(Box::new(held))));
                    index += 2;
                } else {
                    split_small_branches(then, in_loop, locals);
                    split_small_branches(els, in_loop, locals);
                }
            }
            _ => {}
        }
        index += 1;
    }
}

/// Made of variables, literals and cheap operators alone.
fn is_arithmetic(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::Local(_) => true,
        Value::Binary(op, a, b) => !matches!(op, Op::Div | Op::Rem) && is_arithmetic(a) && is_arithmetic(b),
        _ => false,
    }
}

/// What a block leaves to its surroundings.
#[derive(Clone, Copy, Debug, Default)]
struct Placed {
    /// The cost of its first straight line.
    leading: u64,
    /// It debits the counter itself.
    varies: bool,
    /// It calls functions that debit the counter.
    calls_variable: bool,
    /// The function may be left in it, or a budget scope begins or ends, or something is seen from outside.
    cuts: bool,
    /// Something in it is seen from outside.
    visible: bool,
}

/// A block under construction.
struct Line {
    out: Vec<Stmt>,
    /// The charge in `out` that the current straight line is paid by; the first one is paid by the surroundings.
    slot: Option<usize>,
    /// The cost of the current straight line so far.
    units: u64,
    placed: Placed,
}

impl Line {
    fn add(&mut self, units: u64) {
        self.units = add(self.units, units);
    }

    /// Ends the straight line.
    fn close(&mut self) {
        let line = std::mem::take(&mut self.units);
        match self.slot.map(|slot| &mut self.out[slot]) {
            None => self.placed.leading = line,
            Some(Stmt::Charge { units, test }) => {
                *units = line;
                *test = line > TESTED_ABOVE;
            }
            Some(Stmt::ChargeRounds { units, .. }) => *units = line,
            Some(_) => unreachable!("a slot is a charge"),
        }
        self.placed.varies |= line > 0 && self.slot.is_some();
    }

    /// Ends the straight line and begins another here.
    fn cut(&mut self) {
        self.close();
        self.slot = Some(self.out.len());
        self.out.push(Stmt::Charge { units: 0, test: false });
        self.placed.cuts = true;
    }

    /// Takes over what an untested charge would pay, for a tested one a little later on the same line.
    fn take_pending(&mut self) -> Option<u64> {
        let slot = self.slot?;
        let movable = matches!(self.out[slot], Stmt::Charge { .. }) && self.units <= TESTED_ABOVE;
        movable.then(|| std::mem::take(&mut self.units))
    }

    fn includes(&mut self, inner: Placed) {
        self.placed.varies |= inner.varies;
        self.placed.calls_variable |= inner.calls_variable;
        self.placed.cuts |= inner.cuts;
        self.placed.visible |= inner.visible;
    }

    /// Pays and tests here: what follows happens only if the fuel for what came before is there.
    fn settle(&mut self) {
        let units = self.take_pending().unwrap_or(0);
        self.out.push(Stmt::Charge { units, test: true });
        self.placed.varies = true;
    }
}

fn add(a: u64, b: u64) -> u64 {
    a.saturating_add(b).min(MOST_UNITS)
}

fn place_block(block: Vec<Stmt>, callees: &[Fuel]) -> (Vec<Stmt>, Placed) {
    let mut line = Line { out: Vec::with_capacity(block.len() + 2), slot: None, units: 0, placed: Placed::default() };
    let mut is_seen = false;
    for stmt in block {
        if !matches!(stmt, Stmt::ContractFailure(_)) {
            let calls = calls_of(&stmt, callees);
            line.add(calls.leading);
            line.includes(calls);
            if calls.visible {
                line.settle();
                is_seen = true;
            }
        }
        // What is paid for later stands behind what can be seen.
        let cuts_behind = std::mem::take(&mut is_seen);
        match stmt {
            Stmt::Fuel(units) => line.add(u64::from(units)),
            Stmt::If { cond, then, els } => {
                let (mut then, in_then) = place_block(then, callees);
                let (mut els, in_else) = place_block(els, callees);
                let common = in_then.leading.min(in_else.leading);
                line.add(common);
                charge_at_start(&mut then, in_then.leading - common);
                charge_at_start(&mut els, in_else.leading - common);
                line.placed.varies |= in_then.leading != in_else.leading;
                line.includes(in_then);
                line.includes(in_else);
                line.out.push(Stmt::If { cond, then, els });
                if in_then.cuts || in_else.cuts {
                    line.cut();
                }
            }
            Stmt::Loop { var, end, body, var_is_set } => place_loop(&mut line, var, end, body, var_is_set, callees),
            Stmt::Return(_) | Stmt::BudgetEnter { .. } => {
                line.out.push(stmt);
                line.cut();
            }
            Stmt::Visible => {
                line.settle();
                line.placed.visible = true;
                is_seen = true;
            }
            Stmt::BudgetExit { .. } => {
                line.settle();
                line.out.push(stmt);
                line.cut();
            }
            Stmt::ContractFailure(mut failure) => {
                let (prepare, in_prepare) = place_block(std::mem::take(&mut failure.prepare), callees);
                failure.prepare = prepare;
                let mut calls = Placed::default();
                failure.witnesses.iter().for_each(|(_, witness)| calls_in(witness, callees, &mut calls));
                let leading = add(in_prepare.leading, calls.leading);
                charge_at_start(&mut failure.prepare, leading);
                line.placed.varies |= leading > 0;
                line.includes(in_prepare);
                line.includes(calls);
                line.out.push(Stmt::ContractFailure(failure));
            }
            Stmt::Charge { .. } | Stmt::ChargeRounds { .. } => {
                line.placed.varies = true;
                line.out.push(stmt);
            }
            _ => line.out.push(stmt),
        }
        if cuts_behind {
            line.cut();
        }
    }
    line.close();
    line.out.retain(|stmt| !matches!(stmt, Stmt::Charge { units: 0, test: false }));
    (line.out, line.placed)
}

fn place_loop(line: &mut Line, var: LocalId, end: Value, body: Vec<Stmt>, var_is_set: bool, callees: &[Fuel]) {
    let first = first_index(&line.out, var);
    let (mut body, inner) = place_block(body, callees);
    let per_round = inner.leading;
    line.includes(inner);
    if inner.cuts || var_is_set || per_round > MOST_PER_ROUND {
        body.insert(0, Stmt::Charge { units: per_round, test: true });
        line.placed.varies = true;
    } else if per_round == 0 {
        // Nothing is paid in advance, so something inside must notice that the fuel is gone.
        if inner.varies {
            body.insert(0, Stmt::Charge { units: 0, test: true });
        }
    } else if let Some(rounds) = constant_rounds(&first, &end) {
        line.add(per_round.saturating_mul(u64::from(rounds)));
    } else {
        let pending = line.take_pending();
        let charge = Stmt::ChargeRounds { units: 0, per_round, first, end: end.clone() };
        if let Some(units) = pending {
            line.slot = Some(line.out.len());
            line.units = units;
        }
        line.out.push(charge);
        line.placed.varies = true;
    }
    line.out.push(Stmt::Loop { var, end, body, var_is_set });
    if inner.cuts {
        line.cut();
    }
}

/// How often a loop runs whose bounds are both literals.
fn constant_rounds(first: &Value, end: &Value) -> Option<u32> {
    match (first, end) {
        (Value::Int(first), Value::Int(end)) => Some(end.saturating_sub(*first)),
        _ => None,
    }
}

/// The first index of a loop that follows `out`: the literal that its variable was given last, else the variable.
fn first_index(out: &[Stmt], var: LocalId) -> Value {
    for stmt in out.iter().rev() {
        match stmt {
            Stmt::Charge { .. } | Stmt::Declare(_) => {}
            Stmt::Let(local, value) | Stmt::Assign(local, value) if *local == var => {
                if let Value::Int(first) = value {
                    return Value::Int(*first);
                }
                break;
            }
            Stmt::Let(_, value) | Stmt::Assign(_, value) if !calls(value) => {}
            _ => break,
        }
    }
    Value::Local(var)
}

/// True if evaluating a value calls something, which may hold a pointer to a local.
fn calls(value: &Value) -> bool {
    let mut found = false;
    value.walk(&mut |value| found |= matches!(value, Value::Call(_)));
    found
}

fn charge_at_start(block: &mut Vec<Stmt>, units: u64) {
    if units > 0 {
        block.insert(0, Stmt::Charge { units, test: units > TESTED_ABOVE });
    }
}

/// What the calls in a statement's own values cost their caller.
fn calls_of(stmt: &Stmt, callees: &[Fuel]) -> Placed {
    let mut calls = Placed::default();
    mir::values(stmt, &mut |value| call_of(value, callees, &mut calls));
    calls
}

fn calls_in(value: &Value, callees: &[Fuel], calls: &mut Placed) {
    value.walk(&mut |value| call_of(value, callees, calls));
}

fn call_of(value: &Value, callees: &[Fuel], calls: &mut Placed) {
    let Value::Call(call) = value else { return };
    let Callee::Function(index) = call.callee else { return };
    let fuel = callees.get(index as usize).copied().unwrap_or_default();
    calls.leading = add(calls.leading, fuel.leading);
    calls.calls_variable |= fuel.variable;
    calls.varies |= fuel.variable;
    calls.visible |= fuel.visible;
}
