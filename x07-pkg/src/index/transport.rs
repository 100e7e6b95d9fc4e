//! Getting and sending bytes: files, and HTTP with retries.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use url::Url;

use super::address::{folder, is_loopback};

/// Attempts at a request that fails for a reason that may pass.
const ATTEMPTS: u32 = 4;
/// The first pause between attempts; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(150);

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The content, with what identifies it for the next time.
    Content { bytes: Vec<u8>, etag: Option<String>, last_modified: Option<String> },
    /// It is as it was.
    NotModified,
    /// There is none.
    NotFound,
    /// It is somewhere else, and that is not followed.
    Elsewhere { status: u16, place: String },
    /// The server refused.
    Refused { status: u16, bytes: Vec<u8> },
}

/// What a request says besides its address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Headers<'a> {
    pub(super) token: Option<&'a str>,
    pub(super) etag: Option<&'a str>,
    pub(super) last_modified: Option<&'a str>,
}

/// Gets and sends.
#[derive(Debug)]
pub(super) struct Client {
    /// PEM certificates to trust in place of Mozilla's.
    pub(super) certificates: Option<PathBuf>,
}

impl Client {
    /// Gets what lies at an address, at most `limit` bytes.
    pub(super) fn get(&self, url: &Url, headers: Headers<'_>, limit: usize) -> Result<Reply, String> {
        if url.scheme() == "file" {
            return read(url, limit);
        }
        let agent = self.agent(url)?;
        with_retries(|| {
            let mut request = agent.get(url.as_str());
            if let Some(token) = headers.token {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            if let Some(etag) = headers.etag {
                request = request.header("If-None-Match", etag);
            }
            if let Some(time) = headers.last_modified {
                request = request.header("If-Modified-Since", time);
            }
            reply(request.call()?, limit)
        })
    }

    /// Sends bytes. Nothing is sent twice: a server may have acted on a request whose answer was lost.
    pub(super) fn post(
        &self,
        url: &Url,
        token: Option<&str>,
        kind: &str,
        bytes: &[u8],
        limit: usize,
    ) -> Result<Reply, String> {
        let mut request = self.agent(url)?.post(url.as_str()).header("Content-Type", kind);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let response = request.send(bytes).and_then(|response| reply(response, limit));
        response.map_err(|error| error.to_string())
    }

    fn agent(&self, url: &Url) -> Result<Agent, String> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(url.scheme() == "https")
            .redirect_auth_headers(RedirectAuthHeaders::Never)
            .user_agent(concat!("x07/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_global(Some(Duration::from_secs(300)));
        if is_loopback(url) {
            config = config.proxy(None).max_redirects(0);
        }
        if let Some(path) = self.certificates.as_deref().filter(|_| url.scheme() == "https") {
            let trusted = trusted(path).map_err(|why| format!("SSL_CERT_FILE {}: {why}", path.display()))?;
            config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(trusted))).build());
        }
        Ok(config.build().into())
    }
}

/// The certificates in a file.
fn trusted(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let pem = fs::read(path).map_err(|error| error.to_string())?;
    let mut own = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| error.to_string())? {
            own.push(certificate);
        }
    }
    if own.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(own)
}

fn reply(mut response: Response<Body>, limit: usize) -> Result<Reply, ureq::Error> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (etag, last_modified, location) = (header("etag"), header("last-modified"), header("location"));
    let status = response.status().as_u16();
    match status {
        304 => return Ok(Reply::NotModified),
        404 | 410 => return Ok(Reply::NotFound),
        300..=399 => return Ok(Reply::Elsewhere { status, place: location.unwrap_or_default() }),
        _ => {}
    }
    let bytes = response.body_mut().with_config().limit(limit as u64).read_to_vec()?;
    Ok(match status {
        200..=299 => Reply::Content { bytes, etag, last_modified },
        _ => Reply::Refused { status, bytes },
    })
}

fn with_retries(mut request: impl FnMut() -> Result<Reply, ureq::Error>) -> Result<Reply, String> {
    let mut pause = PAUSE;
    for attempt in 1.. {
        let result = request();
        let passing = match &result {
            Ok(Reply::Refused { status, .. }) => matches!(status, 429 | 500 | 502 | 503 | 504),
            Ok(_) => false,
            Err(error) => {
                matches!(error, ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed)
            }
        };
        if !passing || attempt == ATTEMPTS {
            return result.map_err(|error| error.to_string());
        }
        thread::sleep(pause);
        pause *= 2;
    }
    Err("no attempt was made".to_owned())
}

fn read(url: &Url, limit: usize) -> Result<Reply, String> {
    let path = folder(url).ok_or_else(|| format!("{url} is no path"))?;
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > limit as u64 => {
            return Err(format!("{} has more than {limit} bytes", path.display()));
        }
        Ok(metadata) if metadata.is_dir() => return Ok(Reply::NotFound),
        _ => {}
    }
    match fs::read(&path) {
        Ok(bytes) => Ok(Reply::Content { bytes, etag: None, last_modified: None }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Reply::NotFound)
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}
