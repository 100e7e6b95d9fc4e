//! Makes a failing case smaller, one parameter and one step at a time, until no step fails any more.

use super::Value;
use crate::manifest::{Generator, Property};

/// A smaller value of one parameter.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// This integer.
    Integer(i32),
    /// Without `n` bytes from `at`.
    Remove { at: usize, n: usize },
    /// With this byte at `at`.
    Byte { at: usize, byte: u8 },
}

/// The smallest case found within `most` runs, and how many steps led to it. `fails` says whether a case fails as the
/// first one does; `None` ends the search.
pub(super) fn shrink(
    property: &Property,
    mut values: Vec<Value>,
    most: u32,
    mut fails: impl FnMut(&[Value]) -> Option<bool>,
) -> (Vec<Value>, u32) {
    let (mut runs, mut taken) = (0, 0);
    loop {
        let before = taken;
        for index in 0..values.len() {
            let generator = &property.parameters[index].generator;
            while let Some(found) = first_step(&mut values, index, generator, &mut runs, most, &mut fails) {
                if !found {
                    return (values, taken);
                }
                taken += 1;
            }
        }
        if taken == before {
            return (values, taken);
        }
    }
}

/// Takes the first step that still fails: `None` when there is none, false when the search is over.
fn first_step(
    values: &mut [Value],
    index: usize,
    generator: &Generator,
    runs: &mut u32,
    most: u32,
    fails: &mut impl FnMut(&[Value]) -> Option<bool>,
) -> Option<bool> {
    for step in steps(&values[index], generator) {
        if *runs >= most {
            return Some(false);
        }
        *runs += 1;
        let old = values[index].clone();
        apply(&mut values[index], step);
        match fails(values) {
            Some(true) => return Some(true),
            Some(false) => values[index] = old,
            None => {
                values[index] = old;
                return Some(false);
            }
        }
    }
    None
}

fn apply(value: &mut Value, step: Step) {
    match (value, step) {
        (Value::I32(value), Step::Integer(smaller)) => *value = smaller,
        (Value::Bytes(bytes), Step::Remove { at, n }) => drop(bytes.drain(at..at + n)),
        (Value::Bytes(bytes), Step::Byte { at, byte }) => bytes[at] = byte,
        _ => {}
    }
}

/// What is smaller than a value, the boldest first.
fn steps(value: &Value, generator: &Generator) -> Vec<Step> {
    match (value, generator) {
        (Value::I32(value), Generator::I32 { min, max }) => integers(*value, *min, *max),
        (Value::Bytes(bytes), _) => removals(bytes.len()).chain(replacements(bytes)).collect(),
        _ => Vec::new(),
    }
}

/// Towards 0, or the bound that is nearest to it, by halves.
fn integers(value: i32, min: i32, max: i32) -> Vec<Step> {
    let target = i64::from(0.clamp(min, max));
    let value = i64::from(value);
    let mut steps = Vec::new();
    if value < 0 && -value <= i64::from(max) {
        steps.push(-value);
    }
    let mut distance = value - target;
    while distance != 0 {
        steps.push(value - distance);
        distance /= 2;
    }
    steps.into_iter().map(|value| Step::Integer(value as i32)).collect()
}

fn removals(len: usize) -> impl Iterator<Item = Step> {
    let sizes = std::iter::successors(Some(len), |size| Some(size / 2)).take_while(|size| *size > 0);
    sizes.flat_map(move |n| (0..len / n).map(move |part| Step::Remove { at: part * n, n }))
}

fn replacements(bytes: &[u8]) -> impl Iterator<Item = Step> {
    bytes.iter().enumerate().flat_map(|(at, &byte)| {
        let smaller = [0, byte / 2, byte.saturating_sub(1)];
        let mut smaller: Vec<u8> = smaller.into_iter().filter(|smaller| *smaller < byte).collect();
        smaller.dedup();
        smaller.into_iter().map(move |byte| Step::Byte { at, byte })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{BudgetScope, CaseBudget, Parameter};

    fn smallest(values: Vec<Value>, fails: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let parameters = values
            .iter()
            .map(|value| match value {
                Value::I32(_) => Generator::I32 { min: -1000, max: i32::MAX },
                Value::Bytes(_) => Generator::Bytes { max_len: 100 },
            })
            .map(|generator| Parameter { name: "p".to_owned(), generator })
            .collect();
        let property = Property {
            parameters,
            cases: 1,
            max_shrinks: 4096,
            budget: CaseBudget::default(),
            scope: BudgetScope::default(),
        };
        shrink(&property, values, 4096, |values| Some(fails(values))).0
    }

    #[test]
    fn the_smallest_failing_case_is_found() {
        let integer = |value: &Value| match value {
            Value::I32(value) => *value,
            Value::Bytes(bytes) => bytes.len() as i32,
        };
        assert_eq!(smallest(vec![Value::I32(1_000_000)], |v| integer(&v[0]) > 4711), [Value::I32(4712)]);
        assert_eq!(smallest(vec![Value::I32(-900)], |v| integer(&v[0]).abs() > 10), [Value::I32(11)]);
        assert_eq!(smallest(vec![Value::I32(-900)], |v| integer(&v[0]) < -10), [Value::I32(-11)]);
        let long = b"some text with a needle in it".to_vec();
        let has_n = |v: &[Value]| matches!(&v[0], Value::Bytes(bytes) if bytes.contains(&b'n'));
        assert_eq!(smallest(vec![Value::Bytes(long.clone())], has_n), [Value::Bytes(b"n".to_vec())]);
        let both = |v: &[Value]| integer(&v[0]) > 3 && integer(&v[1]) > 2;
        assert_eq!(smallest(vec![Value::I32(77), Value::Bytes(long)], both), [Value::I32(4), Value::Bytes(vec![0; 3])]);
    }

    #[test]
    fn no_more_runs_are_made_than_allowed() {
        let property = Property {
            parameters: vec![Parameter { name: "p".to_owned(), generator: Generator::Bytes { max_len: 9000 } }],
            cases: 1,
            max_shrinks: 0,
            budget: CaseBudget::default(),
            scope: BudgetScope::default(),
        };
        for most in [0, 1, 50] {
            let mut runs = 0;
            let count = |_: &[Value]| {
                runs += 1;
                Some(false)
            };
            shrink(&property, vec![Value::Bytes(vec![1; 9000])], most, count);
            assert_eq!(runs, most);
        }
    }
}
