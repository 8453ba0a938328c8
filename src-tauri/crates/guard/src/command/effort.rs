//! What one decision may cost. Steps are counted, and beyond some the clock is looked at; a decision
//! that runs out of either asks.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How much one decision has done so far. A step stands for about a tenth of a microsecond.
#[derive(Debug)]
pub struct Effort {
    begun: Instant,
    spent: Cell<usize>,
    counted: Cell<usize>,
    over: Cell<bool>,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            spent: Cell::new(0),
            counted: Cell::new(0),
            over: Cell::new(false),
        }
    }
}

impl Effort {
    /// Steps that one decision takes.
    const MOST: usize = 250_000;
    /// Steps that it takes however slow the machine is.
    const ALWAYS: usize = 16_000;
    /// How long it goes on beyond those. A decision may take 50 ms in all.
    const MAX_TIME: Duration = Duration::from_millis(20);

    /// Steps that it takes without a look at the clock, for what is told by names alone.
    const MOST_COUNTED: usize = 100_000;

    /// A name that is looked up on the disk.
    pub(crate) const NAME: usize = 25;
    /// A folder that is opened and listed.
    pub(crate) const FOLDER: usize = 100;
    /// An entry of a folder.
    pub(crate) const ENTRY: usize = 10;
    /// A file that is opened and read, beside what its bytes cost.
    pub(crate) const FILE: usize = 60;

    /// Takes so many steps; false where that is too many. Once it is, it stays so.
    pub fn spend(&self, steps: usize) -> bool {
        let spent = self.spent.get().saturating_add(steps);
        self.spent.set(spent);
        let late = || spent > Self::ALWAYS && self.begun.elapsed() >= Self::MAX_TIME;
        if !self.over.get() && (spent > Self::MOST || late()) {
            self.over.set(true);
        }
        !self.over.get()
    }

    /// Takes steps for what must be told in the same way however slow the machine is: what is forbidden
    /// by its name. False where they are too many.
    pub(crate) fn count(&self, steps: usize) -> bool {
        let counted = self.counted.get().saturating_add(steps);
        self.counted.set(counted);
        if counted > Self::MOST_COUNTED {
            self.over.set(true);
        }
        counted <= Self::MOST_COUNTED
    }

    /// Whether the time is up, be the steps few: asked before what the steps tell little of.
    pub(crate) fn is_late(&self) -> bool {
        if self.begun.elapsed() >= Self::MAX_TIME {
            self.over.set(true);
        }
        self.over.get()
    }

    /// Whether it was too many.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.get()
    }

    /// The same as a reason to ask: it says what would take too long.
    pub(crate) fn within(&self, steps: usize, what: impl FnOnce() -> String) -> Result<(), String> {
        if self.spend(steps) { Ok(()) } else { Err(too_long(&what())) }
    }
}

/// Why a decision that ran out asks.
pub(crate) fn too_long(what: &str) -> String {
    format!("it would take too long to {what}; so it asks.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        let effort = Effort::default();
        assert!(effort.spend(Effort::ALWAYS));
        assert!(!effort.spend(Effort::MOST));
        assert!(!effort.spend(0));
        assert!(effort.is_over());
    }

    #[test]
    fn the_clock_counts_beyond_what_is_always_done() {
        let begun = Instant::now().checked_sub(Effort::MAX_TIME);
        let effort = Effort { begun: begun.unwrap_or_else(Instant::now), ..Effort::default() };
        assert!(effort.spend(Effort::ALWAYS));
        assert_eq!(effort.spend(1), begun.is_none());
    }
}
