//! The last known state of a workspace, and bringing it to what stands there now.

use super::UndoError;
use super::acts::Act;
use countersign_guard::{Content, Scope, Surveyed, Workspace};
use countersign_protocol::{Digest, FileDelta, KeptEntry, KeptKind, Stamp};
use countersign_store::{Checkpoints, IndexRow, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;
use tokio_util::sync::CancellationToken;

/// Bytes and files that are kept in one go.
const BATCH_BYTES: usize = 32 * 1024 * 1024;
const BATCH_FILES: usize = 1_000;
/// How often a file that changes while it is read is read again.
const READINGS: u32 = 3;
/// The bytes of a stamp that change with the content: all but the time of the last change of mode.
const CONTENT: usize = 32;
/// A stamp that nothing has: what it stands for is read again.
const UNKNOWN: Stamp = [0; 40];

/// What is known of one path.
#[derive(Clone, Copy, Debug)]
struct Row {
    entry: KeptEntry,
    stamp: Stamp,
    /// Whether the file has other names, through which it may be changed.
    linked: bool,
}

/// The last known state.
#[derive(Default)]
pub(super) struct Index {
    rows: BTreeMap<Vec<u8>, Row>,
    unread: BTreeSet<Vec<u8>>,
    left_out: BTreeMap<Vec<u8>, String>,
}

/// Changes of the index that are not stored yet; none for what is gone.
#[derive(Default)]
pub(super) struct Pending(BTreeMap<Vec<u8>, Option<IndexRow>>);

impl Pending {
    fn stands(&mut self, path: &[u8], row: &Row) {
        let row = IndexRow { path: path.to_vec(), entry: row.entry, stamp: row.stamp };
        self.0.insert(path.to_vec(), Some(row));
    }

    fn gone(&mut self, path: Vec<u8>) {
        self.0.insert(path, None);
    }

    /// Adds later changes.
    pub(super) fn add(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    pub(super) fn store(&self, checkpoints: &Checkpoints) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let rows: Vec<IndexRow> = self.0.values().flatten().cloned().collect();
        let gone = self.0.iter().filter(|(_, row)| row.is_none());
        let gone: Vec<Vec<u8>> = gone.map(|(path, _)| path.clone()).collect();
        checkpoints.update_index(&rows, &gone)
    }
}

/// With what the workspace is read.
pub(super) struct Reading<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) checkpoints: &'a Checkpoints,
    pub(super) limit: u64,
    pub(super) stop: &'a CancellationToken,
}

impl Index {
    /// The state that was known when the workspace was open last.
    pub(super) fn load(checkpoints: &Checkpoints) -> Result<Self, StoreError> {
        let known = checkpoints.index()?;
        let unread =
            |row: &&IndexRow| row.entry.kind != KeptKind::Folder && row.entry.digest.is_none();
        let unread = known.iter().filter(unread).map(|row| row.path.clone()).collect();
        let rows = known.into_iter().map(|IndexRow { path, entry, stamp }| {
            // Other names may have come since; the first survey tells.
            (path, Row { entry, stamp, linked: false })
        });
        Ok(Self { rows: rows.collect(), unread, ..Self::default() })
    }

    /// What stands at a path, as far as known.
    pub(super) fn entry(&self, path: &[u8]) -> Option<KeptEntry> {
        self.rows.get(path).map(|row| row.entry)
    }

    /// Files with other names.
    pub(super) fn linked(&self) -> impl Iterator<Item = Vec<u8>> {
        self.rows.iter().filter(|(_, row)| row.linked).map(|(path, _)| path.clone())
    }

    /// Places that are not looked at, and why.
    pub(super) fn left_out(&self) -> &BTreeMap<Vec<u8>, String> {
        &self.left_out
    }

    /// Files and links, and how many of them are kept or cannot be.
    pub(super) fn counts(&self) -> (u32, u32) {
        let all = self.rows.values().filter(|row| row.entry.kind != KeptKind::Folder).count();
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        let unread = u32::try_from(self.unread.len()).unwrap_or(u32::MAX);
        (all.saturating_sub(unread), all)
    }

