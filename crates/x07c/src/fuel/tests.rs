use proptest::prelude::*;

use super::*;
use crate::mir::{Call, ContractFailure};

/// What the random functions may call.
const CALLEES: [Fuel; 3] = [
    Fuel { leading: 3, variable: false, visible: false, by_pointer: false },
    Fuel { leading: 700, variable: false, visible: false, by_pointer: false },
    Fuel { leading: 0, variable: true, visible: false, by_pointer: false },
];

/// Bounds of dynamic loops are locals; these hold what the run chose.
const BOUNDS: u32 = 4;

fn call(index: u32) -> Value {
    Value::Call(Box::new(Call { callee: Callee::Function(index), args: Vec::new(), at: None }))
}

fn branch(decision: u32, then: Vec<Stmt>, els: Vec<Stmt>) -> Stmt {
    Stmt::If { cond: Value::Local(LocalId(1000 + decision)), then, els }
}

fn counted(first: u32, end: Value, var_is_set: bool, body: Vec<Stmt>) -> [Stmt; 2] {
    let var = LocalId(100);
    [Stmt::Assign(var, Value::Int(first)), Stmt::Loop { var, end, body, var_is_set }]
}

/// Executes a body and notes the fuel used so far wherever it must be exact: at budget edges and at the end.
struct Run<'a> {
    bounds: &'a [u32],
    decisions: &'a [bool],
    decided: usize,
    used: u64,
    exact: Vec<u64>,
}

impl<'a> Run<'a> {
    fn trace(block: &[Stmt], paid: Option<u64>, bounds: &'a [u32], decisions: &'a [bool]) -> Vec<u64> {
        let mut run = Run { bounds, decisions, decided: 0, used: paid.unwrap_or(0), exact: Vec::new() };
        run.block(block, paid.is_some(), &mut 0);
        run.exact.push(run.used);
        run.exact
    }

    fn value(&self, value: &Value, var: u32) -> u32 {
        match value {
            Value::Int(n) => *n,
            Value::Local(LocalId(100)) => var,
            Value::Local(LocalId(n)) => self.bounds[*n as usize],
            _ => 0,
        }
    }

    /// Returns false if the function was left. Calls cost something only while nothing is `placed`.
    fn block(&mut self, block: &[Stmt], placed: bool, var: &mut u32) -> bool {
        for stmt in block {
            if !placed {
                self.used += calls_of(stmt, &CALLEES).leading;
            }
            match stmt {
                Stmt::Fuel(n) => self.used += u64::from(*n),
                Stmt::Charge { units, .. } => self.used += units,
                // The branch that it pays for comes next.
                Stmt::ChargeWhen { units, .. } => {
                    let taken = self.decisions[self.decided % self.decisions.len()];
                    self.used += if taken { *units } else { 0 };
                }
                Stmt::ChargeRounds { units, per_round, end, .. } => {
                    self.used += units + per_round * u64::from(self.value(end, *var).saturating_sub(*var));
                }
                Stmt::Assign(_, value) => *var = self.value(value, *var),
                Stmt::If { then, els, .. } => {
                    let taken = self.decisions[self.decided % self.decisions.len()];
                    self.decided += 1;
                    if !self.block(if taken { then } else { els }, placed, var) {
                        return false;
                    }
                }
                Stmt::Loop { end, body, var_is_set, .. } => {
                    let end = self.value(end, *var);
                    while *var < end {
                        let mut inner = *var;
                        if !self.block(body, placed, &mut inner) {
                            return false;
                        }
                        *var += if *var_is_set { 2 } else { 1 };
                    }
                }
                Stmt::BudgetEnter { .. } | Stmt::BudgetExit { .. } => self.exact.push(self.used),
                Stmt::Return(_) => return false,
                _ => {}
            }
        }
        true
    }
}

fn has_fuel(block: &[Stmt]) -> bool {
    let mut found = false;
    mir::walk(block, &mut |stmt| found |= matches!(stmt, Stmt::Fuel(_)));
    found
}

