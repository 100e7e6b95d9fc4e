//! The lexical rules of names (spec language 1.2), and near matches for messages.

/// True for a module id, symbol or brand id: segments `[A-Za-z_][A-Za-z0-9_-]*` joined by dots.
pub fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_segment)
}

/// True for one segment of a dotted name.
pub fn is_segment(text: &str) -> bool {
    starts_like_a_name(text) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// True for a parameter, type parameter or C symbol: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_identifier(text: &str) -> bool {
    starts_like_a_name(text) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn starts_like_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The candidate that `text` was probably meant to be.
pub fn near<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > 100 {
        return None;
    }
    let allowed = (text.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
