//! What a build leaves behind: the executable, or C text, objects, an archive, and files for other build systems.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use x07_files::{Access, parent};
use x07_pkg::FFI_FOLDER;

use crate::cc;
use crate::context::Place;
use crate::database::FileRecord;
use crate::event::ActionKind;
use crate::files::{Stamp, copy_atomic, io_failure, write_atomic, write_if_changed};
use crate::foreign::Foreign;
use crate::load::{Origin, Program};
use crate::native::Natives;
use crate::objects::Objects;
use crate::outcome::{CCompilerStep, Failure, Missing};
use crate::request::Emit;
use crate::runtime;
use crate::session::Session;
use crate::toolchain;
use crate::units::Units;

/// The headers that a C program needs to call a static library.
const EMBEDDING_HEADERS: [&str; 2] = ["x07_embed.h", "x07_abi_v2.h"];

/// Writes what was asked for. Gives all files that a later build must find unchanged to have nothing to do.
pub(crate) fn write(
    session: &Session<'_>,
    program: &Program,
    units: &Units<'_>,
    objects: Option<&Objects<'_>>,
    foreign: &Foreign,
    natives: &Natives,
) -> Result<Vec<PathBuf>, Failure> {
    let output = &session.place.output;
    if session.request.environment.keep_c {
        write_units(session, program, units, objects, &c_folder(session.place))?;
    }
    match (session.request.emit, objects) {
        (Emit::C, _) | (_, None) => write_c_tree(session, program, units, foreign, natives),
        (Emit::Exe, Some(objects)) => {
            let executable = objects.link(natives, 0)?;
            // A copy, not the store's own file: what its user does to it is nobody else's business, and it is new.
            copy_atomic(&session.store.blob_path(&executable), output, Access::Executable)?;
            Ok(vec![output.clone()])
        }
        (Emit::Obj, Some(objects)) => {
            let ids = objects.linked().map(|number| format!("{}.o", program.modules[number as usize].id));
            let runtime = runtime::sources(Emit::Obj).map(|name| format!("runtime/{}", name.replace(".c", ".o")));
            let names: Vec<PathBuf> = ids.chain(runtime).map(|name| output.join(name)).collect();
            let paths = objects.object_paths(0)?.into_iter().chain(objects.runtime(0)?.objects);
            for (path, name) in paths.zip(&names) {
                copy_atomic(&path, name, Access::Ordinary)?;
            }
            let foreign = copy_foreign_objects(objects, output)?;
            Ok(names.into_iter().chain(foreign).chain(copy_archives(natives, output)?).collect())
        }
        (Emit::StaticLib, Some(objects)) => {
            write_archive(session, objects, natives, output)?;
            let mut written = vec![output.clone()];
            for name in EMBEDDING_HEADERS {
                let header = parent(output).join(name);
                write_if_changed(&header, x07_runtime::file(name).unwrap_or_default().as_bytes())?;
                written.push(header);
            }
            Ok(written)
        }
    }
}

/// Where the C text is kept.
pub(crate) fn c_folder(place: &Place) -> PathBuf {
    place.build_folder.join("c")
}

/// Where the C text was kept, if it was to be.
pub(crate) fn kept_c_folder(session: &Session<'_>) -> Option<PathBuf> {
    session.request.environment.keep_c.then(|| c_folder(session.place))
}

/// Keeps the text of a unit that the C compiler refused.
pub(crate) fn keep_failed_unit(place: &Place, id: &str, text: &str) -> Option<PathBuf> {
    let path = c_folder(place).join(format!("{id}.c"));
    write_atomic(&path, text.as_bytes()).ok().map(|()| path)
}

fn write_units(
    session: &Session<'_>,
    program: &Program,
    units: &Units<'_>,
    objects: Option<&Objects<'_>>,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = BTreeSet::new();
    for (number, module) in program.modules.iter().enumerate() {
        let text = match objects {
            Some(objects) => objects.text(number as u32)?,
            None => {
                let config = runtime::program_config(session.request, session.place, session.project.world);
                let is_entry = module.id == crate::load::ENTRY;
                units.c_text(number as u32)? + if is_entry { &config } else { "" }
            }
        };
        let path = folder.join(format!("{}.c", module.id));
        write_if_changed(&path, text.as_bytes())?;
        written.insert(path);
    }
    Ok(written.into_iter().collect())
}

