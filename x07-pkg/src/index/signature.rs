//! Signatures of versions in an index: who can only write to the index's web server brings no archive of his own into
//! anybody's project (spec packages 14.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::problem::{Code, Problem};

/// The one kind of signature that there is.
const KIND: &str = "ed25519";

/// `signing` in `config.json`: every version of the index carries a signature by one of these keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signing {
    kind: String,
    #[serde(default)]
    public_keys: Vec<PublicKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PublicKey {
    id: String,
    /// 32 bytes in base64.
    ed25519_pub: String,
}

#[derive(Deserialize)]
struct Signature {
    kind: String,
    key_id: String,
    /// 64 bytes in base64.
    ed25519_sig: String,
}

impl Signing {
    /// Whether an entry is signed by one of the keys; the error says what is wrong with it.
    pub(crate) fn verify(&self, entry: &Entry) -> Result<(), Problem> {
        let id = format!("{}@{}", entry.name, entry.version);
        let unsupported = |kind: &str| {
            Problem::new(
                Code::SignatureUnsupported,
                format!("{id} is to be signed with {kind:?}, which is not known here"),
            )
        };
        let invalid = |why: &str| {
            Problem::new(Code::SignatureInvalid, format!("the signature of {id} in the index is not valid: {why}"))
                .help("somebody changed the index, or its owner a key; ask the registry before you use this version")
        };
        if self.kind != KIND {
            return Err(unsupported(&self.kind));
        }
        let Some(signature) = &entry.signature else {
            let problem = Problem::new(Code::Unsigned, format!("{id} is not signed, and the index says that all is"));
            return Err(problem.help("ask the registry before you use this version"));
        };
        let signature = Signature::deserialize(signature).map_err(|error| invalid(&error.to_string()))?;
        if signature.kind != KIND {
            return Err(unsupported(&signature.kind));
        }
        let Some(key) = self.public_keys.iter().find(|key| key.id == signature.key_id) else {
            let what = format!("{id} is signed with the key {:?}, which the index does not have", signature.key_id);
            return Err(Problem::new(Code::SignatureKeyMissing, what));
        };
        let key = STANDARD.decode(&key.ed25519_pub).map_err(|_| invalid("the key is not base64"))?;
        let bytes = STANDARD.decode(&signature.ed25519_sig).map_err(|_| invalid("it is not base64"))?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(message(entry).as_bytes(), &bytes)
            .map_err(|_| invalid("it is not of this name, version and archive"))
    }
}

/// What is signed.
fn message(entry: &Entry) -> String {
    format!("x07.pkg.sig.v1\nname={}\nversion={}\nsha256={}\n", entry.name, entry.version, entry.cksum)
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;
    use crate::index::entry::parse_entries;

    fn entry(version: &str, cksum: &str, signature: Option<&Value>) -> Entry {
        let mut line = json!({
            "schema_version": "x07.index-entry@0.1.0", "name": "base", "version": version, "cksum": cksum, "yanked": false
        });
        if let Some(signature) = signature {
            line["signature"] = signature.clone();
        }
        parse_entries("base", line.to_string().as_bytes()).unwrap().remove(0).1
    }

    #[test]
    fn only_the_key_s_own_signature_counts() {
        let [mine, other] = [[7; 32], [8; 32]].map(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).unwrap());
        let public = STANDARD.encode(mine.public_key());
        let signing = |kind: &str| -> Signing {
            serde_json::from_value(json!({ "kind": kind, "public_keys": [{ "id": "k1", "ed25519_pub": public }] }))
                .unwrap()
        };
        let [sum, changed] = ["a", "b"].map(|digit| digit.repeat(64));
        let signed = |pair: &Ed25519KeyPair, key: &str, kind: &str| {
            let text = message(&entry("1.0.0", &sum, None));
            json!({ "kind": kind, "key_id": key, "ed25519_sig": STANDARD.encode(pair.sign(text.as_bytes())) })
        };
        let good = signed(&mine, "k1", KIND);
        let cases = [
            (signing(KIND), entry("1.0.0", &sum, Some(&good)), "Ok(())"),
            (signing(KIND), entry("1.0.1", &sum, Some(&good)), "X07PKG_SIGNATURE_INVALID"),
            (signing(KIND), entry("1.0.0", &changed, Some(&good)), "X07PKG_SIGNATURE_INVALID"),
            (signing(KIND), entry("1.0.0", &sum, Some(&signed(&other, "k1", KIND))), "X07PKG_SIGNATURE_INVALID"),
            (signing(KIND), entry("1.0.0", &sum, Some(&signed(&mine, "k2", KIND))), "X07PKG_SIGNATURE_KEY_MISSING"),
            (signing(KIND), entry("1.0.0", &sum, Some(&signed(&mine, "k1", "rsa"))), "X07PKG_SIGNATURE_UNSUPPORTED"),
            (signing("rsa"), entry("1.0.0", &sum, Some(&good)), "X07PKG_SIGNATURE_UNSUPPORTED"),
            (signing(KIND), entry("1.0.0", &sum, Some(&json!("x"))), "X07PKG_SIGNATURE_INVALID"),
            (signing(KIND), entry("1.0.0", &sum, None), "X07PKG_UNSIGNED"),
        ];
        for (signing, entry, expected) in cases {
            let found = signing.verify(&entry);
            let found = found.map_or_else(|problem| problem.code.as_str().to_owned(), |()| "Ok(())".to_owned());
            assert_eq!(found, expected, "{entry:?}");
        }
    }
}
