use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

use super::*;
use crate::mir::{self, BudgetMode, Call, Caps, ContractFailure, Local, LocalId, Op, Stmt, Value};
use crate::types::Ptr;

const X: Value = Value::Local(LocalId(0));
const Y: Value = Value::Local(LocalId(1));

fn int(n: u32) -> Value {
    Value::Int(n)
}

fn op(op: Op, a: Value, b: Value) -> Value {
    Value::Binary(op, Box::new(a), Box::new(b))
}

fn runtime(symbol: &'static str, args: Vec<Value>, at: Option<u32>) -> Value {
    Value::Call(Box::new(Call { callee: mir::Callee::Runtime(symbol), args, at: at.map(ExprId) }))
}

fn function(index: u32, args: Vec<Value>) -> Value {
    Value::Call(Box::new(Call { callee: mir::Callee::Function(index), args, at: None }))
}

fn local(n: u32) -> Value {
    Value::Local(LocalId(n))
}

fn set(n: u32, value: Value) -> Stmt {
    Stmt::Assign(LocalId(n), value)
}

/// What the functions here may call: constant, variable, by pointer.
fn callees() -> Vec<Callee> {
    let fuel = |leading, variable, by_pointer| Fuel { leading, variable, visible: false, by_pointer };
    [("constant", fuel(3, false, false)), ("variable", fuel(2, true, false)), ("inlined", fuel(1, true, true))]
        .map(|(name, fuel)| Callee { symbol: mangle(&format!("m.{name}")), fuel })
        .to_vec()
}

/// The callees take one i32.
fn prototypes() -> String {
    callees().iter().map(|c| prototype(&c.symbol, Linkage::External, &[Ty::I32], Ty::I32, c.fuel)).collect()
}

fn body(params: usize, locals: &[(&str, Ty)], block: Vec<Stmt>) -> Body {
    let locals = locals.iter().map(|(name, ty)| Local {
        name: (!name.is_empty()).then(|| Box::from(*name)),
        ty: *ty,
        emptied: ty.is_owned(),
    });
    Body { locals: locals.collect(), params, block, ..Body::default() }
}

fn print(body: &Body, result: Ty, fuel: Fuel) -> String {
    let callees = callees();
    definition(&Definition {
        symbol: "m__f",
        comment: "m.f",
        linkage: if fuel.by_pointer { Linkage::Inline } else { Linkage::External },
        result,
        body,
        fuel,
        looks_for: None,
        callees: &callees,
        at: &|id| format!("m /f/{}", id.0),
    })
}

/// Compares the text and has a C compiler read it with all warnings on, where there is one.
fn check(body: &Body, result: Ty, fuel: Fuel, expected: &Expect) {
    let text = print(body, result, fuel);
    expected.assert_eq(&text);
    compile(&text);
}

fn compile(text: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiler = Command::new("gcc")
        .args([
            "-std=gnu11",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unused-function",
            "-c",
            "-x",
            "c",
            "-",
            "-o",
            "/dev/null",
        ])
        .arg("-I")
        .arg(root.join("../x07-runtime/c"))
        .arg("-I")
        .arg(root.join("include"))
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut compiler) = compiler else { return };
    let unit = format!("#define X07_WITH_ALL\n#include \"x07.h\"\n{}{text}", prototypes());
    compiler.stdin.take().unwrap().write_all(unit.as_bytes()).unwrap();
    assert!(compiler.wait().unwrap().success(), "{unit}");
}

fn check_value(value: Value, expected: &str) {
    let body = body(2, &[("x", Ty::I32), ("y", Ty::I32)], vec![Stmt::Return(value)]);
    let text = print(&body, Ty::I32, Fuel::default());
    let returned = text.lines().find_map(|line| line.trim().strip_prefix("return ")).unwrap();
    assert_eq!(returned, format!("{expected};"));
    compile(&text);
}

fn check_condition(value: Value, expected: &str) {
    let then = vec![Stmt::Return(int(1))];
    let branch = Stmt::If { cond: value, then, els: Vec::new() };
    let body = body(2, &[("x", Ty::I32), ("y", Ty::I32)], vec![branch, Stmt::Return(int(0))]);
    let text = print(&body, Ty::I32, Fuel::default());
    let shown = text.lines().find_map(|line| line.trim().strip_prefix("if (")).unwrap();
    assert_eq!(shown, format!("{expected}) {{"));
    compile(&text);
}