/// `units/`, `runtime/` and `include/`: everything that a C compiler needs.
fn write_c_tree(
    session: &Session<'_>,
    program: &Program,
    units: &Units<'_>,
    foreign: &Foreign,
    natives: &Natives,
) -> Result<Vec<PathBuf>, Failure> {
    let output = &session.place.output;
    let mut written = write_units(session, program, units, None, &output.join("units"))?;
    for name in x07_runtime::HEADERS {
        written.push(output.join("include").join(name));
    }
    for name in x07_runtime::SOURCES {
        written.push(output.join("runtime").join(name));
    }
    for path in &written[program.modules.len()..] {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        write_if_changed(path, x07_runtime::file(&name).unwrap_or_default().as_bytes())?;
    }
    let (sources, archives) = (copy_foreign_sources(foreign, output)?, copy_archives(natives, output)?);
    let mut further = String::new();
    for (pattern, files) in [(" ffi/*/*.c", &sources), (" native/*.a", &archives)] {
        further.push_str(if files.is_empty() { "" } else { pattern });
    }
    for library in natives.libraries() {
        further.push_str(&format!(" {library}"));
    }
    let debug =
        if session.request.debug_borrow { format!(" {}", x07_runtime::DEBUG_BORROW_FLAG) } else { String::new() };
    written.extend(sources.into_iter().chain(archives));
    let readme = output.join("README");
    let text = format!(
        "The C text of an X07 program. To build the executable:\n\n  cc {}{debug} -O2 -Iinclude units/*.c $(ls runtime/*.c | grep -v {}){further} -o '{}'\n\n\
         To call the program from C instead, compile the runtime without {} and read include/x07_embed.h.\n",
        x07_runtime::FLAGS.join(" "),
        x07_runtime::EMBED,
        session.place.name.replace('\'', r"'\''"),
        x07_runtime::MAIN,
    );
    write_if_changed(&readme, text.as_bytes())?;
    written.push(readme);
    Ok(written)
}

/// The objects of packages' C files, in `ffi/PACKAGE/`.
fn copy_foreign_objects(objects: &Objects<'_>, output: &Path) -> Result<Vec<PathBuf>, Failure> {
    let copied = objects.foreign().sources().zip(objects.foreign_paths(0)?).map(|(source, path)| {
        let stem = source.path.file_stem().unwrap_or_default().to_string_lossy();
        let to = output.join(FFI_FOLDER).join(&source.package.name).join(format!("{stem}.o"));
        copy_atomic(&path, &to, Access::Ordinary).map(|()| to)
    });
    copied.collect()
}

/// The C files of packages and what lies beside them, in `ffi/PACKAGE/`.
fn copy_foreign_sources(foreign: &Foreign, output: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    for package in &foreign.packages {
        for file in &package.files {
            let inside = Path::new(file).strip_prefix(FFI_FOLDER).unwrap_or(Path::new(file));
            let to = output.join(FFI_FOLDER).join(&package.name).join(inside);
            copy_atomic(&package.folder.join(file), &to, Access::Ordinary)?;
            written.push(to);
        }
    }
    Ok(written)
}

/// The archives of native backends, in `native/`.
fn copy_archives(natives: &Natives, output: &Path) -> Result<Vec<PathBuf>, Failure> {
    let copied = natives.archives().map(|archive| {
        let path = output.join("native").join(&archive.name);
        copy_atomic(&archive.path, &path, Access::Ordinary).map(|()| path)
    });
    copied.collect()
}

/// One object with everything, in an archive with a symbol table and nothing about time or user.
fn write_archive(
    session: &Session<'_>,
    objects: &Objects<'_>,
    natives: &Natives,
    output: &Path,
) -> Result<(), Failure> {
    let object = objects.link_relocatable(natives, 0)?;
    let folder = tempfile::tempdir_in(parent(&object)).map_err(io_failure("write a folder in", parent(&object)))?;
    let member = folder.path().join("x07.o");
    object.persist(&member).map_err(|error| io_failure("write", &member)(error.error))?;
    let archiver = toolchain::resolve(Path::new("ar"))
        .ok_or_else(|| Failure::NoCCompiler("no archiver: \"ar\" cannot be run; it comes with binutils".to_owned()))?;
    let archive = folder.path().join("x07.a");
    let mut command = std::process::Command::new(archiver);
    command.env("LC_ALL", "C").env("ZERO_AR_DATE", "1");
    command.arg(if cfg!(target_os = "macos") { "rcs" } else { "rcsD" }).arg(&archive).arg(&member);
    session.action(ActionKind::Link, "archive", 0, || {
        let step = || CCompilerStep::Link(Missing::default());
        (cc::run(&mut command, None).and_then(|result| cc::finish(&command, result, step)), false)
    })?;
    copy_atomic(&archive, output, Access::Ordinary)
}

