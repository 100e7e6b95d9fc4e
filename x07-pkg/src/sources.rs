//! Where packages come from: the toolchain, a registry, the user's store, the project's `vendor` folder.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::Version;

use crate::advisory::Advisory;
use crate::digest::{Files, of_files, sha256};
use crate::index::{Access, IndexAddress, Registry};
use crate::lockfile::{Lock, LockedPackage, Source};
use crate::name::{canonical_name, near_matches};
use crate::observer::{Event, Observer};
use crate::official::Official;
use crate::options::Options;
use crate::package::Package;
use crate::problem::{Code, Problem, Result};
use crate::settings::Settings;
use crate::store::{Store, unpack_as};

/// The folder of archives that a project keeps beside its sources.
pub(crate) const VENDOR_FOLDER: &str = "vendor";

/// A version that could be used.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) version: Version,
    pub(crate) source: Source,
    /// SHA-256 of the archive; `None` for the toolchain's own, whose archives are made when needed.
    pub(crate) cksum: Option<String>,
    /// `None` when no index was asked.
    pub(crate) yanked: Option<bool>,
    pub(crate) advisories: Vec<Advisory>,
    /// Why it must not be used.
    pub(crate) distrust: Option<Problem>,
}

impl Candidate {
    /// What the lock knows of a package whose archive has the given SHA-256. It was trusted when it was locked.
    pub(crate) fn of_lock(locked: &LockedPackage, cksum: String) -> Candidate {
        Candidate {
            version: locked.version.clone(),
            source: locked.source.clone().unwrap_or(Source::Official),
            cksum: Some(cksum),
            yanked: locked.yanked,
            advisories: locked.advisories.clone(),
            distrust: None,
        }
    }
}

/// All places that one command may look into.
pub(crate) struct Sources<'a> {
    pub(crate) official: Official,
    pub(crate) store: Store,
    pub(crate) observer: &'a dyn Observer,
    offline: bool,
    project: PathBuf,
    home: Option<PathBuf>,
    certificates: Option<PathBuf>,
    /// The registry that was named, or the default one.
    registry: Option<Rc<Registry>>,
    /// The caller named the registry, so it is asked even about what the toolchain carries.
    explicit: bool,
    /// Registries that the lock names.
    others: RefCell<HashMap<String, Rc<Registry>>>,
    listed: RefCell<HashMap<String, Rc<Vec<Candidate>>>>,
    packages: RefCell<HashMap<(String, Version), Rc<Package>>>,
    /// Names that no source knows.
    unknown: RefCell<BTreeSet<String>>,
}

impl<'a> Sources<'a> {
    pub(crate) fn open(options: &Options, project: &Path, observer: &'a dyn Observer) -> Result<Sources<'a>> {
        let environment = &options.environment;
        let home = environment.home.clone();
        let store = Store::new(home.as_deref(), project);
        let address = index_address(options)?;
        let mut sources = Sources {
            official: Official::open(environment.repository.as_deref())?,
            registry: None,
            explicit: options.index.is_some(),
            store,
            observer,
            offline: options.offline,
            project: project.to_owned(),
            home,
            certificates: environment.certificates.clone(),
            others: RefCell::default(),
            listed: RefCell::default(),
            packages: RefCell::default(),
            unknown: RefCell::default(),
        };
        sources.registry = address.map(|address| Rc::new(Registry::new(address, &sources.access())));
        Ok(sources)
    }

    fn access(&self) -> Access<'_> {
        Access {
            home: self.home.as_deref(),
            store: Some(self.store.root()),
            certificates: self.certificates.as_deref(),
            offline: self.offline,
        }
    }

    /// The registry in use.
    pub(crate) fn registry(&self) -> Option<&Registry> {
        self.registry.as_deref()
    }

    fn registry_at(&self, url: &str) -> Result<Rc<Registry>> {
        if let Some(registry) = self.registry.as_ref().filter(|registry| registry.address().canonical() == url) {
            return Ok(Rc::clone(registry));
        }
        if let Some(registry) = self.others.borrow().get(url) {
            return Ok(Rc::clone(registry));
        }
        let address = IndexAddress::parse(url)?;
        let registry = Rc::new(Registry::new(address, &self.access()));
        self.others.borrow_mut().insert(url.to_owned(), Rc::clone(&registry));
        Ok(registry)
    }