    /// Paths whose content is still to be read; the first of them.
    pub(super) fn unread(&self, count: usize) -> Vec<Vec<u8>> {
        self.unread.iter().take(count).cloned().collect()
    }

    /// Whether the content of a path is still to be read.
    pub(super) fn is_unread(&self, path: &[u8]) -> bool {
        self.unread.contains(path)
    }

    /// Learns what stands there without reading any content: what is not known yet is to be read. All of it
    /// is to be stored: what the stored index does not have must not have been there. What acts under way may
    /// have done is left as it is known.
    pub(super) fn look_through(
        &mut self,
        reading: &Reading<'_>,
        acting: &[Act],
    ) -> Result<Pending, UndoError> {
        let survey = reading.workspace.survey(Scope::Everything, reading.stop)?;
        if reading.stop.is_cancelled() {
            return Err(UndoError::Stopped);
        }
        let mut pending = Pending::default();
        let seen: HashSet<&[u8]> =
            survey.entries.iter().map(|found| found.path.as_slice()).collect();
        if survey.complete {
            let gone = |path: &Vec<u8>| {
                !seen.contains(path.as_slice())
                    && !is_outside(path)
                    && !survey.leaves_out(path)
                    && !is_theirs(acting, path)
            };
            let gone: Vec<Vec<u8>> = self.rows.keys().filter(|path| gone(path)).cloned().collect();
            for path in gone {
                self.rows.remove(&path);
                self.unread.remove(&path);
                pending.gone(path);
            }
        }
        self.note_left_out(&survey.left_out, None);
        for found in survey.entries {
            if is_theirs(acting, &found.path) {
                continue;
            }
            let linked = found.links > 1 && found.entry.kind == KeptKind::File;
            if let Some(row) = self.rows.get_mut(&found.path) {
                if same(row, &found) {
                    row.linked = linked;
                    continue;
                }
                // It was young when it was read, or its mode changed: what is kept is very likely it, and
                // stays known until it is read again.
                if row.entry.digest.is_some() && same_content(row, &found) {
                    row.linked = linked;
                    row.entry.mode = found.entry.mode;
                    pending.stands(&found.path, row);
                    self.unread.insert(found.path);
                    continue;
                }
            }
            if found.entry.kind != KeptKind::Folder {
                self.unread.insert(found.path.clone());
            }
            let row = Row { entry: found.entry, stamp: found.stamp, linked };
            pending.stands(&found.path, &row);
            self.rows.insert(found.path, row);
        }
        Ok(pending)
    }

    /// Reads what is still to be read of these paths. Nothing of it is an act's: none is under way.
    pub(super) fn read(
        &mut self,
        reading: &Reading<'_>,
        paths: &[Vec<u8>],
    ) -> Result<Pending, StoreError> {
        let mut pending = Pending::default();
        let mut batch = Batch::default();
        let mut rows = Vec::new();
        let mut read = 0;
        for path in paths {
            // An act waits meanwhile: large files are not read many at once.
            if read >= BATCH_BYTES {
                break;
            }
            if !self.unread.contains(path) {
                continue;
            }
            let Some(known) = self.rows.get(path).copied() else { continue };
            let found =
                Surveyed { path: path.clone(), entry: known.entry, stamp: known.stamp, links: 1 };
            let row = match read_path(reading, &found, None) {
                Some((row, bytes)) => {
                    read += bytes.len();
                    batch.add(row.entry.digest, bytes, reading.checkpoints)?;
                    row
                }
                // Gone or of another kind by now: the next comparison tells.
                None => Row { stamp: UNKNOWN, ..known },
            };
            if !is_outside(path) {
                pending.stands(path, &row);
            }
            rows.push((path.clone(), row));
        }
        batch.put(reading.checkpoints)?;
        self.learn(rows);
        Ok(pending)
    }

    /// Takes in what stands at paths, once its content is stored.
    fn learn(&mut self, rows: Vec<(Vec<u8>, Row)>) {
        for (path, row) in rows {
            self.unread.remove(&path);
            self.rows.insert(path, row);
        }
    }

