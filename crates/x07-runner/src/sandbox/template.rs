//! Policies to begin with.

use serde_json::{Value, json};

/// The templates: name and what the policy allows.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("cli", "reads the project's folder, writes out/, exits"),
    ("fs-tool", "reads, writes, lists and moves files in the project's folder"),
    ("http-client", "as cli, and TCP to example.com:443 with DNS"),
    ("web-service", "as cli, and TCP to 127.0.0.1:30031"),
    ("sqlite-app", "as cli, and keeps its data in data/"),
    ("postgres-client", "as cli, and TCP to 127.0.0.1:5432"),
    ("worker", "reads the project's folder, clocks and short sleeps"),
    ("worker-parallel", "as worker, and starts copies of out/worker"),
];

/// The policy of a template, or `None` for an unknown name.
pub fn template(name: &str, policy_id: &str) -> Option<Value> {
    let (_, notes) = TEMPLATES.iter().find(|(known, _)| *known == name)?;
    let mut policy = json!({
        "schema_version": "x07.run-os-policy@0.1.0",
        "policy_id": policy_id,
        "notes": format!("Allows: {notes}."),
        "limits": { "cpu_ms": 30000, "wall_ms": 60000, "mem_bytes": 268_435_456u64, "fds": 64, "procs": 64,
                    "core_dumps": false },
        "fs": { "enabled": true, "read_roots": ["."], "write_roots": ["out"], "deny_hidden": true,
                "allow_symlinks": false, "allow_mkdir": true, "allow_remove": false, "allow_rename": true,
                "allow_walk": true, "allow_glob": true,
                "max_read_bytes": 16_777_216, "max_write_bytes": 16_777_216, "max_entries": 10000, "max_depth": 64 },
        "net": { "enabled": false, "allow_dns": false, "allow_tcp": false, "allow_udp": false, "allow_hosts": [] },
        "env": { "enabled": true, "allow_keys": ["X07_WORLD"], "deny_keys": [] },
        "time": { "enabled": true, "allow_monotonic": true, "allow_wall_clock": true, "allow_sleep": true,
                  "max_sleep_ms": 1000, "allow_local_tzid": true },
        "language": { "allow_unsafe": false, "allow_ffi": false },
        "process": { "enabled": true, "allow_spawn": false, "max_live": 0, "max_spawns": 0, "allow_exec": false,
                     "allow_exit": true },
    });
    let tcp = |host: &str, port: u16, dns: bool| {
        json!({ "enabled": true, "allow_dns": dns, "allow_tcp": true,
        "allow_udp": false, "allow_hosts": [{ "host": host, "ports": [port] }] })
    };
    match name {
        "fs-tool" => {
            policy["fs"]["write_roots"] = json!(["."]);
            policy["fs"]["allow_remove"] = json!(true);
        }
        "http-client" => policy["net"] = tcp("example.com", 443, true),
        "web-service" => policy["net"] = tcp("127.0.0.1", 30031, false),
        "postgres-client" => policy["net"] = tcp("127.0.0.1", 5432, false),
        "sqlite-app" => policy["fs"]["write_roots"] = json!(["out", "data"]),
        "worker" => policy["fs"]["write_roots"] = json!([]),
        "worker-parallel" => {
            policy["fs"]["write_roots"] = json!([]);
            policy["process"] = json!({ "enabled": true, "allow_spawn": true, "max_live": 8, "max_spawns": 64,
                "allow_execs": ["out/worker"], "allow_exec": false, "allow_exit": true, "max_runtime_ms": 60000 });
        }
        _ => {}
    }
    Some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Policy;

    #[test]
    fn every_template_is_a_valid_policy() {
        for (name, _) in TEMPLATES {
            let policy = template(name, "sandbox.test").unwrap();
            let mistakes = Policy::from_value(&policy).err();
            assert_eq!(mistakes, None, "{name}");
        }
    }
}
