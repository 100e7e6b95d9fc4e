//! A registry on loopback: a folder behind HTTP, with conditional answers, tokens, publishing and a bad day.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// A running server, which ends when dropped.
pub(crate) struct Registry {
    server: Arc<Server>,
    log: Arc<Mutex<Vec<Seen>>>,
    failures: Arc<Mutex<HashMap<String, u16>>>,
    redirects: Arc<Mutex<HashMap<String, String>>>,
    thread: Option<JoinHandle<()>>,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) authorization: Option<String>,
}

impl Registry {
    /// Serves `root`; packages that are sent are kept in `root/sent`.
    pub(crate) fn serve(root: PathBuf) -> Registry {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let failures: Arc<Mutex<HashMap<String, u16>>> = Arc::default();
        let redirects: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let (serving, seen, failing) = (Arc::clone(&server), Arc::clone(&log), Arc::clone(&failures));
        let elsewhere = Arc::clone(&redirects);
        let thread = thread::spawn(move || {
            for mut request in serving.incoming_requests() {
                let path = request.url().split('?').next().unwrap_or_default().to_owned();
                let fails = failing.lock().unwrap().get_mut(&path).is_some_and(|left| {
                    let now = *left > 0;
                    *left = left.saturating_sub(1);
                    now
                });
                let redirect = elsewhere.lock().unwrap().get(&path).cloned();
                let response = match (fails, redirect) {
                    (true, _) => answer(503, b"busy".to_vec()),
                    (_, Some(place)) => {
                        answer(302, Vec::new()).with_header(Header::from_bytes("Location", place).unwrap())
                    }
                    _ => respond(&root, &path, &mut request),
                };
                let authorization = header(&request, "Authorization");
                seen.lock().unwrap().push(Seen { path, status: response.status_code().0, authorization });
                let _ = request.respond(response);
            }
        });
        Registry { server, log, failures, redirects, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/index/", self.server.server_addr())
    }

    /// What was asked since the last look.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Requests of a path are sent to another address.
    pub(crate) fn redirect(&self, path: &str, place: &str) {
        self.redirects.lock().unwrap().insert(path.to_owned(), place.to_owned());
    }

    /// The next requests of a path get status 503.
    pub(crate) fn fail(&self, path: &str, times: u16) {
        self.failures.lock().unwrap().insert(path.to_owned(), times);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Answer = Response<std::io::Cursor<Vec<u8>>>;

fn answer(status: u16, bytes: Vec<u8>) -> Answer {
    Response::from_data(bytes).with_status_code(StatusCode(status))
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let found = request.headers().iter().find(|header| header.field.equiv(name));
    found.map(|header| header.value.as_str().to_owned())
}

fn respond(root: &Path, path: &str, request: &mut Request) -> Answer {
    match (request.method(), path) {
        (Method::Post, "/v1/packages/publish") => publish(root, request),
        (Method::Post, path) if path.ends_with("/yank") => match header(request, "Authorization") {
            Some(_) => answer(200, br#"{"ok":true}"#.to_vec()),
            None => answer(401, refusal("X07REG_AUTH_REQUIRED", "a token is required")),
        },
        (Method::Get, path) => {
            let Ok(bytes) = fs::read(root.join(path.trim_start_matches('/'))) else {
                return answer(404, Vec::new());
            };
            let etag = format!("\"{}\"", x07_pkg::sha256(&bytes));
            if header(request, "If-None-Match").as_ref() == Some(&etag) {
                return answer(304, Vec::new());
            }
            answer(200, bytes).with_header(Header::from_bytes("ETag", etag).unwrap())
        }
        _ => answer(405, Vec::new()),
    }
}

fn publish(root: &Path, request: &mut Request) -> Answer {
    if header(request, "Authorization").as_deref() != Some("Bearer x07t_good") {
        return answer(401, refusal("X07REG_AUTH_INVALID", "the token is not known"));
    }
    let mut bytes = Vec::new();
    request.as_reader().read_to_end(&mut bytes).unwrap();
    let cksum = x07_pkg::sha256(&bytes);
    let place = root.join("sent").join(&cksum);
    if place.exists() {
        return answer(409, refusal("X07REG_ALREADY_PUBLISHED", "acme-greet 0.1.0 is there already"));
    }
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, bytes).unwrap();
    let reply = format!(
        r#"{{"ok":true,"name":"acme-greet","version":"0.1.0","cksum":"{cksum}","index_path":"/index/ac/me/acme-greet"}}"#
    );
    answer(200, reply.into_bytes())
}

fn refusal(code: &str, message: &str) -> Vec<u8> {
    format!(r#"{{"code":"{code}","message":"{message}","request_id":"0"}}"#).into_bytes()
}
