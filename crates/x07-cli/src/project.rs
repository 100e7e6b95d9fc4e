//! Which program a command is about.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use x07_build::{Capabilities, Request, Target, World, capabilities_of};
use x07_pkg::{MANIFEST_NAME, Manifest, Pin, Profile, find_manifest};
use x07_runner::sandbox::{Language, Policy};

/// Options that name a program.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// The project's folder or manifest [default: searched upwards from the current folder]
    #[arg(long, value_name = "PATH", conflicts_with = "program")]
    pub(crate) project: Option<PathBuf>,
    /// A single entry file instead of a project
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// A folder in which the modules of --program are looked for; may be repeated
    #[arg(long, value_name = "FOLDER", requires = "program")]
    pub(crate) module_root: Vec<PathBuf>,
    /// A profile of x07.json
    #[arg(long, value_name = "NAME", conflicts_with = "program")]
    pub(crate) profile: Option<String>,
    /// The world to build for [default: the profile's, the project's, or run-os]
    #[arg(long, value_name = "WORLD", value_parser = world_parser())]
    pub(crate) world: Option<World>,
    /// Fail if the lockfile would have to change
    #[arg(long, conflicts_with = "program")]
    pub(crate) locked: bool,
    /// Use no network
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Reads the name of a world.
pub(crate) fn world_parser() -> impl clap::builder::TypedValueParser<Value = World> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    // The parser offers exactly the names that `World` reads.
    PossibleValuesParser::new(World::ALL.map(World::as_str)).try_map(|name| name.parse::<World>())
}

/// A program that was found.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) target: Target,
    pub(crate) world: World,
    /// What it is called: the project's folder or the file's stem.
    pub(crate) name: String,
    /// The project's folder, or the one of the entry file.
    pub(crate) folder: PathBuf,
    pub(crate) entry: PathBuf,
    pub(crate) module_roots: Vec<PathBuf>,
    pub(crate) profile: Option<Profile>,
    /// How its packages are found.
    packages: x07_pkg::Options,
}

impl Selection {
    /// Finds the program.
    pub(crate) fn find(&self) -> Result<Program> {
        match &self.program {
            Some(entry) => self.single(entry),
            None => self.in_project(),
        }
    }

    fn in_project(&self) -> Result<Program> {
        let manifest = manifest(self.project.as_deref())?;
        let profile =
            manifest.select_profile(self.profile.as_deref()).map_err(|error| match self.profile.as_deref() {
                Some("release") => anyhow::anyhow!("{error}\nhelp: an optimised build is asked for with --release"),
                Some("dev") => anyhow::anyhow!("{error}\nhelp: without --release the build is a dev build"),
                _ => error.into(),
            })?;
        let folder = absolute(manifest.folder())?;
        check_pin(&folder)?;
        Ok(Program {
            target: Target::Project(manifest.path.clone()),
            world: self.world.or(profile.as_ref().map(|profile| profile.world)).unwrap_or(manifest.world),
            name: x07_build::folder_name(&folder),
            entry: folder.join(&manifest.entry),
            module_roots: manifest.module_roots.iter().map(|root| folder.join(root)).collect(),
            folder,
            profile,
            packages: self.packages(),
        })
    }

    fn packages(&self) -> x07_pkg::Options {
        x07_pkg::Options { locked: self.locked, offline: self.offline, ..x07_pkg::Options::read() }
    }

    fn single(&self, entry: &Path) -> Result<Program> {
        if entry.is_dir() {
            let path = entry.display();
            let help = match entry.join(MANIFEST_NAME).is_file() {
                true => format!("`--project {path}` names the project in it"),
                false => "`--program` names the entry file, such as main.x07.json".to_owned(),
            };
            bail!("cannot read the program {path}: it is a folder\nhelp: {help}");
        }
        if !entry.is_file() {
            bail!("cannot read the program {}: no such file", entry.display());
        }
        if let Some(missing) = self.module_root.iter().find(|root| !root.is_dir()) {
            bail!("--module-root: there is no folder {}", missing.display());
        }
        let folder = match entry.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let module_roots = match self.module_root.as_slice() {
            [] => enclosing_roots(&folder, &self.packages()).unwrap_or_else(|| vec![folder.clone()]),
            roots => roots.to_vec(),
        };
        let stem = entry.file_name().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_suffix(crate::files::SOURCE_SUFFIX).or(stem.strip_suffix(".json")).unwrap_or(&stem);
        Ok(Program {
            target: Target::Program { entry: entry.to_owned(), module_roots: module_roots.clone() },
            world: self.world.unwrap_or(World::RunOs),
            name: stem.to_owned(),
            folder: absolute(&folder)?,
            entry: entry.to_owned(),
            module_roots,
            profile: None,
            packages: self.packages(),
        })
    }
}

