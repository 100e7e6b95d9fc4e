//! What holds for every template.

use crate::workshop::Workshop;

/// Every template with a project made of it.
const TEMPLATES: &[(&str, &str)] = &[("default", "shop"), ("mcp-stdio-server", "my-server")];

#[test]
fn sources_are_clean_and_tests_pass() {
    for (template, project) in TEMPLATES {
        let workshop = Workshop::new();
        workshop.run("", &["new", project, "--template", template]);
        workshop.run(project, &["fmt", "--check"]);
        workshop.run(project, &["lint"]);
        workshop.run(project, &["check"]);
        workshop.run(project, &["lock", "--check"]);
        workshop.run(project, &["test"]);
        workshop.run(project, &["build"]);
    }
}
