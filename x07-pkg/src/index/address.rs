//! The address of an index.

use std::fmt;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use crate::problem::{Code, Problem, Result};

const SPARSE: &str = "sparse+";

/// The folder of the index in the folder of a registry.
pub(crate) const INDEX: &str = "index";

/// The address of an index: a base that ends with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexAddress {
    base: Url,
}

impl IndexAddress {
    /// Reads an address with or without `sparse+` in front, or the path of a folder.
    pub(crate) fn parse(text: &str) -> Result<IndexAddress> {
        let invalid =
            |why: String| Problem::new(Code::IndexConfig, format!("{text:?} is not the address of an index: {why}"));
        let plain = text.trim();
        let plain = plain.strip_prefix(SPARSE).unwrap_or(plain);
        let mut base = match Url::parse(plain) {
            Ok(url) if url.scheme().len() > 1 => url,
            _ => of_folder(Path::new(plain)).ok_or_else(|| {
                invalid("it is neither an address nor a folder".to_owned())
                    .help("a folder that is to become a registry has to be made first")
            })?,
        };
        if base.query().is_some() || base.fragment().is_some() {
            return Err(invalid("it has a query or fragment".to_owned()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("it holds a user name; tokens are stored by `x07 login`".to_owned()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        check_scheme(&base)?;
        Ok(IndexAddress { base })
    }

    /// `sparse+` and the address: what locks and credentials call it.
    pub(crate) fn canonical(&self) -> String {
        format!("{SPARSE}{}", self.base)
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The address of a file of the index.
    pub(crate) fn join(&self, path: &str) -> Result<Url> {
        join(&self.base, path)
    }

    /// The folder of an index that is one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        folder(&self.base)
    }
}

impl fmt::Display for IndexAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

/// A folder of an index, or else the folder `index` in that of a registry, which may still have to be made. The address
/// is the same from wherever the folder is named.
fn of_folder(path: &Path) -> Option<Url> {
    let found = std::fs::canonicalize(path).ok().filter(|path| path.is_dir())?;
    let is_index = found.join(super::CONFIG).is_file();
    let folder = if is_index { found } else { found.join(INDEX) };
    Url::from_directory_path(folder).ok()
}

/// The folder or file of a `file:` address.
pub(super) fn folder(url: &Url) -> Option<PathBuf> {
    if url.scheme() == "file" { url.to_file_path().ok() } else { None }
}

/// An address meant from another one.
pub(super) fn join(base: &Url, path: &str) -> Result<Url> {
    let url = base
        .join(path)
        .map_err(|error| Problem::new(Code::IndexConfig, format!("{path:?} is not an address: {error}")))?;
    check_scheme(&url)?;
    Ok(url)
}

/// Plain `http` is for this machine alone: anybody on the way could change what it carries.
fn check_scheme(url: &Url) -> Result<()> {
    match url.scheme() {
        "https" | "file" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(Problem::new(Code::IndexConfig, format!("{url} is not encrypted"))
            .help("registries are reached over https; plain http is for this machine alone")),
        scheme => Err(Problem::new(Code::IndexConfig, format!("{url}: registries are not reached over {scheme}"))
            .help("https, file and, on this machine, http are")),
    }
}

/// True for an address on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::IndexAddress;

    #[test]
    fn addresses_have_one_form() {
        let cases = [
            ("https://r.example/index/", "sparse+https://r.example/index/"),
            (" sparse+https://r.example/index ", "sparse+https://r.example/index/"),
            ("http://127.0.0.1:8080/i/", "sparse+http://127.0.0.1:8080/i/"),
            ("http://localhost/i/", "sparse+http://localhost/i/"),
            ("file:///srv/x07/index", "sparse+file:///srv/x07/index/"),
        ];
        for (text, expected) in cases {
            assert_eq!(IndexAddress::parse(text).unwrap().canonical(), expected);
        }
        let refused = [
            "http://r.example/i/",
            "ftp://r.example/",
            "https://u:p@r.example/",
            "https://r.example/?a",
            "nowhere",
            "",
        ];
        for text in refused {
            assert!(IndexAddress::parse(text).is_err(), "{text:?}");
        }
    }
}
