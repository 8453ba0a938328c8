//! Taking changes back. What the person changed since is left, unless they say otherwise of the file as
//! they saw it. Taking back is an act like any other: it is recorded, and can be taken back.

use super::acts::{EndedAct, Found};
use super::chain::{Chain, means, name, turns};
use super::changes::left;
use super::{State, Undo, UndoError};
use countersign_guard::{Restoration, Restored, without_hunks};
use countersign_protocol::{
    CallId, ChangeScope, Digest, Envelope, KeptEntry, KeptKind, LeftPath, Reverted, SeenPath,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

const LATER: &str = "a later act of this session changed it; take that back first";
const BETWEEN: &str = "you, or another program, changed it between two acts of the session";
const SINCE: &str = "you, or another program, changed it since";
const OTHER: &str = "it is no longer what you saw";

/// Bytes that are put back in one go, so that memory stays bounded.
const BATCH: u64 = 64 * 1024 * 1024;

/// What is to be put back, and what is left.
#[derive(Default)]
struct Plan {
    items: Vec<Item>,
    left: Vec<LeftPath>,
}

/// A path to be put back; its bytes where they are not kept under their digest.
struct Item {
    path: Vec<u8>,
    now: Option<KeptEntry>,
    wanted: Option<KeptEntry>,
    bytes: Option<Vec<u8>>,
}

/// What taking back a path comes to.
enum Way {
    /// There is nothing to do.
    Nothing,
    /// From the state that stands there now to this one, with these bytes where they are not kept.
    To { now: Option<KeptEntry>, wanted: Option<KeptEntry>, bytes: Option<Vec<u8>> },
    /// It is left as it is.
    Left(String),
}

impl Undo {
    /// Takes back what a scope means. `envelopes` are the session's events; `overwrite` names files that
    /// are put back although the person changed them, as the person saw them.
    pub(crate) fn revert(
        &self,
        act: &CallId,
        scope: &ChangeScope,
        overwrite: &[SeenPath],
        envelopes: &[Envelope],
    ) -> Result<Reverted, UndoError> {
        let turns = turns(envelopes);
        let (mut state, chains) = self.as_it_is_now()?;
        let mut plan = Plan::default();
        for (path, chain) in &chains {
            let named = name(path);
            let chosen: Vec<usize> = (0..chain.len())
                .filter(|at| means(scope, &named, &chain[*at].act, &turns))
                .collect();
            if chosen.is_empty() {
                continue;
            }
            let seen = overwrite.iter().find(|seen| seen.path == named);
            let way = if let ChangeScope::Hunks { hunks, seen_sha256, .. } = scope {
                self.hunks(&state, path, chain, hunks, seen_sha256)?
            } else {
                Self::way(&state, path, chain, &chosen, seen)
            };
            self.add(&mut plan, path, way)?;
        }
        self.carry_out(&mut state, act, plan)
    }

    /// Takes the session's changes of a file back and keeps the person's.
    pub(crate) fn revert_merged(
        &self,
        act: &CallId,
        seen: &SeenPath,
    ) -> Result<Reverted, UndoError> {
        let (mut state, chains) = self.as_it_is_now()?;
        let mut plan = Plan::default();
        for (path, chain) in chains.iter().filter(|(path, _)| name(path) == seen.path) {
            let now = state.index.entry(path);
            let way = match (self.merged(chain, now.as_ref())?, now) {
                (Some(merged), Some(now)) if is_seen(Some(&now), seen) => Way::To {
                    now: Some(now),
                    wanted: Some(entry_of(&now, &merged)),
                    bytes: Some(merged),
                },
                (Some(_), _) => Way::Left(OTHER.to_owned()),
                (None, _) => Way::Left("your change and the session's overlap".to_owned()),
            };
            self.add(&mut plan, path, way)?;
        }
        self.carry_out(&mut state, act, plan)
    }

    fn way(
        state: &State,
        path: &[u8],
        chain: &Chain,
        chosen: &[usize],
        overwrite: Option<&SeenPath>,
    ) -> Way {
        let now = state.index.entry(path);
        let (Some(first), Some(last)) = (chosen.first(), chosen.last()) else {
            return Way::Nothing;
        };
        let wanted = chain[*first].before;
        if now == wanted {
            return Way::Nothing;
        }
        let left = |why: &str| Way::Left(why.to_owned());
        match overwrite {
            Some(seen) if is_seen(now.as_ref(), seen) => {}
            Some(_) => return left(OTHER),
            None if *last + 1 < chain.len() => return left(LATER),
            None if chosen.windows(2).any(|pair| pair[0] + 1 != pair[1]) => return left(LATER),
            None if now != chain[*last].after => return left(SINCE),
            None => {
                let mine = &chain[*first..=*last];
                if mine.windows(2).any(|pair| pair[0].after != pair[1].before) {
                    return left(BETWEEN);
                }
            }
        }
        Way::To { now, wanted, bytes: None }
    }

    fn hunks(
        &self,
        state: &State,
        path: &[u8],
        chain: &Chain,
        hunks: &[u32],
        seen: &str,
    ) -> Result<Way, UndoError> {
        let now = state.index.entry(path);
        let seen = SeenPath { path: String::new(), sha256: Some(seen.to_owned()) };
        let (Some(first), Some(now)) = (chain.first(), now) else {
            return Ok(Way::Left(OTHER.to_owned()));
        };
        if !is_seen(Some(&now), &seen) {
            return Ok(Way::Left(OTHER.to_owned()));
        }
        let (Some(Some(start)), Some(Some(text))) =
            (self.text(first.before.as_ref())?, self.text(Some(&now))?)
        else {
            return Ok(Way::Left("only a text that was there before has hunks".to_owned()));
        };
        Ok(match without_hunks(&start, &text, hunks) {
            Some(bytes) => {
                Way::To { now: Some(now), wanted: Some(entry_of(&now, &bytes)), bytes: Some(bytes) }
            }
            None => Way::Left("it has no such hunk".to_owned()),
        })
    }

    fn add(&self, plan: &mut Plan, path: &[u8], way: Way) -> Result<(), UndoError> {
        match way {
            Way::Nothing => {}
            Way::Left(why) => plan.left.push(left(path, why)),
            Way::To { now, wanted, bytes } => {
                if bytes.is_none()
                    && let Some(why) = self.lost(wanted.as_ref())?
                {
                    plan.left.push(left(path, why));
                    return Ok(());
                }
                plan.items.push(Item { path: path.to_vec(), now, wanted, bytes });
            }
        }
        Ok(())
    }

    fn carry_out(
        &self,
        state: &mut State,
        act: &CallId,
        plan: Plan,
    ) -> Result<Reverted, UndoError> {
        let Plan { items, left: mut kept } = plan;
        if items.is_empty() {
            return Ok(Reverted { act: None, restored: Vec::new(), left: kept });
        }
        let touched: BTreeSet<Vec<u8>> = items.iter().map(|item| item.path.clone()).collect();
        let restored = self.put_back(items)?;
        let (found, pending) =
            state.index.bring_to_now(&self.reading(&self.stop), Some(&touched), &[])?;
        state.pending.add(pending);
        state.ended.push(EndedAct { call: act.clone(), found: Found::Known(found) });
        let deltas = self.record_ended(state, &self.stop)?;
        kept.extend(restored.left.into_iter().map(|(path, why)| left(&path, why)));
        kept.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Reverted {
            act: (!deltas.is_empty()).then(|| act.clone()),
            restored: restored.done.iter().map(|path| name(path)).collect(),
            left: kept,
        })
    }
}

