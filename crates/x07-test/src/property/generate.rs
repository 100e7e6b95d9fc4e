//! Values for the parameters of a property: a function of seed, test and case, and of nothing else.

use super::Value;
use crate::manifest::{Generator, Property};

/// A stream of numbers.
struct Source(blake3::OutputReader);

impl Source {
    fn new(seed: u64, id: &str, case: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("x07 property test cases, version 1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&case.to_le_bytes());
        hasher.update(id.as_bytes());
        Source(hasher.finalize_xof())
    }

    fn next(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// One of several, which are not none.
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// The values of one of `cases` cases. Later cases are larger.
pub(super) fn case(property: &Property, seed: u64, id: &str, case: u32, cases: u32) -> Vec<Value> {
    let mut source = Source::new(seed, id, case);
    let value = |generator: &Generator| match *generator {
        Generator::I32 { min, max } => Value::I32(integer(&mut source, min, max)),
        Generator::Bytes { max_len } => {
            let grown = (u64::from(max_len) * (u64::from(case) + 1)).div_ceil(u64::from(cases.max(1)));
            Value::Bytes(bytes(&mut source, u64::from(max_len), grown.min(u64::from(max_len))))
        }
    };
    property.parameters.iter().map(|parameter| &parameter.generator).map(value).collect()
}

/// Edges as often as not: that is where mistakes are.
fn integer(source: &mut Source, min: i32, max: i32) -> i32 {
    let (least, most) = (i64::from(min), i64::from(max));
    let near = |source: &mut Source, centre: i64| centre + source.below(17) as i64 - 8;
    let number = match source.below(8) {
        0 => least,
        1 => most,
        2 => 0,
        3 => near(source, 0),
        4 => {
            let edge = if source.below(2) == 0 { least } else { most };
            near(source, edge)
        }
        5 => {
            let power = 1i64 << source.below(32);
            let sign = if source.below(2) == 0 { 1 } else { -1 };
            near(source, sign * power)
        }
        _ => least + source.below((most - least + 1) as u64) as i64,
    };
    number.clamp(least, most) as i32
}

fn bytes(source: &mut Source, longest: u64, grown: u64) -> Vec<u8> {
    let len = match source.below(8) {
        0 => 0,
        1 => 1.min(longest),
        2 => grown,
        _ => source.below(grown + 1),
    };
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let printable: Vec<u8> = (b' '..=b'~').collect();
    let alphabets: [&[u8]; 5] = [&every, &printable, b"ab", b"0123456789-,. \n\t\"{}[]:", &[0, 1, 0x7f, 0x80, 0xff]];
    let alphabet = *source.pick(&alphabets);
    (0..len).map(|_| *source.pick(alphabet)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{BudgetScope, CaseBudget, Parameter};

    fn property(generators: &[Generator]) -> Property {
        let parameter = |generator: &Generator| Parameter { name: "p".to_owned(), generator: generator.clone() };
        Property {
            parameters: generators.iter().map(parameter).collect(),
            cases: 300,
            max_shrinks: 0,
            budget: CaseBudget::default(),
            scope: BudgetScope::default(),
        }
    }

    #[test]
    fn values_keep_within_their_bounds_and_reach_them() {
        let bounds = [(i32::MIN, i32::MAX), (-3, 5), (7, 7), (100, 1000)];
        let generators: Vec<Generator> = bounds.iter().map(|&(min, max)| Generator::I32 { min, max }).collect();
        let property =
            property(&[generators, vec![Generator::Bytes { max_len: 9 }, Generator::Bytes { max_len: 0 }]].concat());
        let cases: Vec<Vec<Value>> = (0..300).map(|number| case(&property, 0, "id", number, 300)).collect();
        for (index, &(min, max)) in bounds.iter().enumerate() {
            let mut seen: Vec<i32> = cases
                .iter()
                .map(|case| match case[index] {
                    Value::I32(value) => value,
                    Value::Bytes(_) => panic!("no integer"),
                })
                .collect();
            seen.sort_unstable();
            assert_eq!((seen[0], seen[299]), (min, max));
        }
        for (index, longest) in [(4, 9), (5, 0)] {
            let lengths = cases.iter().map(|case| match &case[index] {
                Value::Bytes(value) => value.len(),
                Value::I32(_) => panic!("no bytes"),
            });
            assert_eq!((lengths.clone().min(), lengths.max()), (Some(0), Some(longest)));
        }
    }

    #[test]
    fn a_case_depends_on_seed_test_and_number_alone() {
        let property = property(&[Generator::I32 { min: i32::MIN, max: i32::MAX }, Generator::Bytes { max_len: 64 }]);
        let of = |seed, id, number| case(&property, seed, id, number, 100);
        assert_eq!(of(1, "a", 50), of(1, "a", 50));
        let all = [of(1, "a", 50), of(2, "a", 50), of(1, "b", 50), of(1, "a", 51)];
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| other != one), "{all:?}");
        }
    }
}
