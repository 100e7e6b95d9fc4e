//! A build from beginning to end.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use x07_ast::Diagnostic;

use crate::actions::{self, Verdict};
use crate::context::{Place, Project};
use crate::database::{Comparison, Database};
use crate::emit;
use crate::event::Observer;
use crate::files::{Stamp, can_write};
use crate::flags::{self, Flags};
use crate::foreign::Foreign;
use crate::imports;
use crate::load::{self, Old, Program};
use crate::native::Natives;
use crate::objects::Objects;
use crate::outcome::{CheckReport, Counts, Failure, Outcome, Sources};
use crate::record;
use crate::request::{Emit, Request};
use crate::session::Session;
use crate::store::Store;
use crate::toolchain;
use crate::units::{Units, sort_findings};

/// A failure that tells how much C text there was by then.
fn sized(mut failure: Failure, units: &Units<'_>) -> Failure {
    if let Failure::CCompiler(found) = &mut failure {
        found.c_source_size = units.c_size();
    }
    failure
}

/// Builds what the request asks for.
pub(crate) fn build(request: &Request, observer: &dyn Observer) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let store = Store::open(request.environment.cache.as_deref())?;
    let place = Place::find(request, &store)?;
    let mut database = record::read_database(&place);
    if let Some(found) = &mut database
        && let Some(outcome) = unchanged(request, &place, found)
    {
        return Ok(outcome);
    }

    if request.emit == Emit::C && request.compile_commands.is_some() {
        let message =
            "without the C compiler there are no compile commands; leave one of the two out: the C text, or them";
        return Err(Failure::Usage(message.to_owned()));
    }
    let _lease = store.lease();
    let project = Project::read(request, &place, observer)?;
    let session = Session::new(request, &place, &project, &store, observer, started);
    let toolchain = match request.emit {
        Emit::C => None,
        _ => Some(toolchain::find(&request.environment, &store)?),
    };
    let choice = toolchain
        .as_ref()
        .map(|toolchain| (toolchain::choice_digest(&request.environment), toolchain.name.clone(), toolchain.stamp));
    let compiler_changed = database.as_ref().is_some_and(|database| database.hot.cc != choice);
    let mut old = Old::new(database);
    if compiler_changed {
        old.modules.values_mut().for_each(|module| module.record.object = None);
    }

    let start = SystemTime::now();
    let mut files = Vec::new();
    for path in &project.files {
        files.push(load::file_record(path, start)?);
    }
    let program = load::load(&session, &old)?;
    session.planned(program.modules.len());
    let units = Units::new(&session, &program, &old);
    let foreign = Foreign::find(&session)?;
    let objects = match &toolchain {
        Some(toolchain) => {
            let flags = Flags::new(request, toolchain, project.world, &project.link_args)?;
            let headers = flags.headers.iter().map(PathBuf::as_path);
            for path in flags::files_among(&flags.unit).chain(flags::files_among(&flags.link_inputs)).chain(headers) {
                files.push(load::file_record(path, start)?);
            }
            Some(Objects::new(&session, &program, &units, &old, &foreign, toolchain, flags)?)
        }
        None => None,
    };

    let sized = |failure| sized(failure, &units);
    let mut verdict = actions::run(&session, &program, &units, objects.as_ref()).map_err(sized)?;
    let findings = all_findings(&session, &program, &mut verdict);
    let sources = program.sources();
    if findings.iter().any(Diagnostic::is_error) {
        return Err(Failure::Diagnostics(findings, sources));
    }

    session.go_on()?;
    emit::spare_inputs(&session, &program, &files)?;
    let natives = Natives::find(&verdict.native_heads, &foreign, &request.environment, &store)?;
    let foreign_files = objects.as_ref().map(Objects::foreign_files).unwrap_or_default();
    for path in natives.files().chain(&foreign_files) {
        files.push(load::file_record(path, start)?);
    }
    let mut outputs = emit::write(&session, &program, &units, objects.as_ref(), &foreign, &natives).map_err(sized)?;
    if let Some(path) = &request.depfile {
        let inputs = files.iter().map(|file| file.path.as_path());
        // As the caller spells it, which is how the rule of his build system does.
        let output = request.output.as_deref().unwrap_or(&place.output);
        emit::write_depfile(path, output, inputs, &program)?;
        outputs.push(path.clone());
    }
    if let (Some(path), Some(objects)) = (&request.compile_commands, &objects) {
        emit::write_compile_commands(path, &session, &program, objects)?;
        outputs.push(path.clone());
    }

    if let Some(path) = &request.mono_map {
        emit::write_mono_map(path, &units)?;
        outputs.push(path.clone());
    }

    emit::remove_stale(&old.outputs, &outputs)?;

    let libraries = natives.libraries();
    let compiler_output = objects.as_ref().map(Objects::messages).unwrap_or_default();
    // Both name the folders of packages that have C sources now.
    let watched: BTreeSet<_> = foreign.watched().chain(session.project.native_places()).collect();
    record::save(
        &session,
        record::Saved {
            program: &program,
            units: &units,
            objects: objects.as_ref(),
            files,
            outputs,
            watched,
            choice,
            findings: &findings,
            verdict: &verdict,
            libraries: &libraries,
            compiler_output: &compiler_output,
        },
    );
    Ok(Outcome {
        output: place.output.clone(),
        diagnostics: findings,
        sources,
        c_source_size: units.c_size(),
        native_heads: verdict.native_heads,
        libraries,
        kept_c: emit::kept_c_folder(&session),
        no_op: false,
        counts: session.counts(),
        spans: session.spans(),
        compiler_output,
    })
}