impl Undo {
    /// Puts states back: first what needs no bytes, so that nothing is in the way of the rest.
    fn put_back(&self, items: Vec<Item>) -> Result<Restored, UndoError> {
        let has_bytes =
            |item: &Item| item.wanted.is_some_and(|wanted| wanted.kind != KeptKind::Folder);
        let (files, others): (Vec<Item>, Vec<Item>) = items.into_iter().partition(has_bytes);
        let mut restored = Restored::default();
        let mut batch: Vec<Restoration> = Vec::new();
        for Item { path, now, wanted, .. } in others {
            batch.push(Restoration { path, now, wanted, bytes: Vec::new() });
        }
        let mut size = 0;
        for item in files {
            let bytes = match (item.bytes, item.wanted.and_then(|wanted| wanted.digest)) {
                (Some(bytes), _) => bytes,
                (None, Some(digest)) => self.checkpoints.get(&digest)?,
                (None, None) => Vec::new(),
            };
            size += bytes.len() as u64;
            let Item { path, now, wanted, .. } = item;
            batch.push(Restoration { path, now, wanted, bytes });
            if size >= BATCH {
                self.put_back_batch(&batch, &mut restored);
                batch.clear();
                size = 0;
            }
        }
        self.put_back_batch(&batch, &mut restored);
        Ok(restored)
    }

    fn put_back_batch(&self, batch: &[Restoration], restored: &mut Restored) {
        let Restored { done, already, left } = self.workspace.restore(batch);
        restored.done.extend(done);
        restored.already.extend(already);
        restored.left.extend(left);
    }
}

/// Whether a file is what the person saw.
fn is_seen(now: Option<&KeptEntry>, seen: &SeenPath) -> bool {
    now.and_then(|now| now.digest).map(|digest| digest.to_string()) == seen.sha256
}

fn entry_of(now: &KeptEntry, bytes: &[u8]) -> KeptEntry {
    KeptEntry {
        kind: KeptKind::File,
        mode: now.mode,
        size: bytes.len() as u64,
        digest: Some(Digest(Sha256::digest(bytes).into())),
    }
}