/// Removes what the last build of the same request wrote and this one did not: the unit of a module that has left the
/// program would be compiled along by a pattern such as `units/*.c`.
pub(crate) fn remove_stale(old: &[(PathBuf, Stamp)], written: &[PathBuf]) -> Result<(), Failure> {
    let written: HashSet<&PathBuf> = written.iter().collect();
    for (path, stamp) in old {
        if !written.contains(path) && Stamp::read(path) == Some(*stamp) && path.is_file() {
            fs::remove_file(path).map_err(io_failure("remove", path))?;
        }
    }
    Ok(())
}

/// Refuses to write over what the build reads.
pub(crate) fn spare_inputs(session: &Session<'_>, program: &Program, files: &[FileRecord]) -> Result<(), Failure> {
    let request = session.request;
    let beside = [&request.depfile, &request.compile_commands, &request.mono_map];
    let places = std::iter::once(&session.place.output).chain(beside.into_iter().flatten());
    let sources = program.modules.iter().filter_map(|module| match &module.origin {
        Origin::File(file) => Some((file, format!("is the source of module \"{}\"", module.id))),
        Origin::Builtin(_) => None,
    });
    let others = files.iter().map(|file| (file, "is read by the build".to_owned()));
    let inputs: Vec<_> = sources.chain(others).collect();
    for place in places {
        let Some(stamp) = Stamp::read(place) else {
            continue;
        };
        if let Some((_, what)) = inputs.iter().find(|(file, _)| file.state.stamp == stamp) {
            return Err(Failure::Usage(format!("{} {what} and cannot be the output", place.display())));
        }
    }
    Ok(())
}

/// A depfile as make and ninja read it. The inputs are targets without inputs too, so that make goes on without one that
/// was removed.
pub(crate) fn write_depfile<'a>(
    path: &Path,
    output: &Path,
    inputs: impl Iterator<Item = &'a Path>,
    program: &'a Program,
) -> Result<(), Failure> {
    let modules = program.modules.iter().filter_map(|module| match &module.origin {
        Origin::File(file) => Some(file.path.as_path()),
        Origin::Builtin(_) => None,
    });
    let inputs: Vec<String> = inputs.chain(modules).map(make_escape).collect();
    let mut text = format!("{}:", make_escape(output));
    for input in &inputs {
        text.push_str(&format!(" \\\n  {input}"));
    }
    text.push('\n');
    for input in &inputs {
        text.push_str(&format!("\n{input}:\n"));
    }
    write_if_changed(path, text.as_bytes())
}

/// A path as make, ninja and the C compilers write it: a backslash stands for itself unless a space or `#` follows.
fn make_escape(path: &Path) -> String {
    let mut escaped = String::new();
    let mut backslashes = 0;
    for c in path.to_string_lossy().chars() {
        match c {
            ' ' | '\t' | '#' => {
                escaped.extend(std::iter::repeat_n('\\', backslashes + 1));
                escaped.push(c);
            }
            '$' => escaped.push_str("$$"),
            ':' => escaped.push_str("\\:"),
            _ => escaped.push(c),
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
    }
    escaped
}

/// The map of the program's instances of generics.
pub(crate) fn write_mono_map(path: &Path, units: &Units<'_>) -> Result<(), Failure> {
    let map = x07c::mono::mono_map(&units.summaries()?);
    write_if_changed(path, format!("{map:#}\n").as_bytes())
}

/// `compile_commands.json`, with the C text of the units kept where it says. Arguments with relative paths are the
/// caller's, from the folder that he is in.
pub(crate) fn write_compile_commands(
    path: &Path,
    session: &Session<'_>,
    program: &Program,
    objects: &Objects<'_>,
) -> Result<(), Failure> {
    let folder = c_folder(session.place);
    let directory = std::path::absolute(".").map_err(io_failure("find", Path::new(".")))?;
    for (number, module) in program.modules.iter().enumerate() {
        write_if_changed(&folder.join(format!("{}.c", module.id)), objects.text(number as u32)?.as_bytes())?;
    }
    let commands: Vec<_> = objects
        .commands(&folder)
        .into_iter()
        .map(|(file, arguments)| serde_json::json!({ "directory": directory, "file": file, "arguments": arguments }))
        .collect();
    let text = serde_json::to_string_pretty(&commands).unwrap_or_default() + "\n";
    write_if_changed(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::make_escape;

    #[test]
    fn make_reads_any_path() {
        let cases = [
            ("a/b.x07.json", "a/b.x07.json"),
            ("a b#c", "a\\ b\\#c"),
            ("$x", "$$x"),
            ("c:d", "c\\:d"),
            ("a\\b", "a\\b"),
            ("a\\ b", "a\\\\\\ b"),
        ];
        for (path, expected) in cases {
            assert_eq!(make_escape(Path::new(path)), expected);
        }
    }
}
