//! What `x07 new` copies: whole projects, carried by the binary.

/// A project template.
#[derive(Debug)]
pub(crate) struct Template {
    /// What `--template` calls it.
    pub(crate) name: &'static str,
    /// What to try in the new project.
    pub(crate) next: &'static str,
    /// Paths and contents, in the order in which they are made.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../templates/", $folder, "/", $path)))),*]
    };
}

/// Every template, the default one first.
pub(crate) const TEMPLATES: &[Template] = &[Template {
    name: "default",
    next: "x07 run -- Ada",
    files: files!("default":
        "x07.json",
        "src/main.x07.json",
        "src/app.x07.json",
        "tests/tests.json",
        "tests/smoke.x07.json",
        ".gitignore",
    ),
}];

/// Names that the command line documents but that need packages, which this version cannot fetch.
pub(crate) const LATER: &[&str] = &[
    "cli",
    "http-client",
    "web-service",
    "fs-tool",
    "sqlite-app",
    "postgres-client",
    "worker",
    "mcp-server",
    "mcp-server-stdio",
    "mcp-server-http",
    "mcp-server-http-tasks",
];

/// The template of this name, or why there is none.
pub(crate) fn find(name: &str) -> Result<&'static Template, String> {
    if let Some(template) = TEMPLATES.iter().find(|template| template.name == name) {
        return Ok(template);
    }
    let available: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
    let available = available.join(", ");
    Err(if LATER.contains(&name) {
        format!("template {name:?} needs packages, which this version of x07 cannot fetch yet; available: {available}")
    } else {
        format!("there is no template {name:?}; available: {available}")
    })
}
