//! A registry that is a folder: an index and archives, for `file:` addresses and for any web server.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::archive::{Packed, unpack};
use crate::digest::sha256;
use crate::files::{Guard, write_atomic};
use crate::index::{
    CONFIG, Catalog, CatalogPackage, Config, ENTRY_SCHEMA, Entry, INDEX, Registry, parse_entries, shard,
};
use crate::name::is_package_name;
use crate::ops::already_published;
use crate::package::Package;
use crate::problem::{Code, Problem, Result};

const CATALOG: &str = "catalog.json";
const CATALOG_SCHEMA: &str = "x07.index-catalog@0.1.0";
const LOCK: &str = ".lock";

/// The folders of a registry.
#[derive(Clone, Debug)]
pub(crate) struct FolderRegistry {
    index: PathBuf,
    archives: PathBuf,
}

impl FolderRegistry {
    /// The registry behind a `file:` address.
    pub(crate) fn open(registry: &Registry) -> Result<Option<FolderRegistry>> {
        let Some(index) = registry.folder() else {
            return Ok(None);
        };
        let url = registry.part(&registry.config()?.dl)?;
        match url.to_file_path() {
            Ok(archives) if url.scheme() == "file" => Ok(Some(FolderRegistry { index, archives })),
            _ => Err(Problem::new(Code::IndexConfig, format!("{} keeps its archives at {url}", registry.address()))
                .help("nothing can be written there; the index itself is a folder")),
        }
    }

    /// The index behind a `file:` address that is not there yet.
    pub(crate) fn to_be_made(registry: &Registry) -> Option<PathBuf> {
        registry.folder().filter(|index| !index.join(CONFIG).is_file())
    }

    /// Makes the index behind a `file:` address if it is not there yet.
    pub(crate) fn make(registry: &Registry) -> Result<()> {
        FolderRegistry::to_be_made(registry).map_or(Ok(()), |index| write_config(&index))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.index.join(shard(name)).join(name)
    }

    fn archive(&self, name: &str, version: &Version) -> PathBuf {
        self.archives.join(name).join(version.to_string()).join("download")
    }

    fn entries(&self, name: &str) -> Result<Vec<(Version, Entry)>> {
        let path = self.file(name);
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read(&path).map_err(Problem::io("read", &path))?;
        parse_entries(name, &text)
            .map_err(|why| Problem::new(Code::IndexFetch, format!("{} cannot be read: {why}", path.display())))
    }

    fn write_entries(&self, name: &str, mut entries: Vec<(Version, Entry)>) -> Result<()> {
        entries.sort_by(|(a, _), (b, _)| a.cmp_precedence(b));
        let lines = entries.iter().map(|(_, entry)| serde_json::to_string(entry).unwrap_or_default() + "\n");
        write_atomic(&self.file(name), lines.collect::<String>().as_bytes())
    }

    /// Adds a package; a version that is there already stays what it is.
    pub(crate) fn publish(&self, packed: &Packed) -> Result<String> {
        let _guard = Guard::acquire(&self.index, LOCK)?;
        let Package { name, .. } = &packed.package;
        let version = packed.package.semver()?;
        let mut entries = self.entries(name)?;
        if entries.iter().any(|(other, _)| other.cmp_precedence(&version).is_eq()) {
            return Err(already_published(&packed.package));
        }
        // The archive first: an index that names what is not there yet would fail for others.
        write_atomic(&self.archive(name, &version), &packed.bytes)?;
        entries.push((version, entry(&packed.package, &packed.sha256)));
        self.write_entries(name, entries)?;
        self.write_catalog(&self.catalog())?;
        Ok(format!("/index/{}/{name}", shard(name)))
    }

    /// Withdraws a version, or takes that back.
    pub(crate) fn yank(&self, name: &str, version: &Version, yanked: bool) -> Result<()> {
        let _guard = Guard::acquire(&self.index, LOCK)?;
        let mut entries = self.entries(name)?;
        let found = entries.iter_mut().find(|(other, _)| other == version);
        let Some((_, entry)) = found else {
            return Err(Problem::new(Code::IndexNoMatch, format!("there is no {name}@{version} in the registry")));
        };
        entry.yanked = yanked;
        self.write_entries(name, entries)?;
        self.write_catalog(&self.catalog())
    }

    /// The catalog as it is; an empty one if it cannot be read.
    fn catalog(&self) -> Vec<CatalogPackage> {
        let text = fs::read(self.index.join(CATALOG)).unwrap_or_default();
        serde_json::from_slice(&text).map_or_else(|_| Vec::new(), |catalog: Catalog| catalog.packages)
    }

    /// Writes the catalog of all packages from the index, what is `known` of versions that it had before, and the archives
    /// of others. What an archive does not tell is missing there: the index is what counts.
    fn write_catalog(&self, known: &[CatalogPackage]) -> Result<()> {
        let mut packages = Vec::new();
        for name in folder_names(&self.archives) {
            let entries = self.entries(&name)?;
            let usable = entries.iter().filter(|(_, entry)| !entry.yanked);
            let newest =
                usable.clone().rfind(|(version, _)| version.pre.is_empty()).or_else(|| usable.clone().next_back());
            let shown = newest.or(entries.last());
            let Some((version, entry)) = shown else { continue };
            let latest = newest.map(|(version, _)| version.to_string());
            let known = known.iter().find(|package| package.name == name && package.latest == latest);
            let modules = match known {
                Some(known) => known.modules.clone(),
                None => {
                    read_archive(&self.archive(&name, version)).map_or_else(|_| Vec::new(), |one| one.package.modules)
                }
            };
            let (description, docs) = (entry.description.clone(), entry.docs.clone());
            packages.push(CatalogPackage { name, is_official: false, latest, description, docs, modules });
        }
        let catalog = Catalog { schema_version: CATALOG_SCHEMA.to_owned(), packages };
        let text = serde_json::to_string(&catalog).unwrap_or_default() + "\n";
        write_atomic(&self.index.join(CATALOG), text.as_bytes())
    }

