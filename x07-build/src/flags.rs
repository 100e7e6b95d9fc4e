//! The C compiler's arguments, by profile and purpose.

use std::path::{Path, PathBuf};

use x07_pkg::World;

use crate::cc;
use crate::digest::{Digest, KeyBuilder};
use crate::files::io_failure;
use crate::foreign;
use crate::outcome::Failure;
use crate::request::{Emit, Profile, Request};
use crate::toolchain::{Family, Toolchain};

/// Arguments that apply to this build.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    /// Of the compilation of a unit, without input, output and include folder.
    pub(crate) unit: Vec<String>,
    /// Of the compilation of a package's C file.
    pub(crate) foreign: Vec<String>,
    /// Of the compilation of a runtime source.
    pub(crate) runtime: Vec<String>,
    /// What the C files of packages are told of the program, which is in their preprocessed text and thus in no key.
    pub(crate) defines: Vec<String>,
    /// Of the link, before the objects.
    pub(crate) link: Vec<String>,
    /// Of the link, after the objects: libraries and files that the user names.
    pub(crate) link_inputs: Vec<String>,
    /// True when the objects of the runtime that come with the toolchain can be used.
    pub(crate) prebuilt_runtime: bool,
    /// What the user gave.
    pub(crate) user: Vec<String>,
    /// The headers that the user's arguments include into every C text.
    pub(crate) headers: Vec<PathBuf>,
    /// True when objects may be linked in groups first; a user's own flags may forbid what a partial link does.
    pub(crate) groups: bool,
}

impl Flags {
    /// The arguments of a build.
    pub(crate) fn new(
        request: &Request,
        toolchain: &Toolchain,
        world: World,
        link_args: &[String],
    ) -> Result<Flags, Failure> {
        let (user, user_inputs) = classify(request.environment.cc_args.iter().chain(&request.cc_args));
        let library = request.emit == Emit::StaticLib;
        let strings = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();

        let mut unit = strings(&["-std=gnu11", "-w", "-fno-strict-aliasing", "-fno-asynchronous-unwind-tables"]);
        unit.extend(strings(match request.profile {
            Profile::Dev => &["-O0"],
            // Where a small loop happens to lie makes it up to twice as slow on some processors.
            Profile::Release => &["-O2", "-falign-loops=32"],
        }));
        unit.extend(strings(&["-ffunction-sections", "-fdata-sections"]));
        let mut runtime = strings(x07_runtime::FLAGS);
        runtime.extend(strings(&["-O2", "-w"]));
        let mut foreign = strings(&["-std=gnu11", "-O2", "-ffunction-sections", "-fdata-sections"]);
        if cfg!(target_os = "linux") {
            foreign.push("-D_GNU_SOURCE".to_owned());
        }
        for flags in [&mut unit, &mut runtime, &mut foreign] {
            if library {
                flags.extend(strings(x07_runtime::PIC_FLAGS));
            }
            if request.debug_borrow {
                flags.push(x07_runtime::DEBUG_BORROW_FLAG.to_owned());
            }
            flags.extend(user.iter().cloned());
        }

        let mut link = Vec::new();
        if cfg!(target_os = "macos") {
            link.push("-Wl,-dead_strip".to_owned());
        } else {
            link.extend(strings(&["-Wl,--gc-sections", "-Wl,--build-id=none"]));
        }
        // Without link-time optimisation the plugin only looks into every object in vain.
        let lto = user.iter().any(|flag| flag.starts_with("-flto"));
        if toolchain.family == Family::Gcc && !lto {
            link.push("-fno-use-linker-plugin".to_owned());
        }
        if request.profile == Profile::Release && !user.iter().any(|flag| flag.starts_with("-g")) {
            link.push("-s".to_owned());
        }
        link.extend(user.iter().cloned());

        let mut link_inputs = user_inputs;
        link_inputs.extend(link_args.iter().cloned());
        link_inputs.extend(request.link_args.iter().cloned());
        Ok(Flags {
            headers: headers(toolchain, &user)?,
            unit,
            foreign,
            defines: defines(request, world),
            runtime,
            link,
            link_inputs,
            prebuilt_runtime: user.is_empty()
                && !request.debug_borrow
                && x07_runtime::PREBUILT_TARGET == crate::toolchain::HOST,
            user: request.environment.cc_args.iter().chain(&request.cc_args).cloned().collect(),
            groups: user.is_empty() && cfg!(target_os = "linux"),
        })
    }

