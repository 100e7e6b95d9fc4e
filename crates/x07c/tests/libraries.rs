//! Where the functions of a library look for stack, and that those of an executable do not.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;

use common::Form;
use x07c::{Interface, Interfaces, Unit};

#[derive(Default)]
struct Modules(BTreeMap<String, Interface>);

impl Interfaces for Modules {
    fn get(&self, module: &str) -> Option<&Interface> {
        self.0.get(module)
    }
}

const LIBRARY: Form = Form { library: true, release: false };

/// Compiles a module that exports the functions of these short names.
fn module(id: &str, imports: &str, exports: &str, decls: &str, modules: &Modules, form: Form) -> Unit {
    let exports: Vec<String> = exports.split_whitespace().map(|name| format!(r#""{id}.{name}""#)).collect();
    let exports = exports.join(",");
    let text = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"{id}","imports":[{imports}],
            "decls":[{{"kind":"export","names":[{exports}]}},{decls}]}}"#
    );
    compile(&text, modules, form)
}

/// Compiles an entry file.
fn entry(imports: &str, decls: &str, solve: &str, modules: &Modules, form: Form) -> Unit {
    let text = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[{imports}],
            "decls":[{decls}],"solve":{solve}}}"#
    );
    compile(&text, modules, form)
}

fn compile(text: &str, modules: &Modules, form: Form) -> Unit {
    let unit = common::compile(text, modules, form);
    let functions = unit.summary.functions.iter().flat_map(|function| &function.diagnostics);
    let mistake = unit.summary.diagnostics.iter().chain(functions).find(|found| found.is_error());
    assert!(mistake.is_none(), "{mistake:?}");
    unit
}

