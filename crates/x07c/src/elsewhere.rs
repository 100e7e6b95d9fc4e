//! What other languages call things that X07 calls otherwise, for the help of a message.

/// Names, and how X07 says what they say elsewhere.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["while", "loop", "do", "repeat", "foreach"],
        "the one loop is [\"for\", i, from, to, body]; a condition inside of it and [\"return\", ...] end it early",
    ),
    (
        &["break", "continue"],
        "a loop runs to its end: guard its body with [\"if\", ...], or put it into a function and [\"return\", ...]",
    ),
    (&["not", "!"], "0 is false: [\"=\", x, 0]"),
    (&["and"], "[\"&&\", a, b] evaluates b only when a holds; [\"&\", a, b] is for bits"),
    (&["or"], "[\"||\", a, b] evaluates b only when a does not hold; [\"|\", a, b] is for bits"),
    (&["==", "eq", "equal"], "[\"=\", a, b] compares numbers, [\"view.eq\", a, b] bytes"),
    (&["<>", "ne"], "[\"!=\", a, b]"),
    (&["mod"], "[\"%\", a, b]"),
    (&["xor"], "[\"^\", a, b]"),
    (&["let*", "var", "const", "def", "define"], "[\"let\", name, value], inside of a \"begin\""),
    (&["set!", "assign", ":="], "[\"set\", name, value]"),
    (&["progn", "block", "seq"], "[\"begin\", ...], which gives the value of its last expression"),
    (&["cond", "when", "unless", "switch", "match", "case", "?"], "[\"if\", condition, then, else]"),
    (&["fn", "func", "function", "lambda", "defun"], "functions are declared in \"decls\", with \"kind\": \"defn\""),
    (
        &["print", "println", "puts", "echo", "write", "printf"],
        "a program's output is the bytes that \"solve\" gives; the package ext-stdio writes while it runs",
    ),
    (&["concat", "append", "++"], "[\"bytes.concat\", a, b]"),
    (&["len", "length", "size"], "[\"bytes.len\", b], [\"view.len\", v] or [\"vec_u8.len\", v]"),
    (&["str", "string", "text", "quote"], "text is written [\"bytes.lit\", \"...\"] or [\"bytes.view_lit\", \"...\"]"),
    (
        &["panic", "throw", "raise", "abort"],
        "[\"return\", [\"result_i32.err\", code]] tells a caller; a trap ends the program",
    ),
    (&["null", "nil", "none", "undefined"], "[\"option_i32.none\"] or [\"option_bytes.none\"]"),
    (&["true"], "a condition is an i32: 1"),
    (&["false"], "a condition is an i32: 0"),
];

/// How X07 says what `name` says elsewhere.
pub(crate) fn in_x07(name: &str) -> Option<&'static str> {
    ADVICE.iter().find(|(names, _)| names.contains(&name)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::{Head, resolve};

    fn is_head(name: &str) -> bool {
        !matches!(resolve(name), Head::Name)
    }

    #[test]
    fn advice_is_about_other_names_and_names_heads_that_exist() {
        for (names, advice) in ADVICE {
            for name in *names {
                assert!(!is_head(name), "{name} is a head of X07");
            }
            for after in advice.split("[\"").skip(1) {
                let head = after.split('"').next().unwrap_or_default();
                assert!(is_head(head), "{head} is no head: {advice}");
            }
        }
    }
}