fn statements() -> impl Strategy<Value = Vec<Stmt>> {
    let leaf = prop_oneof![
        4 => (1u32..400).prop_map(|n| vec![Stmt::Fuel(n)]),
        2 => (0u32..3).prop_map(|index| vec![Stmt::Eval(call(index))]),
        1 => (0u32..3).prop_map(|index| vec![Stmt::Return(call(index))]),
        1 => Just(vec![Stmt::BudgetEnter { id: 1, caps: Box::default() }]),
        1 => Just(vec![Stmt::BudgetExit { id: 1, code: None }]),
        1 => Just(vec![Stmt::Visible]),
    ];
    let block = |stmts: Vec<Vec<Stmt>>| stmts.into_iter().flatten().collect::<Vec<_>>();
    let nested = leaf.prop_recursive(4, 40, 5, move |inner| {
        let inner = prop::collection::vec(inner, 0..5).prop_map(block);
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(then, els)| vec![branch(0, then, els)]),
            (0u32..3, 0u32..6, inner.clone()).prop_map(|(first, end, body)| counted(
                first,
                Value::Int(end),
                false,
                body
            )
            .to_vec()),
            (0u32..3, 0u32..BOUNDS, any::<bool>(), inner).prop_map(|(first, bound, var_is_set, body)| {
                counted(first, Value::Local(LocalId(bound)), var_is_set, body).to_vec()
            }),
        ]
    });
    prop::collection::vec(nested, 0..6).prop_map(block)
}

proptest! {
    #[test]
    fn totals_are_exact(
        block in statements(),
        recursive: bool,
        bounds in prop::collection::vec(0u32..5, BOUNDS as usize),
        decisions in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let mut body = Body { block, ..Body::default() };
        let before = Run::trace(&body.block, None, &bounds, &decisions);
        let fuel = place(&mut body, &CALLEES, recursive);
        prop_assert!(!has_fuel(&body.block));
        prop_assert_eq!(before, Run::trace(&body.block, Some(fuel.leading), &bounds, &decisions));
    }
}

/// The charges of a placed body, one line each.
fn show(block: &[Stmt], indent: usize, out: &mut String) {
    for stmt in block {
        let line = match stmt {
            Stmt::Charge { units, test } => format!("charge {units}{}", if *test { " test" } else { "" }),
            Stmt::ChargeRounds { units, per_round, .. } => format!("charge {units} + {per_round} a round"),
            Stmt::ChargeWhen { units, .. } => format!("charge {units} when"),
            Stmt::If { .. } => "if".to_owned(),
            Stmt::Loop { .. } => "loop".to_owned(),
            Stmt::Return(_) => "return".to_owned(),
            Stmt::BudgetEnter { .. } => "enter".to_owned(),
            Stmt::BudgetExit { .. } => "exit".to_owned(),
            Stmt::ContractFailure(_) => "failure".to_owned(),
            Stmt::Fuel(_) => "fuel".to_owned(),
            _ => continue,
        };
        out.push_str(&"  ".repeat(indent));
        out.push_str(&line);
        out.push('\n');
        match stmt {
            Stmt::If { then, els, .. } => {
                show(then, indent + 1, out);
                if !els.is_empty() {
                    out.push_str(&format!("{}else\n", "  ".repeat(indent)));
                    show(els, indent + 1, out);
                }
            }
            Stmt::Loop { body, .. } => show(body, indent + 1, out),
            Stmt::ContractFailure(failure) => show(&failure.prepare, indent + 1, out),
            _ => {}
        }
    }
}

fn check(block: Vec<Stmt>, recursive: bool, expected: &str) {
    let mut body = Body { block, ..Body::default() };
    let fuel = place(&mut body, &CALLEES, recursive);
    let mut shown = format!("leading {}{}\n", fuel.leading, if fuel.variable { ", variable" } else { "" });
    show(&body.block, 0, &mut shown);
    let expected: Vec<_> = expected.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect();
    assert_eq!(shown.trim_end(), expected.join("\n").trim());
}

fn join(parts: impl IntoIterator<Item = Vec<Stmt>>) -> Vec<Stmt> {
    parts.into_iter().flatten().collect()
}

#[test]
fn constant_cost_has_no_counter_code() {
    let looped = counted(0, Value::Int(10), false, vec![Stmt::Fuel(2)]).to_vec();
    let block = join([vec![Stmt::Fuel(5), Stmt::Eval(call(0))], looped, vec![Stmt::Fuel(1), Stmt::Return(call(0))]]);
    check(
        block,
        false,
        "leading 32
        loop
        return",
    );
}

