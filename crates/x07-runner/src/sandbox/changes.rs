//! A policy made from another by the flags of a command.

use serde_json::{Map, Value, json};

use super::policy::MAX_HOST_BYTES;

/// What the flags add to a policy and take from it. Roots and hosts are switched on where something is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// `HOST:PORT[,PORT…]` to be allowed.
    pub allow_hosts: Vec<String>,
    /// `HOST` or `HOST:PORT[,PORT…]` to be denied; these win.
    pub deny_hosts: Vec<String>,
    /// Folders to be read.
    pub read_roots: Vec<String>,
    /// Folders to be written.
    pub write_roots: Vec<String>,
}

impl Changes {
    /// True when there is nothing to change.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// Applies them to a policy, which is a valid one before and is to be checked again afterwards.
    pub fn apply(&self, policy: &mut Value) -> Result<(), String> {
        for (name, roots) in [("read_roots", &self.read_roots), ("write_roots", &self.write_roots)] {
            for root in roots {
                let files = section(policy, "fs")?;
                files.insert("enabled".to_owned(), json!(true));
                array(files, name)?.push(json!(root));
            }
        }
        for host in &self.allow_hosts {
            let (host, ports) = parse_host(host).map_err(|error| format!("--allow-host {error}"))?;
            if ports.is_empty() {
                return Err(format!("--allow-host {host}: the ports are missing; it is HOST:PORT[,PORT]"));
            }
            let net = section(policy, "net")?;
            for switch in ["enabled", "allow_tcp", "allow_dns"] {
                net.insert(switch.to_owned(), json!(true));
            }
            array(net, "allow_hosts")?.push(json!({ "host": host, "ports": ports }));
        }
        for host in &self.deny_hosts {
            let (host, ports) = parse_host(host).map_err(|error| format!("--deny-host {error}"))?;
            deny(array(section(policy, "net")?, "allow_hosts")?, host, &ports);
        }
        Ok(())
    }
}

fn section<'a>(policy: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>, String> {
    policy.get_mut(name).and_then(Value::as_object_mut).ok_or_else(|| format!("the policy has no {name}"))
}

fn array<'a>(section: &'a mut Map<String, Value>, name: &str) -> Result<&'a mut Vec<Value>, String> {
    section.get_mut(name).and_then(Value::as_array_mut).ok_or_else(|| format!("the policy has no {name}"))
}

fn deny(allowed: &mut Vec<Value>, host: &str, ports: &[u16]) {
    for entry in allowed.iter_mut().filter(|entry| entry["host"] == *host) {
        if let Some(list) = entry["ports"].as_array_mut() {
            list.retain(|port| !ports.is_empty() && !ports.iter().any(|denied| *port == *denied));
        }
    }
    allowed.retain(|entry| entry["ports"].as_array().is_none_or(|ports| !ports.is_empty()));
}

/// What the policy's schema takes for the name of a host.
fn is_host(text: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || letter == ';' || letter == '\0';
    !text.is_empty() && text.len() <= MAX_HOST_BYTES && !text.contains(is_odd)
}

/// `HOST:PORT,PORT` in its parts. An IPv6 address is written in brackets.
fn parse_host(text: &str) -> Result<(&str, Vec<u16>), String> {
    let (host, ports) = match text.rsplit_once(':') {
        Some((host, ports)) if !ports.contains(']') => (host, Some(ports)),
        _ => (text, None),
    };
    if !is_host(host) {
        return Err(format!("{text}: {host:?} is no host"));
    }
    let Some(ports) = ports else { return Ok((host, Vec::new())) };
    let ports = ports.split(',').map(|port| match port.trim().parse() {
        Ok(0) | Err(_) => Err(format!("{text}: {port:?} is no port")),
        Ok(port) => Ok(port),
    });
    Ok((host, ports.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::template;

    /// The `net` and `fs` sections after changes, and the error if there is one.
    fn changed(changes: &Changes) -> Result<(Value, Value), String> {
        let mut policy = template("cli", "test").unwrap();
        changes.apply(&mut policy)?;
        Ok((policy["net"]["allow_hosts"].clone(), policy["fs"]["read_roots"].clone()))
    }

    #[test]
    fn hosts_come_and_go() {
        let strings = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let hosts = |allow: &[&str], deny: &[&str]| {
            let changes = Changes { allow_hosts: strings(allow), deny_hosts: strings(deny), ..Changes::default() };
            changed(&changes).map(|(hosts, _)| hosts)
        };
        assert_eq!(hosts(&["a:1,2"], &[]).unwrap(), json!([{ "host": "a", "ports": [1, 2] }]));
        assert_eq!(hosts(&["a:1,2", "[::1]:9"], &["a:1"]).unwrap()[0], json!({ "host": "a", "ports": [2] }));
        assert_eq!(hosts(&["a:1,2"], &["a"]).unwrap(), json!([]));
        assert_eq!(hosts(&["a"], &[]).unwrap_err(), "--allow-host a: the ports are missing; it is HOST:PORT[,PORT]");
        assert_eq!(hosts(&["a:http"], &[]).unwrap_err(), "--allow-host a:http: \"http\" is no port");
        assert_eq!(hosts(&["a b:1"], &[]).unwrap_err(), "--allow-host a b:1: \"a b\" is no host");
        assert_eq!(hosts(&[":1"], &[]).unwrap_err(), "--allow-host :1: \"\" is no host");
        assert_eq!(hosts(&[], &["a;b"]).unwrap_err(), "--deny-host a;b: \"a;b\" is no host");
    }

    #[test]
    fn roots_are_added() {
        let changes = Changes { read_roots: vec!["data".to_owned()], ..Changes::default() };
        assert_eq!(changed(&changes).unwrap().1, json!([".", "data"]));
    }
}
