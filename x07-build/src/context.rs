//! A request with every path found and every default filled in.

use std::path::{Path, PathBuf};

use x07_pkg::{BuildPackage, Manifest, World};
use x07c::Capabilities;

use crate::digest::{Digest, KeyBuilder};
use crate::event::{Event, Observer};
use crate::files::{can_write, io_failure};
use crate::foreign;
use crate::outcome::Failure;
use crate::request::{Emit, Request, Target, capabilities_of};
use crate::store::Store;
use crate::{runtime, stdlib};

/// Changes whenever this crate does the same work differently.
const BUILD_FORMAT: &str = concat!("x07-build ", env!("CARGO_PKG_VERSION"), " format 1");

/// What can be said of a request without reading the project: enough to find its build database.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The target's manifest or entry file, absolute.
    pub(crate) target: PathBuf,
    /// Digest of the whole request and of the toolchain: builds with equal digests differ only in files.
    pub(crate) request: Digest,
    /// The folder of this build's own files: in the project, or in the cache when there is no project or none that can
    /// be written to.
    pub(crate) build_folder: PathBuf,
    /// What is asked for, absolute.
    pub(crate) output: PathBuf,
    /// The program's name.
    pub(crate) name: String,
}

/// What the project says.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The entry file, absolute.
    pub(crate) entry: PathBuf,
    /// The module roots, absolute.
    pub(crate) roots: Vec<PathBuf>,
    /// The packages that some of the roots belong to.
    pub(crate) packages: Vec<BuildPackage>,
    pub(crate) world: World,
    pub(crate) capabilities: Capabilities,
    /// Arguments of the link that the manifest asks for.
    pub(crate) link_args: Vec<String>,
    /// Files besides the modules that decide what is built.
    pub(crate) files: Vec<PathBuf>,
    /// Misspelt names in the manifest.
    pub(crate) unknown_fields: Vec<x07_pkg::UnknownField>,
}

impl Place {
    /// Finds the target's build folder.
    pub(crate) fn find(request: &Request, store: &Store) -> Result<Place, Failure> {
        if let Some(root) = request.environment.workspace_root.as_ref().filter(|root| !root.is_dir()) {
            return Err(Failure::Usage(format!("X07_WORKSPACE_ROOT: there is no folder {}", root.display())));
        }
        let (target, folder) = match &request.target {
            Target::Project(path) => {
                let mut path = absolute(path)?;
                if path.is_dir() {
                    path.push(x07_pkg::MANIFEST_NAME);
                }
                let folder = x07_files::parent(&path).to_owned();
                (path, Some(folder))
            }
            Target::Program { entry, .. } => (absolute(entry)?, None),
        };
        let name = match (&request.name, &request.output, &folder) {
            (Some(name), ..) => name.clone(),
            (None, Some(output), _) => stem(output),
            (None, None, Some(folder)) => folder_name(folder),
            (None, None, None) => stem(&target).trim_end_matches(".x07").to_owned(),
        };
        let name = if name.is_empty() { "app".to_owned() } else { name };
        let request_digest = request_digest(request, &target, &name)?;
        let hex = request_digest.to_hex();
        let build_folder = folder
            .map(|folder| folder.join(".x07").join("build").join(request.profile.as_str()).join(&hex[..16]))
            .filter(|folder| can_write(folder))
            .unwrap_or_else(|| store.room("builds").join(&hex[..2]).join(&hex[2..34]));
        let output = match &request.output {
            Some(output) => absolute(output)?,
            None => build_folder.join(default_file(&name, request.emit)),
        };
        Ok(Place { target, request: request_digest, build_folder, output, name })
    }
}