impl Program {
    /// A build of it with its profile's settings.
    pub(crate) fn request(&self) -> Request {
        let mut request = Request::new(self.target.clone());
        request.world = Some(self.world);
        request.name = Some(self.name.clone());
        request.packages = self.packages.clone();
        if request.environment.cc.is_none() {
            request.environment.cc = crate::settings::get().build.cc.clone();
        }
        if let Some(profile) = &self.profile {
            request.auto_ffi = profile.auto_ffi;
            if let Some(bytes) = profile.max_memory_bytes {
                request.memory_cap = bytes;
            }
            // What is wrong with the policy is said where it is put in force.
            if self.world == World::RunOsSandboxed
                && let Some(path) = &profile.policy
                && let Ok(policy) = Policy::read(&self.folder.join(path))
            {
                let Language { allow_unsafe, allow_ffi } = policy.language;
                request.capabilities = Some(Capabilities { allow_unsafe, allow_ffi, ..capabilities_of(self.world) });
            }
        }
        request
    }

    /// Where the file of a module is looked for first; it need not exist.
    pub(crate) fn module_path(&self, module: &str) -> Option<PathBuf> {
        if module == "main" {
            return Some(self.entry.clone());
        }
        let relative = format!("{}{}", module.replace('.', "/"), crate::files::SOURCE_SUFFIX);
        self.module_roots.iter().map(|root| root.join(&relative)).find(|path| path.is_file())
    }
}

/// The manifest at `path`, which may be its folder, or the one found upwards from the current folder.
pub(crate) fn manifest(path: Option<&Path>) -> Result<Manifest> {
    let path = match path {
        Some(folder) if folder.is_dir() => folder.join(MANIFEST_NAME),
        Some(file) => file.to_owned(),
        None => return manifest_here("`--project PATH` names one"),
    };
    Ok(Manifest::read(&crate::files::shown(&path))?)
}

/// The manifest found upwards from the current folder, for commands that have `other_way` to say what they are about.
pub(crate) fn manifest_here(other_way: &str) -> Result<Manifest> {
    let folder = env::current_dir().context("the current folder is gone")?;
    let path = find_manifest(&folder).map_err(|error| match error {
        x07_pkg::Error::NotFound { .. } => {
            anyhow::anyhow!("{error}\nhelp: `x07 new NAME` makes a project, {other_way}")
        }
        error => error.into(),
    })?;
    Ok(Manifest::read(&crate::files::shown(&path))?)
}

/// Stops if the project is meant for another version of the toolchain.
pub(crate) fn check_pin(folder: &Path) -> Result<()> {
    let Some(pin) = Pin::find(&absolute(folder)?)? else { return Ok(()) };
    let version = env!("CARGO_PKG_VERSION");
    if !version.parse().is_ok_and(|version| pin.version.matches(&version)) {
        bail!("{} asks for x07 {}, this is x07 {version}", crate::files::shown(&pin.path).display(), pin.version);
    }
    Ok(())
}

/// The module roots of the project around a single program, its packages' included.
fn enclosing_roots(folder: &Path, options: &x07_pkg::Options) -> Option<Vec<PathBuf>> {
    let manifest = Manifest::read(&find_manifest(folder).ok()?).ok()?;
    let own = manifest.module_roots.iter().map(|root| manifest.folder().join(root));
    let packages = x07_pkg::prepare(&manifest, options, &x07_pkg::Silent).ok()?.packages;
    Some(own.chain(packages.into_iter().map(|package| package.module_root)).collect())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))
}