    /// Brings the state to what stands there now: of these paths and what is below them, or of all.
    /// New content is kept, and that of the paths themselves in any case. Gives what differs, and what of
    /// the index is to be stored. What acts under way may have done is left as it is known. Where it fails,
    /// what is known stays as it was.
    pub(super) fn bring_to_now(
        &mut self,
        reading: &Reading<'_>,
        paths: Option<&BTreeSet<Vec<u8>>>,
        acting: &[Act],
    ) -> Result<(Vec<FileDelta>, Pending), UndoError> {
        if paths.is_some_and(BTreeSet::is_empty) {
            return Ok((Vec::new(), Pending::default()));
        }
        let scope = paths.map_or(Scope::Everything, Scope::Paths);
        let survey = reading.workspace.survey(scope, reading.stop)?;
        if reading.stop.is_cancelled() {
            return Err(UndoError::Stopped);
        }
        let (mut deltas, mut pending, mut batch) =
            (Vec::new(), Pending::default(), Batch::default());
        let mut rows = Vec::new();
        let mut seen: HashSet<Vec<u8>> = HashSet::with_capacity(survey.entries.len());
        for found in &survey.entries {
            seen.insert(found.path.clone());
            if is_theirs(acting, &found.path) {
                continue;
            }
            let old = self.rows.get(&found.path).copied();
            let linked = found.links > 1 && found.entry.kind == KeptKind::File;
            let known = old.is_some_and(|row| same(&row, found));
            let wanted = paths.is_some_and(|paths| paths.contains(&found.path))
                && self.unread.contains(&found.path);
            if known && !wanted {
                if let Some(row) = self.rows.get_mut(&found.path) {
                    row.linked = linked;
                }
                continue;
            }
            let Some((mut row, bytes)) = read_path(reading, found, old.as_ref()) else {
                seen.remove(&found.path);
                continue;
            };
            row.linked = linked;
            batch.add(row.entry.digest, bytes, reading.checkpoints)?;
            let before = old.map(|row| row.entry);
            // What appears because an ignore file changed stood there before: nobody made it.
            let appears = before.is_none() && self.was_left_out(&found.path);
            let differs = before != Some(row.entry) || is_unkept_change(old.as_ref(), &row);
            if differs && !appears && !known {
                deltas.push(FileDelta { path: found.path.clone(), before, after: Some(row.entry) });
            }
            if !is_outside(&found.path) {
                pending.stands(&found.path, &row);
            }
            rows.push((found.path.clone(), row));
        }
        batch.put(reading.checkpoints)?;
        self.learn(rows);
        if survey.complete {
            for path in self.within(paths) {
                if seen.contains(&path) || survey.leaves_out(&path) || is_theirs(acting, &path) {
                    continue;
                }
                let before = self.rows.remove(&path).map(|row| row.entry);
                self.unread.remove(&path);
                if !is_outside(&path) {
                    pending.gone(path.clone());
                }
                deltas.push(FileDelta { path, before, after: None });
            }
        }
        self.note_left_out(&survey.left_out, paths);
        deltas.sort_by(|one, other| one.path.cmp(&other.path));
        Ok((deltas, pending))
    }

