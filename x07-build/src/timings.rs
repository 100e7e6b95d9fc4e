//! The page that `--timings` writes: the build's bars by worker, and the longest actions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::event::{ActionKind, Span};

/// How many actions the table lists.
const LONGEST: usize = 25;

/// Pixels of one bar's row.
const ROW: usize = 18;

const STYLE: &str = "body{font:14px system-ui,sans-serif;margin:2rem;color:#222;background:#fff}\
svg{background:#f7f7f7;display:block;width:100%}table{border-collapse:collapse;margin-top:1rem}\
td,th{padding:.15rem .8rem .15rem 0;text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.parse{fill:#8da0cb}.compile{fill:#66c2a5}.cc{fill:#fc8d62}.link{fill:#a6761d}.cached{opacity:.4}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}svg{background:#262626}}";

/// A self-contained page about the actions of a build.
pub fn page(title: &str, spans: &[Span]) -> String {
    let total = spans.iter().map(|span| span.end).max().unwrap_or_default();
    let title = escape(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}: build timings</title>\n<style>{STYLE}</style>\n\
         <h1>{title}</h1>\n<p>{} actions in {}</p>\n",
        spans.len(),
        milliseconds(total),
    );
    bars(&mut page, spans, total);
    sums(&mut page, spans);
    longest(&mut page, spans);
    page.push_str("</html>\n");
    page
}

/// One row per worker; the picture's width is a thousand units whatever the build took.
fn bars(page: &mut String, spans: &[Span], total: Duration) {
    let lanes = spans.iter().map(|span| span.lane + 1).max().unwrap_or(1);
    let scale = 1000.0 / total.as_secs_f64().max(1e-9);
    let _ = writeln!(page, "<svg viewBox=\"0 0 1000 {}\" preserveAspectRatio=\"none\" height=\"{0}\">", lanes * ROW);
    for span in spans {
        let x = span.start.as_secs_f64() * scale;
        let width = ((span.end - span.start).as_secs_f64() * scale).max(0.2);
        let _ = writeln!(
            page,
            "<rect class=\"{}{}\" x=\"{x:.2}\" y=\"{}\" width=\"{width:.2}\" height=\"{}\"><title>{}</title></rect>",
            span.kind.as_str(),
            if span.cached { " cached" } else { "" },
            span.lane * ROW + 1,
            ROW - 2,
            escape(&label(span)),
        );
    }
    page.push_str("</svg>\n");
}

fn sums(page: &mut String, spans: &[Span]) {
    let mut sums: BTreeMap<ActionKind, (usize, usize, Duration)> = BTreeMap::new();
    for span in spans {
        let (count, cached, time) = sums.entry(span.kind).or_default();
        *count += 1;
        *cached += usize::from(span.cached);
        *time += span.end - span.start;
    }
    page.push_str("<table><tr><th>kind<th class=n>actions<th class=n>from the cache<th class=n>time\n");
    for (kind, (count, cached, time)) in sums {
        let (kind, time) = (kind.as_str(), milliseconds(time));
        let _ = writeln!(page, "<tr><td>{kind}<td class=n>{count}<td class=n>{cached}<td class=n>{time}");
    }
    page.push_str("</table>\n");
}

fn longest(page: &mut String, spans: &[Span]) {
    let mut longest: Vec<&Span> = spans.iter().collect();
    longest.sort_by_key(|span| std::cmp::Reverse(span.end - span.start));
    page.push_str("<table><tr><th>longest<th>kind<th class=n>start<th class=n>time\n");
    for span in longest.into_iter().take(LONGEST) {
        let (start, time) = (milliseconds(span.start), milliseconds(span.end - span.start));
        let (name, kind) = (escape(&span.name), span.kind.as_str());
        let _ = writeln!(page, "<tr><td>{name}<td>{kind}<td class=n>{start}<td class=n>{time}");
    }
    page.push_str("</table>\n");
}

fn label(span: &Span) -> String {
    let cached = if span.cached { ", from the cache" } else { "" };
    format!("{} {}: {}{cached}", span.kind.as_str(), span.name, milliseconds(span.end - span.start))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Duration, Span, page};
    use crate::event::ActionKind;

    #[test]
    fn every_action_has_its_bar_and_nothing_is_loaded_from_elsewhere() {
        let span = |name: &str, kind, lane, start, end, cached| Span {
            kind,
            name: name.to_owned(),
            lane,
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            cached,
        };
        let page =
            page("a<b", &[span("m", ActionKind::Cc, 1, 0, 20, false), span("n", ActionKind::Link, 0, 20, 30, true)]);
        for expected in ["a&lt;b", "2 actions in 30.0 ms", "cc m: 20.0 ms", "class=\"link cached\"", "height=\"36\""] {
            assert!(page.contains(expected), "{expected} is not in {page}");
        }
        assert!(!page.contains("src=") && !page.contains("href="), "{page}");
    }
}