#[test]
fn a_dynamic_loop_is_paid_for_in_advance() {
    let inner = vec![Stmt::Fuel(9), branch(0, vec![Stmt::Fuel(4)], vec![Stmt::Fuel(1)])];
    let looped = counted(0, Value::Local(LocalId(0)), false, inner).to_vec();
    check(
        join([vec![Stmt::Fuel(5)], looped, vec![Stmt::Fuel(2), Stmt::Return(Value::Int(0))]]),
        false,
        "leading 7, variable
        charge 0 + 10 a round
        loop
          if
            charge 3
        return",
    );
}

#[test]
fn a_loop_that_may_be_left_pays_by_the_round() {
    let leave = branch(0, vec![Stmt::Fuel(1), Stmt::Return(Value::Int(0))], Vec::new());
    let looped = counted(0, Value::Local(LocalId(0)), false, vec![Stmt::Fuel(3), leave, Stmt::Fuel(2)]).to_vec();
    let second = counted(0, Value::Local(LocalId(0)), false, vec![Stmt::Fuel(1)]).to_vec();
    check(
        join([vec![Stmt::Fuel(5)], looped, vec![Stmt::Fuel(6)], second, vec![Stmt::Return(Value::Int(0))]]),
        false,
        "leading 5, variable
        loop
          charge 3 test
          if
            charge 1
            return
          charge 2
        charge 6 + 1 a round
        loop
        return",
    );
}

#[test]
fn what_is_seen_from_outside_is_paid_first() {
    let block = vec![
        Stmt::Fuel(1),
        branch(0, vec![Stmt::Fuel(3)], Vec::new()),
        Stmt::Visible,
        Stmt::Eval(call(9)),
        Stmt::Fuel(4),
        Stmt::Return(Value::Int(0)),
    ];
    check(
        block,
        false,
        "leading 1, variable
        if
          charge 3
        charge 0 test
        charge 4
        return",
    );
}

#[test]
fn budget_edges_are_exact_and_tested() {
    let block = vec![
        Stmt::Fuel(1),
        Stmt::BudgetEnter { id: 1, caps: Box::default() },
        Stmt::Fuel(2),
        Stmt::BudgetExit { id: 1, code: None },
        Stmt::Fuel(4),
        Stmt::Return(Value::Int(0)),
    ];
    check(
        block,
        false,
        "leading 1, variable
        enter
        charge 2 test
        exit
        charge 4
        return",
    );
}

#[test]
fn recursion_tests_on_entry() {
    check(
        vec![Stmt::Fuel(4), Stmt::Return(call(2))],
        true,
        "leading 0, variable
        charge 4 test
        return",
    );
    check(
        vec![Stmt::Fuel(4), Stmt::Return(call(2))],
        false,
        "leading 4, variable
        charge 0 test
        return",
    );
}

#[test]
fn large_charges_are_tested_and_saturate() {
    let innermost = counted(0, Value::Int(u32::MAX), false, vec![Stmt::Fuel(u32::MAX)]).to_vec();
    let block = vec![branch(0, join([vec![Stmt::Fuel(1)], innermost]), Vec::new())];
    check(
        block,
        false,
        "leading 0, variable
        if
          charge 1
          loop
            charge 4294967295 test",
    );
    let looped = counted(0, Value::Int(u32::MAX), false, vec![Stmt::Fuel(1 << 30)]).to_vec();
    let block = vec![branch(0, looped, Vec::new()), branch(0, vec![Stmt::Fuel(256)], Vec::new())];
    check(
        block,
        false,
        "leading 0, variable
        if
          charge 2305843009213693952 test
          loop
        if
          charge 256",
    );
}

#[test]
fn a_failed_clause_pays_for_its_witnesses() {
    let failure = ContractFailure {
        kind: "requires",
        function: "main.f".to_owned(),
        id: String::new(),
        index: 0,
        pointer: String::new(),
        prepare: vec![Stmt::Fuel(2)],
        witnesses: vec![(crate::types::Ty::I32, call(0))],
    };
    let failing = branch(0, vec![Stmt::Fuel(1), Stmt::ContractFailure(Box::new(failure))], Vec::new());
    check(
        vec![Stmt::Fuel(1), failing, Stmt::Return(Value::Int(0))],
        false,
        "leading 1, variable
        if
          charge 1
          failure
            charge 5
        return",
    );
}