    /// The known paths in a scope.
    fn within(&self, paths: Option<&BTreeSet<Vec<u8>>>) -> Vec<Vec<u8>> {
        let Some(paths) = paths else {
            return self.rows.keys().filter(|path| !is_outside(path)).cloned().collect();
        };
        let mut found = Vec::new();
        for path in paths {
            if path.is_empty() {
                found.extend(self.rows.keys().filter(|path| !is_outside(path)).cloned());
                continue;
            }
            if self.rows.contains_key(path) {
                found.push(path.clone());
            }
            let mut below = path.clone();
            below.push(b'/');
            let range = (Bound::Included(below.clone()), Bound::Unbounded);
            let all = self.rows.range::<Vec<u8>, _>(range);
            found.extend(
                all.map(|(path, _)| path).take_while(|path| path.starts_with(&below)).cloned(),
            );
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a path is, or lies in, a place that was not looked at so far.
    fn was_left_out(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([path.len()]).any(|end| self.left_out.contains_key(&path[..end]))
    }

    fn note_left_out(
        &mut self,
        found: &[countersign_guard::LeftOut],
        paths: Option<&BTreeSet<Vec<u8>>>,
    ) {
        if paths.is_none() {
            self.left_out.clear();
        }
        for left in found {
            if left.why != countersign_guard::LeftOutWhy::Git {
                self.left_out.insert(left.path.clone(), left.why.to_string());
            }
        }
    }
}

/// Whether a change of a path may be the doing of acts under way.
fn is_theirs(acting: &[Act], path: &[u8]) -> bool {
    acting.iter().any(|act| act.reach.covers(path))
}

/// Whether a path stands as it is known. Of a folder only its kind and mode count.
fn same(row: &Row, found: &Surveyed) -> bool {
    row.entry.kind == found.entry.kind
        && row.entry.mode == found.entry.mode
        && (found.entry.kind == KeptKind::Folder || row.stamp == found.stamp)
}

/// Whether a path has the same content, by all that tells of it but the time of the last change of mode.
fn same_content(row: &Row, found: &Surveyed) -> bool {
    row.entry.kind == found.entry.kind && row.stamp[..CONTENT] == found.stamp[..CONTENT]
}

/// Whether a file that is not kept was changed: only its stamp tells.
fn is_unkept_change(old: Option<&Row>, new: &Row) -> bool {
    new.entry.kind == KeptKind::File
        && new.entry.digest.is_none()
        && old.is_some_and(|old| old.entry.digest.is_none() && old.stamp != new.stamp)
}

/// An absolute path: of a file outside, which is known only while the program runs.
pub(super) fn is_outside(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
}

/// Reads what stands at a path now; none where nothing does that is kept. `old` is what was known of it.
fn read_path(reading: &Reading<'_>, found: &Surveyed, old: Option<&Row>) -> Option<(Row, Vec<u8>)> {
    let row = |entry, stamp| Row { entry, stamp, linked: false };
    for _ in 0..READINGS {
        match reading.workspace.content(&found.path, reading.limit) {
            Ok(Content::Read { entry, bytes, stamp, .. }) => {
                return Some((row(entry, stamp), bytes));
            }
            Ok(Content::TooLarge { entry, stamp }) => return Some((row(entry, stamp), Vec::new())),
            Ok(Content::Changing) => {}
            Ok(Content::NoContent) if found.entry.kind == KeptKind::Folder => {
                return Some((row(found.entry, UNKNOWN), Vec::new()));
            }
            Ok(Content::NoContent | Content::Gone) => return None,
            // It may not be read: only that it stands there is known, unless just its mode changed.
            Err(_) => {
                let same = old.filter(|old| same_content(old, found));
                let digest = same.and_then(|old| old.entry.digest);
                return Some((row(KeptEntry { digest, ..found.entry }, found.stamp), Vec::new()));
            }
        }
    }
    Some((row(KeptEntry { digest: None, ..found.entry }, UNKNOWN), Vec::new()))
}

/// Contents on their way to the store.
#[derive(Default)]
struct Batch {
    contents: Vec<(Digest, Vec<u8>)>,
    bytes: usize,
}

impl Batch {
    fn add(
        &mut self,
        digest: Option<Digest>,
        bytes: Vec<u8>,
        checkpoints: &Checkpoints,
    ) -> Result<(), StoreError> {
        if let Some(digest) = digest {
            self.bytes += bytes.len();
            self.contents.push((digest, bytes));
        }
        if self.bytes >= BATCH_BYTES || self.contents.len() >= BATCH_FILES {
            self.put(checkpoints)?;
        }
        Ok(())
    }

    fn put(&mut self, checkpoints: &Checkpoints) -> Result<(), StoreError> {
        self.bytes = 0;
        checkpoints.put(&mut std::mem::take(&mut self.contents).into_iter())
    }
}
