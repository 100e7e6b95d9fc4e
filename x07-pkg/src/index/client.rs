//! A registry as its clients see it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::{Deserialize, Serialize};
use url::Url;

use super::address::{self, IndexAddress};
use super::cache::{Cache, Kept};
use super::entry::{Entry, parse_entries, shard};
use super::signature::Signing;
use super::transport::{Client, Headers, Reply};
use crate::archive::MAX_ARCHIVE_BYTES;
use crate::credentials;
use crate::digest::sha256;
use crate::problem::{Code, Problem, Result};

/// The file that says where the parts of a registry are.
pub(crate) const CONFIG: &str = "config.json";

/// The most bytes of any answer but an archive.
const MAX_TEXT_BYTES: usize = 16 << 20;

/// `config.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// Where archives are, meant from the index's own address.
    pub(crate) dl: String,
    /// Where requests go.
    pub(crate) api: String,
    #[serde(rename = "auth-required", default)]
    pub(crate) auth_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signing: Option<Signing>,
}

/// `catalog.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) schema_version: String,
    pub(crate) packages: Vec<CatalogPackage>,
}

/// A package in a catalog or in the answer to a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogPackage {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) is_official: bool,
    #[serde(default, alias = "latest_version", skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) docs: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) modules: Vec<String>,
}

/// What a registry says about a package that it took.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct PublishAnswer {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) cksum: String,
    #[serde(default)]
    pub(crate) index_path: String,
}

/// What a registry is reached with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    /// Where the user's tokens are.
    pub(crate) home: Option<&'a Path>,
    /// Where answers are kept.
    pub(crate) store: Option<&'a Path>,
    /// PEM certificates to trust in place of Mozilla's.
    pub(crate) certificates: Option<&'a Path>,
    /// Use no network.
    pub(crate) offline: bool,
}

/// One registry.
#[derive(Debug)]
pub(crate) struct Registry {
    address: IndexAddress,
    cache: Cache,
    token: Option<String>,
    client: Client,
    offline: bool,
    config: OnceCell<Config>,
}

impl Registry {
    pub(crate) fn new(address: IndexAddress, access: &Access<'_>) -> Registry {
        // What lies on this machine is reached without a network.
        let offline = access.offline && address.folder().is_none();
        let token = credentials::token(access.home, &address.canonical());
        let client = Client { certificates: access.certificates.map(Path::to_owned) };
        Registry { cache: Cache::new(access.store, &address), token, client, address, offline, config: OnceCell::new() }
    }

    pub(crate) fn address(&self) -> &IndexAddress {
        &self.address
    }

