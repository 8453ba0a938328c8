//! What a session changed, against its start.

use super::chain::{Chain, Chains, chains, name, turns};
use super::index::is_outside;
use super::{PATIENCE, State, Undo, UndoError};
use countersign_guard::text::reveal_line;
use countersign_guard::{Compared, compare_states, merge_states};
use countersign_protocol::{
    CallId, ChangeKind, ChangedPath, Digest, Envelope, FileChanges, FileDelta, KeptEntry, KeptKind,
    LeftPath, SessionChanges, ThreeWay,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::MutexGuard;

/// Paths that `files_changed` names.
const MAX_NAMED: usize = 200;
/// Bytes of diffs that one answer carries; further files are listed without theirs.
const MAX_DIFFS: usize = 4 * 1024 * 1024;

impl Undo {
    /// What the session changed, against its start. `envelopes` are its events.
    pub(crate) fn changes(&self, envelopes: &[Envelope]) -> Result<SessionChanges, UndoError> {
        let turns = turns(envelopes);
        let (state, chains) = self.as_it_is_now()?;
        let mut files = Vec::new();
        let mut room = MAX_DIFFS;
        for (path, chain) in &chains {
            files.extend(self.file(&state, path, chain, &turns, &mut room)?);
        }
        let left_out = state.index.left_out().iter().map(|(path, why)| left(path, why.clone()));
        let left_out = left_out.collect();
        drop(state);
        self.measure();
        Ok(SessionChanges {
            session: self.session.clone(),
            workspace: self.workspace.path().display().to_string(),
            files: without_folders_of_files(files),
            left_out,
            kept_bytes: self.told().bytes,
        })
    }

    fn file(
        &self,
        state: &State,
        path: &[u8],
        chain: &Chain,
        turns: &HashMap<CallId, u32>,
        room: &mut usize,
    ) -> Result<Option<FileChanges>, UndoError> {
        let (Some(first), Some(end)) = (chain.first(), chain.last()) else { return Ok(None) };
        let (start, now) = (first.before, state.index.entry(path));
        let Some(change) = kind_of_change(start.as_ref(), now.as_ref()) else { return Ok(None) };
        let mut calls: Vec<CallId> = Vec::new();
        let mut in_turns: Vec<u32> = Vec::new();
        for link in chain {
            if !calls.contains(&link.act) {
                calls.push(link.act.clone());
            }
            if let Some(turn) = turns.get(&link.act)
                && !in_turns.contains(turn)
            {
                in_turns.push(*turn);
            }
        }
        let gap = chain.windows(2).any(|pair| pair[0].after != pair[1].before);
        let lost = self.lost(start.as_ref())?;
        let name = name(path);
        let compared = if lost.is_none() && *room > 0 {
            self.compared(&name, start.as_ref(), now.as_ref())?
        } else {
            None
        };
        *room = room.saturating_sub(compared.as_ref().map_or(0, |diff| diff.unified.len()));
        Ok(Some(FileChanges {
            shown: reveal_line(&name).shown,
            path: name,
            change,
            calls,
            turns: in_turns,
            added: compared.as_ref().map(|compared| compared.diff.added),
            removed: compared.as_ref().map(|compared| compared.diff.removed),
            diff: compared.as_ref().map(|compared| compared.diff.clone()),
            unified: compared.map(|compared| compared.unified),
            now_sha256: now.and_then(|now| now.digest).map(|digest| digest.to_string()),
            changed_since: gap || now != end.after,
            lost,
        }))
    }

    /// Why a state cannot be put back; none where it can.
    pub(super) fn lost(&self, wanted: Option<&KeptEntry>) -> Result<Option<String>, UndoError> {
        let Some(wanted) = wanted.filter(|wanted| wanted.kind != KeptKind::Folder) else {
            return Ok(None);
        };
        Ok(match wanted.digest {
            None if wanted.size > self.limits.file => {
                let limit = self.limits.file / (1024 * 1024);
                Some(format!("it was not kept: it is larger than {limit} MB"))
            }
            None => Some("it was not kept before it was changed".to_owned()),
            Some(digest) if !self.checkpoints.has(&digest)? => {
                Some("it is no longer kept: the room for undoing was full".to_owned())
            }
            Some(_) => None,
        })
    }

    /// The diff of two states; none where one is no text.
    fn compared(
        &self,
        name: &str,
        before: Option<&KeptEntry>,
        after: Option<&KeptEntry>,
    ) -> Result<Option<Compared>, UndoError> {
        let (Some(before), Some(after)) = (self.text(before)?, self.text(after)?) else {
            return Ok(None);
        };
        Ok(compare_states(name, before.as_deref(), after.as_deref()))
    }

    /// A state's bytes: the inner none for no file. The outer one for what has none or is not kept.
    #[expect(clippy::option_option, reason = "no file and no bytes are two things")]
    pub(super) fn text(
        &self,
        entry: Option<&KeptEntry>,
    ) -> Result<Option<Option<Vec<u8>>>, UndoError> {
        let Some(entry) = entry else { return Ok(Some(None)) };
        match (entry.kind, entry.digest) {
            (KeptKind::File, Some(digest)) => Ok(self.content(&digest)?.map(Some)),
            (KeptKind::File | KeptKind::Link | KeptKind::Folder, _) => Ok(None),
        }
    }

    fn content(&self, digest: &Digest) -> Result<Option<Vec<u8>>, UndoError> {
        if self.checkpoints.has(digest)? {
            Ok(Some(self.checkpoints.get(digest)?))
        } else {
            Ok(None)
        }
    }

    /// The texts of a file that the person changed since the session did.
    pub(crate) fn three_way(&self, path: &str) -> Result<Option<ThreeWay>, UndoError> {
        let (state, chains) = self.as_it_is_now()?;
        let Some((key, chain)) = chains.iter().find(|(key, _)| name(key) == path) else {
            return Ok(None);
        };
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return Ok(None) };
        let now = state.index.entry(key);
        let merged = self.merged(chain, now.as_ref())?;
        let now_text = self.text(now.as_ref())?.flatten();
        let merged_diff = merged
            .as_ref()
            .and_then(|merged| compare_states(path, now_text.as_deref(), Some(merged)))
            .map(|compared| compared.diff);
        let diff = |before, after| -> Result<_, UndoError> {
            Ok(self.compared(path, before, after)?.map(|compared| compared.diff))
        };
        Ok(Some(ThreeWay {
            path: path.to_owned(),
            theirs: diff(last.after.as_ref(), now.as_ref())?,
            back: diff(now.as_ref(), first.before.as_ref())?,
            merged: merged.map(|merged| String::from_utf8_lossy(&merged).into_owned()),
            merged_diff,
            now_sha256: now.and_then(|now| now.digest).map(|digest| digest.to_string()),
        }))
    }

    /// What stands there now without the session's changes; none where they overlap with the person's,
    /// or the person changed it between two acts.
    pub(super) fn merged(
        &self,
        chain: &Chain,
        now: Option<&KeptEntry>,
    ) -> Result<Option<Vec<u8>>, UndoError> {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return Ok(None) };
        if chain.windows(2).any(|pair| pair[0].after != pair[1].before) {
            return Ok(None);
        }
        let states = [last.after.as_ref(), first.before.as_ref(), now];
        let mut texts = Vec::new();
        for state in states {
            match self.text(state)? {
                Some(Some(text)) => texts.push(text),
                Some(None) | None => return Ok(None),
            }
        }
        Ok(merge_states(&texts[0], &texts[1], &texts[2]))
    }

    /// What the session did to each path, and the state brought to what stands there now.
    pub(super) fn as_it_is_now(&self) -> Result<(MutexGuard<'_, State>, Chains), UndoError> {
        self.wait_until_ready(PATIENCE);
        let mut state = self.lock();
        self.refresh(&mut state)?;
        let chains = chains(self.recorded()?);
        self.refresh_paths(&mut state, chains.keys())?;
        Ok((state, chains))
    }

    /// Learns what stands at paths that a survey does not tell of: outside, and where nothing was read yet.
    fn refresh_paths<'a>(
        &self,
        state: &mut State,
        paths: impl Iterator<Item = &'a Vec<u8>>,
    ) -> Result<(), UndoError> {
        let unknown = |path: &&Vec<u8>| is_outside(path) || state.index.is_unread(path);
        let paths = paths.filter(unknown).cloned().collect();
        let (_, pending) =
            state.index.bring_to_now(&self.reading(&self.stop), Some(&paths), &state.acting)?;
        Ok(self.keep(state, pending)?)
    }
}

