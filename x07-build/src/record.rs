//! What a build remembers for the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use x07_ast::Diagnostic;

use crate::actions::Verdict;
use crate::context::Place;
use crate::database::{Cold, Database, FileRecord, Hot, ModuleRecord, ModuleSource};
use crate::digest::Digest;
use crate::files::{Stamp, write_atomic};
use crate::imports;
use crate::load::{self, Origin, Program};
use crate::objects::Objects;
use crate::session::Session;
use crate::units::Units;

/// The last build's database.
pub(crate) fn read_database(place: &Place) -> Option<Database> {
    Database::read(&place.build_folder, &place.request)
}

/// What goes into the database.
pub(crate) struct Saved<'a> {
    pub(crate) program: &'a Program,
    pub(crate) units: &'a Units<'a>,
    pub(crate) objects: Option<&'a Objects<'a>>,
    pub(crate) files: Vec<FileRecord>,
    pub(crate) outputs: Vec<PathBuf>,
    pub(crate) watched: BTreeSet<PathBuf>,
    pub(crate) choice: Option<(Digest, PathBuf, Stamp)>,
    pub(crate) findings: &'a [Diagnostic],
    pub(crate) verdict: &'a Verdict,
    pub(crate) libraries: &'a [String],
    pub(crate) compiler_output: &'a [u8],
}

/// Writes the database. Without one the next build is slower and not wrong, so a failure to is none of the build.
pub(crate) fn save(session: &Session<'_>, saved: Saved<'_>) {
    let Saved {
        program,
        units,
        objects,
        mut files,
        outputs,
        watched,
        choice,
        findings,
        verdict,
        libraries,
        compiler_output,
    } = saved;
    let mut sources = Vec::new();
    let mut modules = Vec::new();
    for (number, module) in program.modules.iter().enumerate() {
        let file = match &module.origin {
            Origin::Builtin(_) => None,
            Origin::File(file) => {
                files.push(file.clone());
                Some(files.len() as u32 - 1)
            }
        };
        let has_findings = !module.findings.is_empty();
        sources.push(ModuleSource { id: module.id.clone(), file, meaning: module.meaning, has_findings });
        modules.push(ModuleRecord {
            imports: module.import_ids.clone(),
            import_indices: module.import_indices.clone(),
            findings: imports::encode_findings(&module.findings),
            unit: units.get(number as u32).map(|unit| unit.record.clone()),
            object: objects.and_then(|objects| objects.object(number as u32)),
        });
    }
    let stamped = |paths: Vec<PathBuf>| {
        let stamps = paths.into_iter().map(|path| (Stamp::read(&path), path));
        stamps.filter_map(|(stamp, path)| Some((path, stamp?))).collect()
    };
    let mut absent = load::absences(session, program);
    absent.extend(watched.iter().filter(|path| Stamp::read(path).is_none()).cloned());
    let mut hot = Hot {
        request: session.place.request,
        cc: choice,
        files,
        absent,
        outputs: stamped(outputs),
        watched: stamped(watched.into_iter().collect()),
        modules: sources,
        warnings: imports::encode_findings(findings),
        native_heads: verdict.native_heads.clone(),
        libraries: libraries.to_vec(),
        c_source_size: units.c_size(),
        nodes: verdict.nodes,
        compiler_output: compiler_output.to_vec(),
    };
    hot.settle();
    let cold = Cold { modules, groups: objects.map(Objects::group_records).unwrap_or_default() };
    let folder = &session.place.build_folder;
    ignore_build_folder(folder);
    let _ = Database::write(folder, &hot, &cold);
}

/// Keeps the build folder out of version control.
fn ignore_build_folder(folder: &Path) {
    let Some(state) = folder.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == ".x07")) else {
        return;
    };
    let file = state.join("build").join(".gitignore");
    if !file.exists() {
        let _ = write_atomic(&file, b"*\n");
    }
}