    /// The part of an action's key that comes from arguments; files among them count with their contents.
    pub(crate) fn add_to_key(key: &mut KeyBuilder, arguments: &[String]) -> Result<(), Failure> {
        key.list(arguments);
        for path in files_among(arguments) {
            let bytes = std::fs::read(path).map_err(io_failure("read", path))?;
            key.digest(&Digest::of(&bytes));
        }
        Ok(())
    }
}

/// The files that arguments include into an empty C text. Arguments that the compiler refuses include none; its complaint
/// is told when it compiles.
fn headers(toolchain: &Toolchain, user: &[String]) -> Result<Vec<PathBuf>, Failure> {
    if user.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = toolchain.command();
    command.args(user).args(["-M", "-MT", "x", "-x", "c", "-"]);
    let output = cc::run(&mut command, Some(""))?;
    let rule = String::from_utf8_lossy(&output.stdout);
    let is_file = |path: &PathBuf| path != Path::new("-") && path.is_file();
    Ok(foreign::dependencies_in(&rule).into_iter().filter(is_file).collect())
}

/// The macros of spec runners 4.1.
fn defines(request: &Request, world: World) -> Vec<String> {
    let has = |worlds: &[World]| u8::from(worlds.contains(&world) || world == World::SolveFull);
    vec![
        format!("-DX07_FUEL_INIT={}ULL", request.fuel.unwrap_or(u64::MAX)),
        format!("-DX07_MEM_CAP={}u", request.memory_cap),
        format!("-DX07_ENABLE_FS={}", has(&[World::SolveFs, World::RunOs, World::RunOsSandboxed])),
        format!("-DX07_ENABLE_RR={}", has(&[World::SolveRr, World::RunOs, World::RunOsSandboxed])),
        format!("-DX07_ENABLE_KV={}", has(&[World::SolveKv])),
    ]
}

/// The arguments that name existing files.
pub(crate) fn files_among(arguments: &[String]) -> impl Iterator<Item = &Path> {
    let plain = arguments.iter().filter(|argument| !argument.starts_with('-')).map(Path::new);
    let at = arguments.iter().filter_map(|argument| argument.strip_prefix('@')).map(Path::new);
    plain.chain(at).filter(|path| path.is_file())
}

/// Splits a user's arguments into those of every call and those that only a link understands: files and libraries.
fn classify<'a>(arguments: impl Iterator<Item = &'a String>) -> (Vec<String>, Vec<String>) {
    /// Flags whose value is the next argument.
    const WITH_VALUE: [&str; 8] = ["-I", "-D", "-U", "-include", "-isystem", "-iquote", "-idirafter", "-x"];
    const LINK_WITH_VALUE: [&str; 6] = ["-l", "-L", "-framework", "-Xlinker", "-T", "-u"];
    let (mut all, mut link) = (Vec::new(), Vec::new());
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let is_link = !argument.starts_with('-')
            || ["-l", "-L", "-Wl,", "-framework", "-Xlinker"].iter().any(|prefix| argument.starts_with(prefix))
            || ["-static", "-shared", "-rdynamic", "-pie", "-no-pie", "-T", "-u"].contains(&argument.as_str());
        let target = if is_link { &mut link } else { &mut all };
        target.push(argument.clone());
        if WITH_VALUE.contains(&argument.as_str()) || LINK_WITH_VALUE.contains(&argument.as_str()) {
            target.extend(arguments.next().cloned());
        }
    }
    (all, link)
}

#[cfg(test)]
mod tests {
    use super::classify;

    #[test]
    fn files_and_libraries_go_to_the_link_alone() {
        let cases = [
            ("-g -O1", "-g -O1", ""),
            ("-lm -L lib x.c -Wl,-z,now", "", "-lm -L lib x.c -Wl,-z,now"),
            ("-I inc -DX=1 a.o -l z", "-I inc -DX=1", "a.o -l z"),
            ("-fsanitize=address,undefined -static", "-fsanitize=address,undefined", "-static"),
        ];
        for (text, all, link) in cases {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            let (found_all, found_link) = classify(arguments.iter());
            assert_eq!((found_all.join(" ").as_str(), found_link.join(" ").as_str()), (all, link), "{text}");
        }
    }
}
