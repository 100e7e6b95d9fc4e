//! The table of flags as one line of JSON.

use clap::{Arg, Command};
use serde_json::{Value, json};

/// The line that `--cli-specrows` prints.
pub(crate) fn specrows(mut command: Command) -> String {
    command.build();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut flags: Vec<&Arg> =
        command.get_arguments().filter(|flag| flag.get_long().is_some() && !flag.is_hide_set()).collect();
    flags.sort_by_key(|flag| flag.get_long());
    let mut rows = vec![json!(["root", "about", about])];
    rows.extend(flags.into_iter().map(row));
    let document = json!({
        "schema_version": "x07cli.specrows@0.1.0",
        "app": {"name": command.get_name(), "about": about},
        "rows": rows,
    });
    format!("{document}\n")
}

fn row(flag: &Arg) -> Value {
    let short = flag.get_short().map(|short| format!("-{short}")).unwrap_or_default();
    let long = flag.get_long().map(|long| format!("--{long}")).unwrap_or_default();
    let mut help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    if flag.get_action().takes_values() {
        let names: Vec<_> = flag.get_value_names().unwrap_or_default().iter().map(|name| name.to_string()).collect();
        help.push_str(&format!(" <{}>", names.join("> <")));
        let defaults: Vec<_> = flag.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() {
            help.push_str(&format!(" [default: {}]", defaults.join(" ")));
        }
    }
    json!(["root", "flag", short, long, flag.get_id().as_str(), help])
}