#[test]
fn values() {
    use Op::{Add, And, Div, Eq, Lt, LtU, Mul, Or, Rem, Shl, Shr, Sub, Xor};
    check_value(int(5), "5u");
    check_value(int(0xffff_fffb), "0xfffffffbu");
    check_value(op(Add, op(Mul, X, Y), int(1)), "x * y + 1u");
    check_value(op(Mul, op(Add, X, Y), int(2)), "(x + y) * 2u");
    check_value(op(Sub, X, op(Sub, Y, int(1))), "x - (y - 1u)");
    check_value(op(Sub, op(Sub, X, Y), int(1)), "x - y - 1u");
    check_value(op(Div, X, Y), "x07_div(x, y)");
    check_value(op(Rem, X, int(0)), "x07_rem(x, 0u)");
    check_value(op(Rem, op(Add, X, Y), int(10)), "(x + y) % 10u");
    check_value(op(Shl, op(Add, X, Y), int(33)), "(x + y) << 1");
    check_value(op(Shr, X, Y), "x >> (y & 31u)");
    check_value(op(Or, op(Shl, X, int(1)), op(And, Y, int(1))), "(x << 1) | (y & 1u)");
    check_value(op(Xor, op(Xor, X, Y), op(Xor, X, Y)), "x ^ y ^ (x ^ y)");
    check_value(op(Lt, X, int(0xffff_ffff)), "(uint32_t)((int32_t)x < -1)");
    check_value(op(Lt, op(Add, X, Y), int(0x8000_0000)), "(uint32_t)((int32_t)(x + y) < (-2147483647 - 1))");
    check_value(op(Eq, op(And, X, Y), op(LtU, X, Y)), "(uint32_t)((x & y) == (uint32_t)(x < y))");
    check_value(op(LtU, X, int(0)), "(uint32_t)(((void)x, 0))");
    check_value(op(LtU, X, X), "(uint32_t)(((void)x, 0))");
    check_value(op(Eq, X, X), "(uint32_t)(((void)x, 1))");
    check_value(Value::IsTrue(Box::new(X)), "(uint32_t)(x != 0u)");
    check_value(Value::IsTrue(Box::new(op(LtU, X, Y))), "(uint32_t)(x < y)");
    check_value(op(Add, Value::IsTrue(Box::new(X)), op(Shl, Y, int(2))), "(uint32_t)(x != 0u) + (y << 2)");
}

#[test]
fn conditions() {
    use Op::{And, Eq, GeU, LtU, Ne, Or};
    let less = || op(LtU, X, Y);
    check_condition(X, "x != 0u");
    check_condition(less(), "x < y");
    check_condition(Value::IsTrue(Box::new(X)), "x != 0u");
    check_condition(op(Eq, less(), int(0)), "x >= y");
    check_condition(op(Ne, op(Eq, less(), int(0)), int(0)), "x >= y");
    check_condition(op(And, less(), op(Eq, X, int(3))), "(x < y) & (x == 3u)");
    check_condition(op(Eq, op(Or, less(), Value::IsTrue(Box::new(X))), int(0)), "(x >= y) & (x == 0u)");
    check_condition(op(And, X, Y), "(x & y) != 0u");
    check_condition(op(GeU, X, int(0)), "((void)x, 1)");
    check_condition(int(1), "1");
}

