//! Choices taken from a list of numbers, so that shrinking the list shrinks what was made of it.

/// A stream of choices. Once the numbers are used up, every choice is the first one, which is always the simplest.
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

    /// True about once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn is_spent(&self) -> bool {
        self.numbers.len() == 0
    }
}