    /// The folder of the index, if it is one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.address.folder()
    }

    pub(crate) fn config(&self) -> Result<&Config> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let failed = |why: String| {
            Problem::new(Code::IndexConfig, format!("the index {} cannot be used: {CONFIG}: {why}", self.address))
        };
        let text = self.file(CONFIG, failed)?.ok_or_else(|| failed("there is none".to_owned()))?;
        let config = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        Ok(self.config.get_or_init(|| config))
    }

    /// The versions of a package; `None` when the registry does not know it.
    pub(crate) fn versions(&self, name: &str) -> Result<Option<Vec<(Version, Entry)>>> {
        let path = format!("{}/{name}", shard(name));
        let failed = |why: String| {
            Problem::new(Code::IndexFetch, format!("the index {} cannot tell about {name}: {why}", self.address))
        };
        let Some(text) = self.file(&path, failed)? else {
            // A wrong address answers "not found" to everything.
            self.config()?;
            return Ok(None);
        };
        parse_entries(name, &text).map(Some).map_err(|why| failed(format!("{path}: {why}")))
    }

    /// What speaks against using a version: that it is not signed as the registry says it is.
    pub(crate) fn distrust(&self, entry: &Entry) -> Result<Option<Problem>> {
        match self.config() {
            Ok(config) => Ok(config.signing.as_ref().and_then(|signing| signing.verify(entry).err())),
            // Then nothing of it is downloaded either.
            Err(_) if self.offline => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// The archive of a version, which has the given SHA-256.
    pub(crate) fn archive(&self, name: &str, version: &Version, cksum: &str) -> Result<Vec<u8>> {
        if self.offline {
            return Err(offline(&format!("{name}@{version}")));
        }
        let url = self.part(&self.config()?.dl)?;
        let url = address::join(&url, &format!("{name}/{version}/download"))?;
        let failed = |why: String| {
            Problem::new(Code::DownloadFailed, format!("cannot download {name}@{version} from {url}: {why}"))
        };
        let headers = Headers { token: self.token_for(&url), ..Headers::default() };
        let bytes = match self.client.get(&url, headers, MAX_ARCHIVE_BYTES).map_err(failed)? {
            Reply::Content { bytes, .. } => bytes,
            other => return Err(failed(refusal(&other))),
        };
        let found = sha256(&bytes);
        if found != cksum {
            return Err(failed(format!("its SHA-256 is {found}, not {cksum} as it was published"))
                .help("the archive was changed after it was published, or on the way"));
        }
        Ok(bytes)
    }

    /// Sends a package.
    pub(crate) fn publish(&self, archive: &[u8]) -> Result<PublishAnswer> {
        let bytes = self.send("packages/publish", "application/octet-stream", archive, Code::PublishFailed)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Problem::new(Code::PublishResponse, format!("{} answers what no registry says: {error}", self.address))
        })
    }

    /// Withdraws a version, or takes that back.
    pub(crate) fn yank(&self, name: &str, version: &Version, yanked: bool) -> Result<()> {
        let body = serde_json::json!({ "yanked": yanked }).to_string();
        let path = format!("packages/{name}/{version}/yank");
        self.send(&path, "application/json", body.as_bytes(), Code::YankFailed).map(drop)
    }

    fn send(&self, path: &str, kind: &str, body: &[u8], code: Code) -> Result<Vec<u8>> {
        if self.offline {
            return Err(Problem::new(code, format!("{} is not reached without a network", self.address)));
        }
        let url = address::join(&self.part(&self.config()?.api)?, path)?;
        let Some(token) = self.token_for(&url) else {
            if self.token.is_some() {
                let what =
                    format!("the token of {} is not sent to {url}: that is another host, not encrypted", self.address);
                return Err(Problem::new(code, what).help("the registry's `api` must be on its own host or on https"));
            }
            let problem = Problem::new(code, format!("there is no token for {}", self.address));
            return Err(problem.help(format!("get one from the registry and run `x07 login --index {}`", self.address)));
        };
        let failed = |why: String| Problem::new(code, format!("{} refuses: {why}", self.address));
        match self.client.post(&url, Some(token), kind, body, MAX_TEXT_BYTES).map_err(failed)? {
            Reply::Content { bytes, .. } => Ok(bytes),
            Reply::Refused { status: 409, bytes } if code == Code::PublishFailed => {
                Err(Problem::new(Code::AlreadyPublished, refusal(&Reply::Refused { status: 409, bytes }))
                    .help("a published version never changes; raise `version` in x07-package.json"))
            }
            other => Err(failed(refusal(&other))),
        }
    }

    /// All packages, or those that the server finds for `query`.
    pub(crate) fn catalog(&self, query: &str) -> Result<Vec<CatalogPackage>> {
        let failed = |why: String| Problem::new(Code::SearchFailed, format!("cannot search {}: {why}", self.address));
        let catalog = self.file("catalog.json", failed)?;
        if let Some(text) = catalog {
            let catalog: Catalog = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
            return Ok(catalog.packages);
        }
        let mut url = address::join(&self.part(&self.config()?.api)?, "search")?;
        if self.offline || url.scheme() == "file" {
            return Err(failed("there is no catalog".to_owned()));
        }
        url.query_pairs_mut().append_pair("q", query).append_pair("limit", "100");
        #[derive(Deserialize)]
        struct Answer {
            packages: Vec<CatalogPackage>,
        }
        let headers = Headers { token: self.token_for(&url), ..Headers::default() };
        match self.client.get(&url, headers, MAX_TEXT_BYTES).map_err(failed)? {
            Reply::Content { bytes, .. } => {
                let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
                Ok(answer.packages)
            }
            other => Err(failed(refusal(&other))),
        }
    }

    /// An address in `config.json`, as a base.
    pub(crate) fn part(&self, text: &str) -> Result<Url> {
        let slash = if text.ends_with('/') { "" } else { "/" };
        let url = self.address.join(&format!("{text}{slash}"))?;
        let allowed = match self.address.base().scheme() {
            "https" => url.scheme() == "https",
            "http" => url.scheme() != "file",
            _ => true,
        };
        if allowed {
            return Ok(url);
        }
        let what = format!("the index {} points to {url}, which is less safe than itself", self.address);
        Err(Problem::new(Code::IndexConfig, what))
    }

    /// A file of the index; `None` when there is none. `failed` makes a problem of what went wrong on the way.
    fn file(&self, path: &str, failed: impl Fn(String) -> Problem) -> Result<Option<Vec<u8>>> {
        let kept = self.cache.read(path);
        if self.offline {
            let kept = kept.ok_or_else(|| offline(&format!("{path} of the index {}", self.address)))?;
            return Ok(Some(kept.body.into_bytes()));
        }
        let url = self.address.join(path)?;
        let headers = Headers {
            token: self.token_for(&url),
            etag: kept.as_ref().and_then(|kept| kept.etag.as_deref()),
            last_modified: kept.as_ref().and_then(|kept| kept.last_modified.as_deref()),
        };
        match (self.client.get(&url, headers, MAX_TEXT_BYTES).map_err(&failed)?, kept) {
            (Reply::Content { bytes, etag, last_modified }, _) => {
                if let Ok(body) = String::from_utf8(bytes.clone()) {
                    self.cache.write(path, &Kept { etag, last_modified, body });
                }
                Ok(Some(bytes))
            }
            (Reply::NotModified, Some(kept)) => Ok(Some(kept.body.into_bytes())),
            (Reply::NotFound, _) => Ok(None),
            (other, _) => Err(failed(refusal(&other))),
        }
    }

    /// The token, for the index's own host and for encrypted hosts that the index names.
    fn token_for(&self, url: &Url) -> Option<&str> {
        let own = url.origin() == self.address.base().origin();
        (own || url.scheme() == "https").then_some(self.token.as_deref()).flatten()
    }
}

fn offline(what: &str) -> Problem {
    Problem::new(Code::OfflineMissingDep, format!("{what} is not on this machine, and the network is not to be used"))
        .help("the command without `--offline` gets it")
}

/// What a server said instead of what was asked for.
fn refusal(reply: &Reply) -> String {
    #[derive(Deserialize)]
    struct Body {
        code: String,
        message: String,
    }
    match reply {
        Reply::NotFound => "there is nothing of this name (404)".to_owned(),
        Reply::Refused { status, bytes } => match serde_json::from_slice::<Body>(bytes) {
            Ok(body) => format!("{} ({}, status {status})", body.message, body.code),
            Err(_) => format!("status {status}"),
        },
        Reply::Elsewhere { status, place } => {
            format!("it is at {place} now (status {status}); on this machine that is not followed")
        }
        Reply::NotModified | Reply::Content { .. } => "it answers something else than was asked".to_owned(),
    }
}