#[test]
fn loop_paid_in_advance() {
    let add = op(Op::Add, local(2), runtime("x07_view_get_u8", vec![X, local(1)], Some(7)));
    let block = vec![
        Stmt::Let(LocalId(3), runtime("x07_view_len", vec![X], None)),
        Stmt::Let(LocalId(2), int(0)),
        Stmt::Let(LocalId(1), int(0)),
        Stmt::ChargeRounds { units: 4, per_round: 9, first: local(1), end: local(3) },
        Stmt::Loop { var: LocalId(1), end: local(3), body: vec![set(2, add)], var_is_set: false },
        Stmt::Return(local(2)),
    ];
    let body = body(1, &[("v", Ty::View), ("i", Ty::I32), ("acc", Ty::I32), ("", Ty::I32)], block);
    check(
        &body,
        Ty::I32,
        Fuel::default(),
        &expect![[r#"
            /* m.f */
            uint32_t m__f(x07_view v) {
              uint32_t t1 = x07_view_len(v);
              uint32_t acc = 0u;
              uint32_t i = 0u;
              x07_ctx.fuel -= 4 + 9 * x07_rounds(i, t1);
              if (X07_UNLIKELY(x07_ctx.fuel < 0)) x07_trap_fuel();
              for (; i < t1; i++) {
                acc = acc + x07_view_get_u8(v, i, "m /f/7");
              }
              return acc;
            }
        "#]],
    );
}

#[test]
fn counter_is_local_where_a_loop_debits_it() {
    let body_of_loop = vec![
        Stmt::Charge { units: 12, test: true },
        Stmt::If {
            cond: op(Op::Eq, local(1), function(2, vec![int(1)])),
            then: vec![Stmt::Return(function(2, vec![int(2)]))],
            els: Vec::new(),
        },
    ];
    let block = vec![
        Stmt::Let(LocalId(1), function(0, vec![X])),
        Stmt::Loop { var: LocalId(1), end: X, body: body_of_loop, var_is_set: false },
        Stmt::If {
            cond: op(Op::LtU, function(1, vec![X]), int(3)),
            then: vec![Stmt::Return(int(1))],
            els: vec![set(1, function(1, vec![int(9)]))],
        },
        Stmt::Return(function(1, vec![local(1)])),
    ];
    let body = body(1, &[("x", Ty::I32), ("i", Ty::I32)], block);
    check(
        &body,
        Ty::I32,
        Fuel::default(),
        &expect![[r#"
            /* m.f */
            uint32_t m__f(uint32_t x) {
              int64_t fuel = x07_ctx.fuel;
              uint32_t i = m__constant(x);
              for (; i < x; i++) {
                fuel -= 12;
                if (X07_UNLIKELY(fuel < 0)) x07_trap_fuel_at(fuel);
                if (i == m__inlined(1u, &fuel)) {
                  uint32_t returned = m__inlined(2u, &fuel);
                  x07_ctx.fuel = fuel;
                  return returned;
                }
              }
              x07_ctx.fuel = fuel;
              if (m__variable(x) < 3u) {
                fuel = x07_ctx.fuel;
                return 1u;
              } else {
                fuel = x07_ctx.fuel;
                i = m__variable(9u);
                fuel = x07_ctx.fuel;
              }
              x07_ctx.fuel = fuel;
              return m__variable(i);
            }
        "#]],
    );
}

#[test]
fn inlined_functions_debit_where_the_caller_does() {
    let block = vec![
        Stmt::If { cond: X, then: vec![Stmt::Charge { units: 2, test: false }], els: Vec::new() },
        Stmt::Eval(function(2, vec![X])),
        Stmt::Return(function(1, vec![X])),
    ];
    let body = body(2, &[("x", Ty::I32), ("unused", Ty::I32)], block);
    let fuel = Fuel { leading: 1, variable: true, visible: false, by_pointer: true };
    check(
        &body,
        Ty::I32,
        fuel,
        &expect![[r#"
            /* m.f */
            X07_INLINE uint32_t m__f(uint32_t x, uint32_t unused, int64_t *fuel) {
              (void)unused;
              if (x != 0u) {
                *fuel -= 2;
              }
              m__inlined(x, fuel);
              x07_ctx.fuel = *fuel;
              uint32_t returned = m__variable(x);
              *fuel = x07_ctx.fuel;
              return returned;
            }
        "#]],
    );
}

#[test]
fn a_look_for_stack_comes_first() {
    let (body, callees) =
        (body(1, &[("v", Ty::View)], vec![Stmt::Return(runtime("x07_view_len", vec![X], None))]), callees());
    let definition = Definition {
        symbol: "m__f",
        comment: "m.f",
        linkage: Linkage::External,
        result: Ty::I32,
        body: &body,
        fuel: Fuel::default(),
        looks_for: Some(640),
        callees: &callees,
        at: &|_| String::new(),
    };
    let text = super::definition(&definition);
    expect![[r#"
        /* m.f */
        uint32_t m__f(x07_view v) {
          X07_NEEDS_STACK(640u);
          return x07_view_len(v);
        }
    "#]]
    .assert_eq(&text);
    compile(&text);

    let apart = Definition { symbol: "m__f__body", linkage: Linkage::Apart, looks_for: None, ..definition };
    let fuel = Fuel { by_pointer: true, ..Fuel::default() };
    let front = |fuel| front("m__f", "m__f__body", Linkage::External, &[Ty::View], Ty::I32, fuel, 5000);
    let text = format!("{}\n{}", super::definition(&apart), front(Fuel::default()));
    expect![[r#"
        /* m.f */
        X07_NOINLINE static uint32_t m__f__body(x07_view v) {
          return x07_view_len(v);
        }

        uint32_t m__f(x07_view p0) {
          X07_NEEDS_STACK(5000u);
          return m__f__body(p0);
        }
    "#]]
    .assert_eq(&text);
    compile(&text);
    assert!(
        front(fuel).contains("m__f(x07_view p0, int64_t *fuel) {") && front(fuel).contains("m__f__body(p0, fuel);")
    );
}

#[test]
fn budgets_and_failures() {
    let caps =
        Caps { mode: BudgetMode::ResultErr, label: "a\"b".to_owned(), alloc_bytes: 10, fuel: 99, ..Caps::default() };
    let failure = ContractFailure {
        kind: "requires",
        function: "m.f".to_owned(),
        id: "c1".to_owned(),
        index: 2,
        pointer: "/decls/0/requires/2/expr".to_owned(),
        prepare: vec![Stmt::Let(LocalId(3), int(4))],
        witnesses: vec![(Ty::I32, local(3)), (Ty::Bytes, X)],
    };
    let block = vec![
        Stmt::Declare(LocalId(2)),
        Stmt::If {
            cond: op(Op::Ne, runtime("x07_bytes_len", vec![runtime("x07_bytes_view", vec![X], None)], None), int(0)),
            then: Vec::new(),
            els: vec![Stmt::ContractFailure(Box::new(failure))],
        },
        Stmt::BudgetEnter { id: 1, caps: Box::new(caps) },
        Stmt::Charge { units: 5, test: true },
        Stmt::BudgetExit { id: 1, code: Some(LocalId(2)) },
        Stmt::If {
            cond: local(2),
            then: vec![Stmt::Drop(LocalId(0)), Stmt::Return(runtime("x07_result_bytes_err", vec![local(2)], None))],
            els: vec![Stmt::If {
                cond: op(Op::GtU, local(1), int(2)),
                then: vec![Stmt::Moved(LocalId(0))],
                els: vec![Stmt::Drop(LocalId(0))],
            }],
        },
        Stmt::Let(LocalId(4), runtime("x07_bytes_lit", vec![Value::Text("é?\n1".into())], None)),
        Stmt::Return(runtime("x07_result_bytes_ok", vec![local(4)], None)),
    ];
    let locals = [("b", Ty::Bytes), ("n", Ty::I32), ("", Ty::I32), ("witness", Ty::I32), ("text", Ty::Bytes)];
    let body = body(2, &locals, block);
    check(
        &body,
        Ty::ResultBytes,
        Fuel::default(),
        &expect![[r#"
            /* m.f */
            x07_result_bytes m__f(x07_bytes b, uint32_t n) {
              x07_budget budget_1;
              uint32_t t1;
              if (x07_bytes_len(x07_bytes_view(b)) == 0u) {
                uint32_t witness = 4u;
                x07_contract_begin("requires", "m.f", "c1", 2u, "/decls/0/requires/2/expr");
                x07_contract_witness_i32(witness);
                x07_contract_witness_bytes(x07_bytes_view(b));
                x07_contract_fail();
              }
              static const x07_budget_caps budget_1_caps = {.mode = X07_BUDGET_RESULT_ERR, .label = "a\"b", .alloc_bytes = 10u, .fuel = 99u};
              x07_budget_enter(&budget_1, &budget_1_caps);
              x07_ctx.fuel -= 5;
              if (X07_UNLIKELY(x07_ctx.fuel < 0)) x07_trap_fuel();
              t1 = x07_budget_exit(&budget_1);
              if (t1 != 0u) {
                x07_bytes_drop(b);
                return x07_result_bytes_err(t1);
              } else if (n > 2u) {
                b = x07_bytes_none();
              } else {
                x07_bytes_drop(b);
              }
              x07_bytes text = x07_bytes_lit("\303\251\?\0121", 5u);
              return x07_result_bytes_ok(text);
            }
        "#]],
    );
}

#[test]
fn pointers_members_and_input() {
    let pointer = Ty::Ptr(Ptr::MutU8);
    let moved =
        |count, negative, signed| Value::PointerAdd { pointer: Box::new(X), count: Box::new(count), negative, signed };
    let block = vec![
        Stmt::Let(LocalId(2), int(0)),
        Stmt::Let(LocalId(1), moved(op(Op::Add, local(2), int(1)), true, false)),
        Stmt::Let(LocalId(4), moved(int(0xffff_ffff), false, true)),
        Stmt::Store { pointer: moved(int(3), false, false), value: Value::Load(Box::new(local(1))) },
        Stmt::Store { pointer: Value::Cast(Ty::Ptr(Ptr::MutI32), Box::new(X)), value: int(1) },
        Stmt::Let(
            LocalId(3),
            runtime("x07_result_i32_ok", vec![runtime("x07_view_len", vec![Value::Input], None)], None),
        ),
        Stmt::Eval(op(Op::Add, local(2), int(1))),
        Stmt::Return(Value::Member(Box::new(local(3)), "payload.ok")),
        Stmt::Return(local(4)),
    ];
    let locals = [("p", pointer), ("q", pointer), ("n", Ty::I32), ("r", Ty::ResultI32), ("unread", pointer)];
    let body = body(1, &locals, block);
    check(
        &body,
        Ty::I32,
        Fuel::default(),
        &expect![[r#"
            /* m.f */
            uint32_t m__f(uint8_t *p) {
              const x07_view input = x07_input();
              uint32_t n = 0u;
              uint8_t *q = p - (n + 1u);
              uint8_t *unread = p + -1;
              (void)unread;
              p[3u] = (uint32_t)*q;
              *(uint32_t *)p = 1u;
              x07_result_i32 r = x07_result_i32_ok(x07_view_len(input));
              (void)(n + 1u);
              return r.payload.ok;
            }
        "#]],
    );
}

#[test]
fn prototypes_follow_the_definition() {
    let fuel = Fuel { leading: 0, variable: true, visible: false, by_pointer: true };
    assert_eq!(prototype("m__f", Linkage::Static, &[], Ty::Bytes, Fuel::default()), "static x07_bytes m__f(void);\n");
    assert_eq!(
        prototype("m__f", Linkage::Inline, &[Ty::View, Ty::Ptr(Ptr::ConstU8)], Ty::Ptr(Ptr::MutVoid), fuel),
        "X07_INLINE void *m__f(x07_view, const uint8_t *, int64_t *);\n"
    );
}

#[test]
fn strings() {
    assert_eq!(c_string(b"a\"b\\c??/"), r#""a\"b\\c\?\?/""#);
    assert_eq!(c_string(b"\x001\n\xc3\xa9f"), r#""\0001\012\303\251f""#);
}

#[test]
fn function_names() {
    for (name, expected) in [
        ("app.stats.sum", "app__stats__sum"),
        ("main", "main__"),
        ("a-b.c", "a_2db__c"),
        ("m.read_u32_le_at", "m__read_u32_le_at"),
        ("m._x_", "m___5fx_5f"),
        ("m.a__b", "m__a_5f_b"),
        ("m.x_2d", "m__x_5f2d"),
        ("m.x-", "m__x_2d"),
        ("m.x_-", "m__x_5f_2d"),
        ("m.", "m_2e__"),
        ("2.f", "_32__f"),
        ("m.é", "m___c3_a9"),
    ] {
        assert_eq!(mangle(name), expected, "{name}");
    }
}

#[test]
fn function_names_are_different() {
    let alphabet = ['a', 'x', '2', '_', '.', '-'];
    let mut names = vec![String::new()];
    let mut seen = std::collections::HashMap::new();
    for _ in 0..6 {
        names = names.iter().flat_map(|name| alphabet.iter().map(move |c| format!("{name}{c}"))).collect();
        for name in &names {
            let symbol = mangle(name);
            assert!(symbol.contains("__"));
            if let Some(other) = seen.insert(symbol.clone(), name.clone()) {
                panic!("{name} and {other} are both {symbol}");
            }
        }
    }
}

#[test]
fn a_loop_that_ends_at_zero_compares_nothing() {
    let block = vec![
        Stmt::Let(LocalId(1), X),
        Stmt::Loop { var: LocalId(1), end: int(0), body: Vec::new(), var_is_set: false },
        Stmt::Return(local(1)),
    ];
    check(
        &body(1, &[("x", Ty::I32), ("i", Ty::I32)], block),
        Ty::I32,
        Fuel::default(),
        &expect![[r#"
        /* m.f */
        uint32_t m__f(uint32_t x) {
          uint32_t i = x;
          for (; 0; i++) {
          }
          return i;
        }
    "#]],
    );
}

#[test]
fn names_of_locals() {
    let wanted = ["x", "x", "int", "x_2", "", "t1", "x07_ctx", "a-b", "_a__b", "x", "fuel", "2", "é", ""];
    let locals: Vec<_> = wanted.map(|name| (name, Ty::I32)).to_vec();
    let expected =
        ["x", "x_2", "v_int", "x_2_2", "t2", "t1", "v_x07_ctx", "v_a_b", "v_a_b_2", "x_3", "v_fuel", "v_2", "v", "t3"];
    assert_eq!(names::local_names(&body(0, &locals, Vec::new()), std::iter::empty()), expected);
}
