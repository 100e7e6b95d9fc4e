//! Which tests a driver that does not compile fails for.

use std::collections::BTreeMap;
use std::sync::Arc;

use x07_ast::{Decl, Diagnostic, Expected, File, Function, TypeExpr};

use crate::Problem;
use crate::compile::NotCompiled;
use crate::driver;
use crate::manifest::{Returns, Test};

/// A test, and why it does not compile if it does not.
type Verdict = (Arc<Test>, Option<NotCompiled>);

/// Checks a driver for some tests alone.
type Check<'a> = &'a dyn Fn(&[Arc<Test>]) -> Result<Option<NotCompiled>, Problem>;

/// Each test with the reason why it does not compile, if it does not.
///
/// Halves that fail are halved again. Tests of one module stay together: mostly one module is to blame.
pub(crate) fn find(tests: &[Arc<Test>], check: Check<'_>) -> Result<Vec<Verdict>, Problem> {
    let mut by_module = tests.to_vec();
    by_module.sort_by(|a, b| (a.module(), &a.id).cmp(&(b.module(), &b.id)));
    let mut guilty = BTreeMap::new();
    search(&by_module, check, &mut guilty)?;
    Ok(tests.iter().map(|test| (test.clone(), guilty.remove(&test.id))).collect())
}

fn search(tests: &[Arc<Test>], check: Check<'_>, guilty: &mut BTreeMap<String, NotCompiled>) -> Result<(), Problem> {
    let Some(failed) = check(tests)? else { return Ok(()) };
    match tests {
        [] => {}
        [test] => drop(guilty.insert(test.id.clone(), explain(test, failed))),
        _ => {
            let (first, second) = tests.split_at(tests.len() / 2);
            search(first, check, guilty)?;
            search(second, check, guilty)?;
        }
    }
    Ok(())
}

/// Tells mistakes of the driver, which nobody has written, as what is wrong with the test.
fn explain(test: &Test, mut failed: NotCompiled) -> NotCompiled {
    failed.findings.retain(Diagnostic::is_error);
    for finding in failed.findings.iter_mut().filter(|finding| finding.module == driver::MODULE) {
        if finding.pointer.as_deref().is_some_and(|pointer| pointer.starts_with("/imports/")) {
            finding.message = format!("test \"{}\": {}", test.id, finding.message);
            (finding.module, finding.pointer) = (String::new(), None);
        }
    }
    let text = failed.sources.text(test.module());
    let file = text.and_then(|text| x07_ast::parse(&text, Expected::Module(test.module())).file);
    let Some(file) = file else { return failed };
    for finding in &mut failed.findings {
        let is_drivers =
            finding.module == driver::MODULE && finding.pointer.as_deref().and_then(driver::test_at).is_some();
        if is_drivers && let Some(better) = about_entry(test, &file, finding) {
            *finding = better;
        }
    }
    failed.findings.dedup();
    failed
}

fn about_entry(test: &Test, file: &File, finding: &Diagnostic) -> Option<Diagnostic> {
    let at = |place: Option<usize>, message: String| {
        let mut better = Diagnostic::error(finding.code.clone(), finding.kind, message).module(test.module());
        better.pointer = place.map(|index| format!("/decls/{index}"));
        Some(better)
    };
    let entry = &test.entry;
    let functions = file.decls.iter().enumerate().filter_map(|(index, decl)| match decl {
        Decl::Function(function) => Some((index, function)),
        _ => None,
    });
    let functions: Vec<(usize, &Function)> = functions.collect();
    let Some((index, function)) = functions.iter().find(|(_, function)| function.name == *entry) else {
        let distance = |name: &str| strsim::damerau_levenshtein(name, entry);
        let close = functions.iter().map(|(_, function)| function.name.as_str()).min_by_key(|name| distance(name));
        let hint = close.filter(|name| distance(name) <= 3).map(|name| format!("; there is \"{name}\""));
        let message = format!("test \"{}\": there is no function \"{entry}\"{}", test.id, hint.unwrap_or_default());
        return at(None, message);
    };
    let exported = file.decls.iter().any(|decl| matches!(decl, Decl::Export(export) if export.names.contains(entry)));
    if !exported {
        return at(Some(*index), format!("test \"{}\": \"{entry}\" is not exported by its module", test.id));
    }
    let wanted = test.property.as_ref().map_or(0, |property| property.parameters.len());
    if function.params.len() != wanted {
        let message = format!(
            "test \"{}\": \"{entry}\" has {} parameters, its entry in the manifest gives it {wanted}",
            test.id,
            function.params.len()
        );
        return at(Some(*index), message);
    }
    let (result, returns) = match test.returns {
        Returns::ResultI32 => ("result_i32", "result_i32"),
        Returns::BytesStatusV1 => ("bytes", "bytes_status_v1"),
    };
    if function.result != TypeExpr::Name(result.to_owned()) {
        let message = format!("test \"{}\": \"{entry}\" does not return {result}", test.id);
        let better = at(Some(*index), message)?;
        return Some(better.help(format!("the manifest says \"returns\": \"{returns}\"")));
    }
    None
}
