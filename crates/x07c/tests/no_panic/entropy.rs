//! Choices taken from a list of numbers, so that shrinking the list shrinks what was made of it.

/// A stream of choices. Once the numbers are used up, every choice is the first one.
pub struct Entropy<'a> {
    numbers: std::slice::Iter<'a, u16>,
}

impl<'a> Entropy<'a> {
    pub fn new(numbers: &'a [u16]) -> Self {
        Entropy { numbers: numbers.iter() }
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.numbers.next().copied().unwrap_or(0)) % bound
    }

    /// One of these.
    pub fn of<'b, T>(&mut self, choices: &'b [T]) -> &'b T {
        &choices[self.below(choices.len())]
    }
}