    /// Makes the index of a folder of archives: those in the registry's own places, and any `*.x07pkg` beside them,
    /// which get such a place. What an index said before of yanked versions and advisories stays.
    pub(crate) fn rebuild(root: &Path) -> Result<Vec<String>> {
        if !root.is_dir() {
            let what = format!("{} is not a folder", root.display());
            return Err(Problem::new(Code::IndexConfig, what).help("make it and put *.x07pkg archives into it"));
        }
        let registry = FolderRegistry { index: root.join(INDEX), archives: root.join("dl") };
        let _guard = Guard::acquire(&registry.index, LOCK)?;
        let mut found: BTreeMap<(String, Version), Packed> = BTreeMap::new();
        let mut paths = Vec::new();
        for name in folder_names(&registry.archives) {
            let versions = folder_names(&registry.archives.join(&name));
            paths.extend(versions.iter().map(|version| registry.archives.join(&name).join(version).join("download")));
        }
        let entries = fs::read_dir(root).map_err(Problem::io("list", root))?.flatten().map(|entry| entry.path());
        let mut loose: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "x07pkg")).collect();
        loose.sort();
        for path in paths.iter().filter(|path| path.is_file()).chain(&loose) {
            let packed = read_archive(path)?;
            let key = (packed.package.name.clone(), packed.package.semver()?);
            if let Some(other) = found.get(&key).filter(|other| other.sha256 != packed.sha256) {
                let what = format!("{} differs from another archive of {}", path.display(), other.package.id());
                return Err(Problem::new(Code::AlreadyPublished, what).help("a published version never changes"));
            }
            found.insert(key, packed);
        }
        if !registry.index.join(CONFIG).is_file() {
            write_config(&registry.index)?;
        }
        let mut indexed: BTreeMap<String, Vec<(Version, Entry)>> = BTreeMap::new();
        for ((name, version), packed) in &found {
            let place = registry.archive(name, version);
            if !place.is_file() {
                write_atomic(&place, &packed.bytes)?;
            }
            let mut entry = entry(&packed.package, &packed.sha256);
            let old = registry.entries(name)?.into_iter().find(|(other, _)| other == version);
            if let Some((_, old)) = old.filter(|(_, old)| old.cksum == entry.cksum) {
                entry.yanked = old.yanked;
                entry.signature = old.signature;
                entry.advisories = old.advisories;
            }
            indexed.entry(name.clone()).or_default().push((version.clone(), entry));
        }
        registry.remove_files_of_others(&indexed)?;
        for (name, entries) in indexed {
            registry.write_entries(&name, entries)?;
        }
        registry.write_catalog(&[])?;
        Ok(found.values().map(|packed| packed.package.id()).collect())
    }
}

impl FolderRegistry {
    /// Takes the files of packages that have no archives any more out of the index, and nothing else that lies there.
    fn remove_files_of_others(&self, indexed: &BTreeMap<String, Vec<(Version, Entry)>>) -> Result<()> {
        let mut open = vec![self.index.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).map_err(Problem::io("list", &folder))?.flatten() {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push(path);
                } else if is_package_name(&name) && self.file(&name) == path && !indexed.contains_key(&name) {
                    fs::remove_file(&path).map_err(Problem::io("remove", &path))?;
                    // It goes only when it is empty.
                    let _ = fs::remove_dir(&folder);
                }
            }
        }
        Ok(())
    }
}

fn write_config(index: &Path) -> Result<()> {
    // Beside an index that is called one; the folder around any other is somebody else's.
    let place = if index.ends_with(INDEX) { "../" } else { "" };
    // Meant from the index itself, so that the folder works wherever it is moved or served.
    let config = Config { dl: format!("{place}dl/"), api: format!("{place}v1/"), auth_required: false, signing: None };
    let text = serde_json::to_string(&config).unwrap_or_default() + "\n";
    write_atomic(&index.join(CONFIG), text.as_bytes())
}

fn read_archive(path: &Path) -> Result<Packed> {
    let bytes = fs::read(path).map_err(Problem::io("read", path))?;
    let (package, files) = unpack(&bytes)
        .map_err(|problem| Problem { message: format!("{}: {}", path.display(), problem.message), ..problem })?;
    Ok(Packed { package, sha256: sha256(&bytes), bytes, files: files.into_keys().collect() })
}

fn entry(package: &Package, cksum: &str) -> Entry {
    Entry {
        schema_version: ENTRY_SCHEMA.to_owned(),
        name: package.name.clone(),
        version: package.version.clone(),
        cksum: cksum.to_owned(),
        yanked: false,
        description: some(&package.description),
        docs: some(&package.docs),
        signature: None,
        advisories: Vec::new(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The names of the folders in a folder, sorted.
fn folder_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
