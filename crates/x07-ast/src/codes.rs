//! The codes of this crate's diagnostics, with what `x07 explain` says about them.

/// A diagnostic code with its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `X07-AREA-NNNN`
    pub code: &'static str,
    /// What it means and what to do, in plain words.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// Every code of this crate, in the order of the constants.
        pub const CODES: &[Code] = &[$(Code { code: $code, meaning: $meaning }),*];
    };
}

codes! {
    NOT_JSON = "X07-X07AST-PARSE-0001", "The file is not one JSON object in UTF-8: a syntax error, a byte order mark, half a surrogate pair, or nesting deeper than 1000 arrays and objects.";
    SCHEMA_VERSION = "X07-SCHEMA-0002", "The `schema_version` is not one that this toolchain reads.";
    NO_SOLVE = "X07-AST-0001", "An entry file needs a `solve` expression: the program's result.";
    UNKNOWN_KEY = "X07-AST-0002", "A key that x07AST does not know, or one given twice; it has no effect. Documentation goes into `doc`.";
    WRONG_SHAPE = "X07-AST-0003", "A key holds another kind of JSON value than it must.";
    MISSING_KEY = "X07-AST-0004", "A required key is missing.";
    WRONG_FILE = "X07-AST-0005", "The file's `kind` or `module_id` is not the one it is used as: the program is an entry called `main`, an imported file is a module with the imported id.";
    BAD_NAME = "X07-AST-0006", "A name breaks the lexical rules. Module ids, symbols and brands are segments `[A-Za-z_][A-Za-z0-9_-]*` joined by dots; parameters, type parameters and link names are `[A-Za-z_][A-Za-z0-9_]*`.";
    FOREIGN_NAME = "X07-AST-0007", "A declaration's name is the module id, a dot and one more segment.";
    DUPLICATE_NAME = "X07-AST-0008", "Two declarations, two parameters or two type parameters share a name.";
    UNKNOWN_DECLARATION = "X07-AST-0009", "A declaration's `kind` is one of defn, defasync, extern and export.";
    BAD_EXPORT = "X07-AST-0010", "A module has exactly one export with at least one name, and every exported name is declared in the file or is a module that it imports. An entry exports nothing.";
    BAD_EXTERN = "X07-AST-0011", "An extern has the abi \"C\", parameters of type i32, u32 or a raw pointer, and such a result or \"void\".";
    BAD_BRAND = "X07-AST-0012", "E_BRAND_BAD_TY: a brand may stand only on bytes, bytes_view and the options and results of them.";
    NOT_AN_EXPRESSION = "X07-AST-0013", "An expression is an integer from -2147483648 to 2147483647, an atom, or a list that begins with an atom.";
    WHITE_SPACE = "X07-AST-0014", "An atom holds no white space; text belongs into `bytes.lit` or `bytes.view_lit`.";
    BAD_LITERAL = "X07-AST-0015", "`bytes.lit` and `bytes.view_lit` take exactly one string.";
    OLD_CONTRACT = "X07-AST-0016", "Contracts need schema version x07.x07ast@0.5.0.";
    RESERVED_NAME = "X07-AST-0017", "The name is one that the compiler makes itself.";
    SOLVE_IN_MODULE = "X07-AST-0018", "`solve` belongs into the entry file only.";
    ASYNC_RESULT = "X07-AST-0019", "A defasync results in bytes or result_bytes.";
    MORE_ERRORS = "X07-AST-0020", "The file has more errors than are shown at once; mend the first ones and try again.";
    PATCH = "X07-AST-0021", "A JSON Patch is malformed, or does not fit the file it is applied to.";
    DEEP_TYPE = "X07-TY-0109", "Types are nested too deep.";
    EMPTY_LIST = "X07-ARITY-0000", "A list has at least a head.";
}