fn default_file(name: &str, emit: Emit) -> String {
    match emit {
        Emit::Exe => format!("{name}{}", std::env::consts::EXE_SUFFIX),
        Emit::C => format!("{name}-c"),
        Emit::Obj => format!("{name}-obj"),
        Emit::StaticLib => format!("lib{name}.a"),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a folder is called, also when its path ends in `..`; a folder without a name is "app".
pub fn folder_name(folder: &Path) -> String {
    let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let found = named(folder).or_else(|| named(&std::fs::canonicalize(folder).ok()?));
    found.unwrap_or_else(|| "app".to_owned())
}

/// Everything that decides the result besides the contents of files and the C compiler itself.
fn request_digest(request: &Request, target: &Path, name: &str) -> Result<Digest, Failure> {
    let mut key = KeyBuilder::new("request");
    key.text(BUILD_FORMAT).text(x07c::COMPILER_ID).text(stdlib::DIGEST).digest(&runtime::identity());
    key.digest(&Digest(x07_native::identity()));
    key.bytes(target.as_os_str().as_encoded_bytes());
    key.number(u64::from(matches!(request.target, Target::Project(_))));
    if let Target::Program { module_roots, .. } = &request.target {
        key.number(module_roots.len() as u64);
        for root in module_roots {
            key.bytes(absolute(root)?.as_os_str().as_encoded_bytes());
        }
    }
    key.text(request.world.map_or("", World::as_str));
    key.text(&format!("{:?}", request.capabilities));
    key.text(&format!("{:?}", (&request.embedded_policy, &request.confinement)));
    key.text(request.profile.as_str()).text(request.abi.as_str()).text(request.emit.as_str());
    for path in [&request.output, &request.depfile, &request.compile_commands, &request.mono_map] {
        let path = path.as_deref().map(absolute).transpose()?.unwrap_or_default();
        key.bytes(path.as_os_str().as_encoded_bytes());
    }
    // A depfile spells the output as the caller does.
    let spelled = request.output.as_ref().filter(|_| request.depfile.is_some());
    key.bytes(spelled.map_or(&[], |path| path.as_os_str().as_encoded_bytes()));
    key.text(name);
    key.text(&format!("{:?}", (request.fuel, request.memory_cap, request.max_output, request.cpu_seconds)));
    key.text(&format!("{:?}", request.limits));
    key.number(u64::from(request.debug_borrow)).number(u64::from(request.auto_ffi));
    key.number(u64::from(request.record_assertions)).text(&format!("{:?}", request.scope));
    for path in request.entry.iter().chain(&request.further_roots).chain(&request.further_inputs) {
        key.bytes(absolute(path)?.as_os_str().as_encoded_bytes());
    }
    key.number(u64::from(request.entry.is_some()));
    key.list(&request.cc_args).list(&request.link_args);
    let environment = &request.environment;
    key.text(environment.cc.as_deref().unwrap_or("")).list(&environment.cc_args);
    key.number(u64::from(environment.keep_c));
    key.text(&format!("{:?}", environment.workspace_root));
    Ok(key.finish())
}

impl Project {
    /// What decides which C sources the packages have, or would have if somebody put some there.
    pub(crate) fn native_places(&self) -> impl Iterator<Item = PathBuf> {
        self.packages.iter().flat_map(|package| foreign::places(&package.folder, &package.native_files))
    }

    /// Reads the manifest, if there is one, and finds its packages.
    pub(crate) fn read(request: &Request, place: &Place, observer: &dyn Observer) -> Result<Project, Failure> {
        let further = request.further_roots.iter().map(|root| absolute(root)).collect::<Result<_, _>>()?;
        let mut project = match &request.target {
            Target::Project(_) => Project::from_manifest(request, place, further, observer)?,
            Target::Program { module_roots, .. } => {
                let roots = module_roots.iter().map(|root| absolute(root)).collect::<Result<_, _>>()?;
                let world = request.world.unwrap_or(World::RunOs);
                Project {
                    entry: place.target.clone(),
                    roots: with_further(roots, further),
                    packages: Vec::new(),
                    world,
                    capabilities: request.capabilities.unwrap_or_else(|| capabilities_of(world)),
                    link_args: Vec::new(),
                    files: Vec::new(),
                    unknown_fields: Vec::new(),
                }
            }
        };
        for path in &request.further_inputs {
            project.files.push(absolute(path)?);
        }
        Ok(project)
    }

    fn from_manifest(
        request: &Request,
        place: &Place,
        mut further: Vec<PathBuf>,
        observer: &dyn Observer,
    ) -> Result<Project, Failure> {
        let manifest = Manifest::read(&place.target)?;
        let folder = manifest.folder();
        let mut options = request.packages.clone();
        options.environment.workspace_root = request.environment.workspace_root.clone();
        let set = x07_pkg::prepare(&manifest, &options, &Forward(observer))?;
        let mut roots: Vec<PathBuf> = Vec::new();
        for root in &manifest.module_roots {
            roots.push(x07_pkg::resolve_path(folder, root, request.environment.workspace_root.as_deref())?);
        }
        further.splice(..0, set.packages.iter().map(|package| package.module_root.clone()));
        let files = std::iter::once(place.target.clone()).chain(set.files).collect();
        let entry = request.entry.as_ref().map(|path| absolute(path));
        let world = request.world.unwrap_or(manifest.world);
        Ok(Project {
            entry: entry.transpose()?.unwrap_or_else(|| folder.join(&manifest.entry)),
            roots: with_further(roots, further),
            packages: set.packages,
            world,
            capabilities: request.capabilities.unwrap_or_else(|| capabilities_of(world)),
            link_args: manifest.link_arguments(),
            files,
            unknown_fields: manifest.unknown_fields,
        })
    }
}

/// The roots that a user names, and after them those of `further` that are not among them. A root that he names twice
/// stays twice: its modules are ambiguous (spec language 3.1).
fn with_further(mut roots: Vec<PathBuf>, further: Vec<PathBuf>) -> Vec<PathBuf> {
    for root in further {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(io_failure("find", path))
}

/// Hands what packages tell on to a build's observer.
struct Forward<'a>(&'a dyn Observer);

impl x07_pkg::Observer for Forward<'_> {
    fn event(&self, event: x07_pkg::Event<'_>) {
        self.0.event(Event::Package(event));
    }
}