/// A function of one i32.
fn function(name: &str, body: &str) -> String {
    format!(r#"{{"kind":"defn","name":"{name}","params":[{{"name":"n","ty":"i32"}}],"result":"i32","body":{body}}}"#)
}

/// So many locals, and the value of the last.
fn wide(locals: usize) -> String {
    let mut text = r#"["begin",["let","v0","n"]"#.to_owned();
    for index in 1..locals {
        write!(text, r#",["let","v{index}",["^","n","v{}"]]"#, index - 1).unwrap();
    }
    format!("{text},\"v{}\"]", locals - 1)
}

/// By C function, what it looks for.
fn looks(c: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut function = "";
    for line in c.lines() {
        if line.ends_with(" {") && !line.starts_with(' ') {
            function = line.split('(').next().unwrap().rsplit([' ', '*']).next().unwrap();
        } else if let Some(bytes) =
            line.trim().strip_prefix("X07_NEEDS_STACK(").and_then(|rest| rest.strip_suffix("u);"))
        {
            found.insert(function.to_owned(), bytes.parse().unwrap());
        }
    }
    found
}

#[test]
fn every_recursion_looks_and_other_small_functions_do_not() {
    let step = |name: &str| format!(r#"["if",["=","n",0],0,["^","n",["{name}",["-","n",1]]]]"#);
    let generic = r#"{"kind":"defn","name":"main.g","type_params":[{"name":"A"}],
        "params":[{"name":"x","ty":["t","A"]},{"name":"n","ty":"i32"}],"result":"i32",
        "body":["if",["=","n",0],0,["^","n",["tapp","main.g",["t","A"],"x",["-","n",1]]]]}"#;
    let task = r#"{"kind":"defasync","name":"main.task","params":[{"name":"n","ty":"i32"}],"result":"bytes",
        "body":["if",["=","n",0],["bytes.alloc",1],["await",["main.task",["-","n",1]]]]}"#;
    let decls = [
        function("main.plain", r#"["*","n",3]"#),
        function("main.alone", &step("main.alone")),
        function("main.even", &step("main.odd")),
        function("main.odd", &step("main.even")),
        generic.to_owned(),
        task.to_owned(),
    ];
    let solve = r#"["begin",["let","n",["+",["+",["main.plain",1],["main.alone",2]],["+",["main.odd",3],["tapp","main.g","i32",1,4]]]],
        ["let","b",["await",["main.task","n"]]],"b"]"#;
    let form = |library| entry("", &decls.join(","), solve, &Modules::default(), Form { library, release: false });
    let library = form(true);
    let found = looks(&library.c);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let instance = names.iter().find(|name| name.starts_with("main__g")).unwrap();
    assert_eq!(names, ["main__alone", "main__even", instance, "main__task__run", "x07_solve"], "{}", library.c);
    assert!(found.values().all(|bytes| (128..4096).contains(bytes)), "{found:?}");
    // Nothing else differs, but for what keeps the body of the task apart from the look, and a recursion from being called
    // more often for it.
    let executable = form(false);
    assert!(looks(&executable.c).is_empty());
    let without: String =
        library.c.lines().filter(|line| !line.contains("X07_NEEDS_STACK")).map(|l| format!("{l}\n")).collect();
    let without = without.replace("X07_NOINLINE static", "static").replace("static inline ", "static ");
    assert_eq!(without, executable.c);
}

#[test]
fn a_long_way_without_recursion_is_looked_at_from_time_to_time() {
    const LENGTH: usize = 2000;
    let mut decls = function("m.f0", "1");
    for index in 1..LENGTH {
        write!(decls, ",{}", function(&format!("m.f{index}"), &format!(r#"["^","n",["m.f{}","n"]]"#, index - 1)))
            .unwrap();
    }
    let unit = module("m", "", &format!("f{}", LENGTH - 1), &decls, &Modules::default(), LIBRARY);
    let found = looks(&unit.c);
    assert!((LENGTH / 80..LENGTH / 20).contains(&found.len()), "{}", found.len());
    assert!(found.values().all(|bytes| *bytes <= 10 << 10), "{found:?}");
}

#[test]
fn a_large_frame_is_made_after_the_look() {
    let decls = [function("main.wide", &wide(3000)), function("main.small", r#"["+",["main.wide","n"],1]"#)];
    let unit = entry("", &decls.join(","), r#"["codec.write_u32_le",["main.small",1]]"#, &Modules::default(), LIBRARY);
    let found = looks(&unit.c);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["main__wide", "x07_solve"], "{}", unit.c);
    assert!(found["main__wide"] > 3000 * 4 && found["x07_solve"] < 2048, "{found:?}");
    assert!(unit.c.contains("X07_NOINLINE static uint32_t main__wide__body(uint32_t n) {"));
    let solve = wide(1200).replace(r#""n""#, "7").replace(r#""v1199"]"#, r#"["codec.write_u32_le","v1199"]]"#);
    let unit = entry("", "", &solve, &Modules::default(), LIBRARY);
    assert!(looks(&unit.c)["x07_solve"] > 1200 * 4 && unit.c.contains("return x07_solve__body();"), "{}", unit.c);
}

/// What a body takes of the stack is nothing that other units depend on, unless they have a copy of it.
#[test]
fn edits_of_bodies_stay_in_their_unit() {
    let deep = function("deep.f", r#"["if",["=","n",0],0,["^","n",["deep.f",["-","n",1]]]]"#);
    let mut modules = Modules::default();
    let deep = module("deep", "", "f", &deep, &modules, LIBRARY);
    modules.0.insert("deep".to_owned(), deep.interface);
    let digest = |body: &str| {
        let unit = module("m", r#""deep""#, "f", &function("m.f", body), &modules, LIBRARY);
        unit.interface.digest("m.f").unwrap()
    };
    let first = digest("1");
    for body in [&wide(100), &wide(3000), r#"["deep.f","n"]"#, r#"["if",["=","n",0],0,["^","n",["m.f",["-","n",1]]]]"#]
    {
        assert_eq!(digest(body), first, "{}", &body[..40.min(body.len())]);
    }
    // Nor is it known from a copy of a function that calls the one with the body, be it within a recursion.
    let thin = |body: &str| {
        let decls = [function("m.f", body), function("m.thin", r#"["m.f",["-","n",1]]"#)];
        let form = Form { library: true, release: true };
        let unit = module("m", r#""deep""#, "f thin", &decls.join(","), &modules, form);
        assert!(unit.interface.functions["m.thin"].inline, "{}", unit.c);
        unit.interface.digest("m.thin").unwrap()
    };
    let first = thin(&wide(100));
    let recursive = |a: &str| format!(r#"["begin",["let","a",{a}],["if",["=","a",0],0,["^","a",["m.thin","n"]]]]"#);
    for body in [wide(500), r#"["^",["deep.f",["deep.f","n"]],["deep.f",["deep.f","n"]]]"#.to_owned()] {
        assert_eq!(thin(&body), first, "{}", &body[..40]);
    }
    assert_eq!(thin(&recursive(r#"["deep.f",["deep.f",["deep.f","n"]]]"#)), thin(&recursive(&wide(50))));
}

/// A function that calls into another unit counts on what that unit promises, copied or not.
#[test]
fn calls_of_other_units_count() {
    for release in [false, true] {
        let form = Form { library: true, release };
        let mut modules = Modules::default();
        let decls = [function("m.f", &wide(500)), function("m.thin", r#"["m.f",["+","n",1]]"#)];
        let unit = module("m", "", "f thin", &decls.join(","), &modules, form);
        modules.0.insert("m".to_owned(), unit.interface);
        let main = entry(r#""m""#, "", r#"["codec.write_u32_le",["m.thin",1]]"#, &modules, form);
        let found = looks(&main.c);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["x07_solve"], "{}", main.c);
        assert!((4096..8192).contains(&found["x07_solve"]), "{found:?}");
    }
}
