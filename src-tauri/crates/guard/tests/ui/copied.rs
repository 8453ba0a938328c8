//! An approval cannot be copied.
use countersign_guard::{Action, Approved};

fn copy(approved: &Approved<Action>) -> Approved<Action> {
    approved.clone()
}

fn main() {}
