//! An approval cannot be minted outside the guard.
use countersign_guard::{Action, Approved};

fn mint(action: Action) -> Approved<Action> {
    Approved::mint(action)
}

fn main() {}