/// What `files_changed` tells of an act.
pub(crate) fn named(deltas: &[FileDelta], limit: u64) -> (Vec<ChangedPath>, u32, Vec<LeftPath>) {
    let mut files = Vec::new();
    let mut left_out = Vec::new();
    let mut more: u32 = 0;
    for delta in deltas {
        let change = kind_of_change(delta.before.as_ref(), delta.after.as_ref())
            .unwrap_or(ChangeKind::Modified);
        if let Some(before) = delta.before.as_ref()
            && before.kind == KeptKind::File
            && before.digest.is_none()
        {
            let why = if before.size > limit {
                format!("larger than {} MB", limit / (1024 * 1024))
            } else {
                "it was not copied before".to_owned()
            };
            if left_out.len() < MAX_NAMED {
                left_out.push(left(&delta.path, why));
            }
        }
        if files.len() < MAX_NAMED {
            let path = name(&delta.path);
            files.push(ChangedPath { shown: reveal_line(&path).shown, path, change });
        } else {
            more += 1;
        }
    }
    (files, more, left_out)
}

pub(super) fn left(path: &[u8], why: String) -> LeftPath {
    LeftPath { path: reveal_line(&name(path)).shown, why }
}

/// What happened between two states; none where they are the same.
fn kind_of_change(before: Option<&KeptEntry>, after: Option<&KeptEntry>) -> Option<ChangeKind> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(ChangeKind::Created),
        (Some(_), None) => Some(ChangeKind::Deleted),
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) if before.kind != after.kind => Some(ChangeKind::Kind),
        (Some(before), Some(after))
            if before.digest == after.digest && before.size == after.size =>
        {
            Some(ChangeKind::Mode)
        }
        (Some(_), Some(_)) => Some(ChangeKind::Modified),
    }
}

/// Leaves out folders that were made or removed only for what is in them, which is listed itself.
fn without_folders_of_files(files: Vec<FileChanges>) -> Vec<FileChanges> {
    let mut folders: BTreeMap<String, u32> = BTreeMap::new();
    for file in &files {
        let ends = file.path.match_indices('/').map(|(at, _)| at);
        for end in ends {
            *folders.entry(file.path[..end].to_owned()).or_default() += 1;
        }
    }
    let named = |file: &FileChanges| {
        file.change != ChangeKind::Kind && folders.contains_key(&file.path) && file.diff.is_none()
    };
    files.into_iter().filter(|file| !named(file)).collect()
}