/// Parses and checks every module without the C compiler.
pub(crate) fn check(request: &Request, observer: &dyn Observer) -> Result<CheckReport, Failure> {
    let started = Instant::now();
    let store = Store::open(request.environment.cache.as_deref())?;
    let place = Place::find(request, &store)?;
    let (store, database) = match can_write(store.root()) {
        true => (store, record::read_database(&place)),
        // What the last build left is of no use when nothing of it can be made again.
        false => (store.sealed(), None),
    };
    let _lease = store.lease();
    let project = Project::read(request, &place, observer)?;
    let session = Session::new(request, &place, &project, &store, observer, started);
    let old = Old::new(database);
    let program = load::load(&session, &old)?;
    session.planned(program.modules.len());
    let units = Units::new(&session, &program, &old);
    let mut verdict = actions::run(&session, &program, &units, None)?;
    let diagnostics = all_findings(&session, &program, &mut verdict);
    Ok(CheckReport {
        diagnostics,
        sources: program.sources(),
        modules: program.modules.len(),
        nodes: verdict.nodes,
        native_heads: verdict.native_heads,
        c_source_size: units.c_size(),
    })
}

/// The outcome of a build in which nothing has to be done.
fn unchanged(request: &Request, place: &Place, database: &mut Database) -> Option<Outcome> {
    let comparison = database.hot.compare(|hot| {
        let (_, name, _) = hot.cc.as_ref()?;
        let stamp = Stamp::read(&toolchain::resolve(name)?)?;
        Some((toolchain::choice_digest(&request.environment), name.clone(), stamp))
    });
    match comparison {
        Comparison::Different => return None,
        Comparison::Same => {}
        Comparison::SameMeaning => {
            database.hot.renew_output(&place.output);
            // Kept only to make the next look cheaper.
            drop(database.renew());
        }
    }
    let hot = &database.hot;
    let mut sources = Sources::default();
    for module in &hot.modules {
        match module.file.and_then(|index| hot.files.get(index as usize)) {
            Some(file) => sources.add_file(&module.id, &file.path),
            None => sources.add_builtin(&module.id, crate::stdlib::any_text(&module.id).unwrap_or_default()),
        }
    }
    Some(Outcome {
        output: place.output.clone(),
        diagnostics: imports::decode_findings(&hot.warnings),
        sources,
        c_source_size: hot.c_source_size,
        native_heads: hot.native_heads.clone(),
        libraries: hot.libraries.clone(),
        kept_c: request.environment.keep_c.then(|| emit::c_folder(place)),
        no_op: true,
        counts: Counts { modules: hot.modules.len(), ..Counts::default() },
        spans: Vec::new(),
        compiler_output: hot.compiler_output.clone(),
    })
}

/// The findings of all steps, in module order.
fn all_findings(session: &Session<'_>, program: &Program, verdict: &mut Verdict) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = Vec::new();
    for field in &session.project.unknown_fields {
        let mut finding =
            Diagnostic::error("X07-PROJECT-0001", x07_ast::ErrorKind::Parse, field.message(&session.place.target));
        finding.help = field.help();
        findings.push(finding.warning());
    }
    for module in &program.modules {
        findings.extend(module.findings.iter().cloned());
    }
    findings.extend(program.findings.iter().cloned());
    findings.append(&mut verdict.findings);
    let about_no_file = findings.iter().take_while(|finding| finding.module.is_empty()).count();
    sort_findings(&mut findings[about_no_file..], program);
    findings
}
