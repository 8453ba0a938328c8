//! What keeps keys of models where the person wishes it: the system's keychain. The shell brings it.

use countersign_provider::Secret;
use std::fmt::Debug;
use std::pin::Pin;

/// What a keychain comes to, later. An error is why it could not be done, in words.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// Where a key is kept. It is bound to its server's address: it must not reach another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The variable that the key could stand in.
    pub variable: &'static str,
    /// The address of the server; empty for the provider's own.
    pub address: String,
}

/// Keeps keys. It may ask the person to unlock it, so whoever waits for it must bound the time.
pub trait Keychain: Debug + Send + Sync {
    /// The key that is kept here; none where there is none.
    fn read<'a>(&'a self, slot: &'a Slot) -> Later<'a, Option<Secret>>;
    /// Keeps a key, in place of the one that was kept here.
    fn keep<'a>(&'a self, slot: &'a Slot, key: &'a Secret) -> Later<'a, ()>;
}