    /// Every version of a package that there is, the lowest first. The toolchain's own come before those of a registry;
    /// what the lock knows is a version even if nobody can be asked.
    pub(crate) fn candidates(&self, name: &str, lock: Option<&Lock>) -> Result<Rc<Vec<Candidate>>> {
        if let Some(known) = self.listed.borrow().get(name) {
            return Ok(Rc::clone(known));
        }
        let mut candidates: Vec<Candidate> = self
            .official
            .versions(name)
            .map(|(version, _)| Candidate {
                version: version.clone(),
                source: Source::Official,
                cksum: None,
                yanked: None,
                advisories: Vec::new(),
                distrust: None,
            })
            .collect();
        let locked = lock.and_then(|lock| lock.get(name)).filter(|locked| locked.archive_sha256.is_some());
        if candidates.is_empty() || self.explicit {
            let of_lock = match locked.and_then(|locked| locked.source.as_ref()) {
                Some(Source::Registry(url)) if !self.explicit => Some(self.registry_at(url)?),
                _ => None,
            };
            if let Some(registry) = of_lock.or_else(|| self.registry.clone()) {
                self.observer.event(Event::Asking { name });
                match registry.versions(name) {
                    Ok(versions) => add_versions(&mut candidates, &registry, versions.unwrap_or_default())?,
                    // What is locked or carried is known without asking.
                    Err(_) if self.offline && (locked.is_some() || !candidates.is_empty()) => {}
                    Err(problem) => return Err(problem),
                }
            }
        }
        if let Some((locked, cksum)) = locked.and_then(|locked| Some((locked, locked.archive_sha256.clone()?)))
            && !candidates.iter().any(|candidate| candidate.version == locked.version)
        {
            candidates.push(Candidate::of_lock(locked, cksum));
        }
        if candidates.is_empty() {
            self.unknown.borrow_mut().insert(name.to_owned());
        }
        candidates.sort_by(|a, b| a.version.cmp_precedence(&b.version));
        let candidates = Rc::new(candidates);
        self.listed.borrow_mut().insert(name.to_owned(), Rc::clone(&candidates));
        Ok(candidates)
    }

    /// The names that were asked for and that no source knows.
    pub(crate) fn unknown(&self) -> Vec<String> {
        self.unknown.borrow().iter().cloned().collect()
    }

    /// What to say about a name that no source knows.
    pub(crate) fn unknown_problem(&self, name: &str) -> Problem {
        let meant = canonical_name(name).ok().filter(|meant| meant != name);
        let near = near_matches(name, self.official.names());
        let near = meant.as_deref().map_or(near, |meant| vec![meant]);
        let (code, place) = match &self.registry {
            Some(registry) => (Code::IndexNoMatch, format!("neither the toolchain nor {} has it", registry.address())),
            None => (Code::NoRegistry, "the toolchain does not carry it, and no registry is set".to_owned()),
        };
        let problem = Problem::new(code, format!("there is no package {name}: {place}"));
        match (near.as_slice(), &self.registry) {
            ([], Some(_)) => problem.help("`x07 search WORD` looks for packages"),
            ([], None) => problem.help(
                "name a registry with --index, with X07_PKG_INDEX_URL or in config.toml; `x07 search` lists what the \
                 toolchain carries",
            ),
            (near, _) => problem.help(format!("did you mean {}?", near.join(" or "))),
        }
    }

    /// The manifest of a candidate.
    pub(crate) fn package(&self, name: &str, candidate: &Candidate) -> Result<Rc<Package>> {
        let key = (name.to_owned(), candidate.version.clone());
        if let Some(known) = self.packages.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let carried = (candidate.source == Source::Official && candidate.cksum.is_none())
            .then(|| self.official.get(name, &candidate.version))
            .flatten();
        let package = Rc::new(match carried {
            Some(carried) => carried.package.clone(),
            None => self.fetch(name, candidate)?.package,
        });
        self.packages.borrow_mut().insert(key, Rc::clone(&package));
        Ok(package)
    }

    /// The files of a candidate, checked against what is known of them.
    pub(crate) fn fetch(&self, name: &str, candidate: &Candidate) -> Result<Fetched> {
        let (bytes, cksum) = self.archive(name, candidate)?;
        let (package, files) = unpack_as(name, &candidate.version, &bytes)?;
        Ok(Fetched { package, files, archive: bytes, cksum })
    }

