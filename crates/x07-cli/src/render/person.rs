//! A diagnostic for a person, as rustc shows it.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use x07_ast::{Diagnostic, Severity, broken_at};

use super::excerpt::Excerpt;
use super::texts::Texts;

/// Renders a diagnostic with styling; the writer drops the styling where it is not wanted.
pub(crate) fn person(diagnostic: &Diagnostic, texts: &dyn Texts) -> String {
    let source = texts.text(&diagnostic.module);
    let path = texts.path(&diagnostic.module).map(|path| path.display().to_string());
    let source = source.as_deref().unwrap_or_default();
    let place = Excerpt::of(diagnostic, source);

    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
        Severity::Hint => Level::HELP,
    };
    // Runners print some messages with an advice below, which is an element of its own here.
    let (message, advice) = diagnostic.message.split_once("\n\n").unwrap_or((&diagnostic.message, ""));
    let title = level.primary_title(message).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    let mut shown: Vec<&Excerpt> = Vec::new();
    let mut elsewhere = Vec::new();
    match (&path, &place) {
        (Some(path), Some(place)) => {
            let mut annotations = vec![AnnotationKind::Primary.span(place.span.clone())];
            for label in &diagnostic.labels {
                let Some(found) = Excerpt::at_pointer(source, &label.pointer) else {
                    continue;
                };
                match found.within(place) {
                    Some(span) => annotations.push(AnnotationKind::Context.span(span).label(label.message.as_str())),
                    None => elsewhere.push((found, label.message.as_str())),
                }
            }
            group = group.element(snippet(path, place, annotations));
            shown.push(place);
            for (found, message) in &elsewhere {
                let annotation = AnnotationKind::Primary.span(found.span.clone()).label(*message);
                group = group.element(snippet(path, found, vec![annotation]));
                shown.push(found);
            }
        }
        (Some(path), None) => {
            let origin = Origin::path(path.clone());
            let position = broken_at(source).filter(|_| diagnostic.pointer.is_none());
            group = group.element(match position {
                Some(position) => origin.line(position.line).char_column(position.column),
                None => origin,
            });
        }
        (None, _) => {}
    }
    for note in place_notes(diagnostic).into_iter().chain(diagnostic.notes.iter().cloned()) {
        // The line above says so already.
        if note.starts_with("the place is line ") && path.is_some() {
            continue;
        }
        group = group.element(Level::NOTE.message(note));
    }
    let advice = advice.lines().map(|line| line.strip_prefix("hint: ").unwrap_or(line)).filter(|line| !line.is_empty());
    for help in advice.chain(diagnostic.help.as_deref()) {
        group = group.element(Level::HELP.message(help));
    }
    if let Some(fix) = &diagnostic.fix {
        group = group.element(Level::HELP.message(format!("`x07 fix --write` can do it: {}", fix.note)));
    }
    let mut text = Renderer::styled().decor_style(DecorStyle::Ascii).render(&[group]);
    if let Some(path) = &path {
        for place in shown {
            let (line, computed, column) = (place.start.line, place.column_in_text(), place.start.column);
            text = text.replacen(&format!("{path}:{line}:{computed}"), &format!("{path}:{line}:{column}"), 1);
        }
    }
    text.push('\n');
    text
}

fn snippet<'a>(path: &str, place: &Excerpt, annotations: Vec<Annotation<'a>>) -> Snippet<'a, Annotation<'a>> {
    Snippet::source(place.text.clone()).path(path.to_owned()).line_start(place.start.line).annotations(annotations)
}

/// Function and JSON pointer, for which the source line alone is no answer.
fn place_notes(diagnostic: &Diagnostic) -> Option<String> {
    let pointer = diagnostic.pointer.as_deref().filter(|pointer| !pointer.is_empty())?;
    match diagnostic.function.as_deref() {
        Some(function) if function != "solve" => Some(format!("in `{function}` at {pointer}")),
        _ => Some(format!("at {pointer}")),
    }
}
