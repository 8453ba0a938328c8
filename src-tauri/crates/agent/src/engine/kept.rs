//! Keys that the system's keychain keeps.

use super::{Engine, lock};
use crate::models::{self, Kept, ModelChoice};
use crate::{Keychain, keys};
use countersign_protocol::{ErrorCode, KeySource, WireError};
use std::sync::Arc;
use std::time::Duration;

/// How long a keychain may take. It may ask the person to unlock it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    /// Looks for a key that is missing, beside all else, and connects the model with it once it is there.
    pub(super) fn look_for_key(&self) {
        let Some(keychain) = self.shared.keychain.clone() else { return };
        let choice = lock(&self.shared.choice).clone();
        let slots = models::slots(&self.shared.folders, &self.shared.settings(), &choice);
        let weak = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            let Some(kept) = first_kept(keychain.as_ref(), slots).await else { return };
            let Some(shared) = weak.upgrade() else { return };
            let engine = Self { shared };
            let _turn = engine.shared.turn.lock().await;
            if engine.shared.model().key != KeySource::Missing {
                return;
            }
            let choice = {
                let mut choice = lock(&engine.shared.choice);
                choice.kept = Some(kept);
                choice.clone()
            };
            if engine.shared.model().key == KeySource::Keychain
                && let Err(error) = engine.connect(choice).await
            {
                tracing::warn!("the key of the keychain is not used: {error}");
                engine.shared.tell();
            }
        });
    }

    /// Connects the model that the person chose, with a key that is kept where they gave none; and keeps theirs
    /// where they wish it.
    pub(super) async fn connect_model(
        &self,
        mut choice: ModelChoice,
        keep: bool,
    ) -> Result<(), WireError> {
        let slots = models::slots(&self.shared.folders, &self.shared.settings(), &choice);
        if let Some(keychain) = &self.shared.keychain
            && let Some(kept) = first_kept(keychain.as_ref(), slots).await
        {
            choice.kept = Some(kept);
        }
        {
            let _turn = self.shared.turn.lock().await;
            self.connect(choice.clone()).await?;
        }
        match choice.key.clone().filter(|_| keep) {
            Some(key) => self.keep(&choice, key).await.map_err(|why| not_kept(&why)),
            None => Ok(()),
        }
    }

    async fn keep(
        &self,
        choice: &ModelChoice,
        key: countersign_provider::Secret,
    ) -> Result<(), String> {
        let shared = &self.shared;
        let keychain = shared.keychain.clone().ok_or("there is no keychain here")?;
        let slot = models::slot(&shared.folders, &shared.settings(), choice)
            .ok_or("this model needs no key")?;
        let kept = tokio::time::timeout(PATIENCE, keychain.keep(&slot, &key)).await;
        kept.map_err(|_| "the keychain does not answer")??;
        {
            let mut now = lock(&shared.choice);
            if now.key.as_ref() == Some(&key) {
                // It is the keychain's from here on, unless another one would come first.
                if keys::find(&shared.folders, slot.variable).is_none() {
                    now.key = None;
                }
                now.kept = Some(Kept { slot, key });
            }
        }
        shared.tell();
        Ok(())
    }
}

/// The first key that is kept. A keychain that fails has none.
async fn first_kept(keychain: &dyn Keychain, slots: Vec<crate::Slot>) -> Option<Kept> {
    for slot in slots {
        match tokio::time::timeout(PATIENCE, keychain.read(&slot)).await {
            Ok(Ok(Some(key))) => return Some(Kept { slot, key }),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::debug!("the keychain is not read: {error}"),
            Err(_) => {
                tracing::debug!("the keychain does not answer");
                return None;
            }
        }
    }
    None
}

fn not_kept(why: &str) -> WireError {
    WireError::new(
        ErrorCode::System,
        format!("The model is connected, but its key was not kept: {why}."),
        "It holds for this start of the program only.",
    )
}