    /// The archive of a candidate and its SHA-256: from the store, the project, the toolchain or the registry.
    pub(crate) fn archive(&self, name: &str, candidate: &Candidate) -> Result<(Vec<u8>, String)> {
        let version = &candidate.version;
        if let Some(problem) = &candidate.distrust {
            return Err(problem.clone());
        }
        if let Some(cksum) = &candidate.cksum {
            let near = self.store.archive(cksum).or_else(|| self.vendored(name, version, cksum));
            if let Some(bytes) = near {
                return Ok((bytes, cksum.clone()));
            }
        }
        if let Some(carried) = self.official.get(name, version)
            && candidate.source == Source::Official
        {
            let (bytes, found) = carried.archive()?;
            return match &candidate.cksum {
                Some(cksum) if *cksum != found => Err(carried.changed()),
                _ => {
                    self.store.keep(&found, &bytes);
                    Ok((bytes, found))
                }
            };
        }
        let missing =
            |place: String| Problem::new(Code::DownloadFailed, format!("{name}@{version} is locked, but {place}"));
        let registry = match (&candidate.source, &self.registry) {
            (Source::Registry(url), _) => self.registry_at(url)?,
            (_, Some(registry)) => Rc::clone(registry),
            (_, None) => {
                let problem = missing("this toolchain does not carry it and no registry is set".to_owned());
                return Err(problem.help(format!("`x07 update {name}` takes the version that it does carry")));
            }
        };
        let cksum = candidate.cksum.as_deref().ok_or_else(|| missing("nobody knows its archive".to_owned()))?;
        self.observer.event(Event::Downloading { package: &format!("{name}@{version}") });
        let bytes = registry.archive(name, version, cksum)?;
        self.store.keep(cksum, &bytes);
        Ok((bytes, cksum.to_owned()))
    }

    /// The SHA-256 of the archive in the project's own folder, if it holds what is locked; for locks that do not say
    /// which archive it was.
    pub(crate) fn vendored_sum(&self, locked: &LockedPackage) -> Option<String> {
        let path = self.project.join(VENDOR_FOLDER).join(archive_name(&locked.name, &locked.version));
        let bytes = fs::read(path).ok()?;
        let (_, files) = unpack_as(&locked.name, &locked.version, &bytes).ok()?;
        locked.difference(&of_files(&files)).is_none().then(|| sha256(&bytes))
    }

    fn vendored(&self, name: &str, version: &Version, cksum: &str) -> Option<Vec<u8>> {
        let path = self.project.join(VENDOR_FOLDER).join(archive_name(name, version));
        fs::read(path).ok().filter(|bytes| sha256(bytes) == cksum)
    }
}

/// A package with its files, as they came out of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) package: Package,
    pub(crate) files: Files,
    pub(crate) archive: Vec<u8>,
    pub(crate) cksum: String,
}

/// What an archive is called outside of registries.
pub(crate) fn archive_name(name: &str, version: &Version) -> String {
    format!("{name}-{version}.x07pkg")
}

fn add_versions(
    candidates: &mut Vec<Candidate>,
    registry: &Registry,
    versions: Vec<(Version, crate::index::Entry)>,
) -> Result<()> {
    for (version, entry) in versions {
        if candidates.iter().any(|known| known.version.cmp_precedence(&version).is_eq()) {
            continue;
        }
        let distrust = registry.distrust(&entry)?;
        candidates.push(Candidate {
            version,
            source: Source::Registry(registry.address().canonical()),
            cksum: Some(entry.cksum),
            yanked: Some(entry.yanked),
            advisories: entry.advisories,
            distrust,
        });
    }
    Ok(())
}

/// The registry in use: the caller's, the environment's, the one in the settings.
pub(crate) fn index_address(options: &Options) -> Result<Option<IndexAddress>> {
    let environment = &options.environment;
    let settings = Settings::read(environment.home.as_deref())?;
    let address = match (&options.index, &environment.index) {
        (Some(name), _) => Some(settings.index_of(name)?),
        (None, Some(url)) => Some(url.clone()),
        (None, None) => settings.default_index()?,
    };
    address.map(|address| IndexAddress::parse(&address)).transpose()
}

/// The registry in use, which must be there.
pub(crate) fn required_registry(options: &Options) -> Result<Registry> {
    let Some(address) = index_address(options)? else {
        return Err(Problem::new(Code::NoRegistry, "no registry is set")
            .help("name one with --index, with X07_PKG_INDEX_URL or in config.toml"));
    };
    let home = options.environment.home.as_deref();
    let store = home.map(|home| home.join("cache"));
    let certificates = options.environment.certificates.as_deref();
    Ok(Registry::new(address, &Access { home, store: store.as_deref(), certificates, offline: options.offline }))
}
