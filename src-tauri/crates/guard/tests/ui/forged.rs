//! An approval cannot be made by hand: its field is private.
use countersign_guard::{Action, Approved};

fn forge(action: Action) -> Approved<Action> {
    Approved { action }
}

fn main() {}
