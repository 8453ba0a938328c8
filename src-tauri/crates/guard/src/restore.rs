//! Putting states back. Only what stands as it was left is touched; all else is left and told.

use crate::Workspace;
use crate::restore_at::{At, NoWay, Standing, Waiting, Why, becomes};
use crate::state::Spot;
use countersign_protocol::{KeptEntry, KeptKind};
use rustix::fs::OFlags;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Files that are written before they are put in their places together.
const BATCH: usize = 128;
/// So many are synced each by itself; more at once with the whole file system.
const FEW: usize = 8;

/// A path whose state is to be put back.
#[derive(Clone, Debug)]
pub struct Restoration {
    /// Bytes of the path, relative to the workspace; absolute for an outside file.
    pub path: Vec<u8>,
    /// What must stand there now; none for nothing. Compared by kind and mode, and by digest.
    pub now: Option<KeptEntry>,
    /// What is wanted there; none for nothing.
    pub wanted: Option<KeptEntry>,
    /// The bytes of the wanted file, or the target of the wanted link; else empty.
    pub bytes: Vec<u8>,
}

impl Restoration {
    /// What stands there once it is put back: as wanted, but for the bits of the mode by which a file
    /// runs as somebody else.
    #[must_use]
    pub fn becomes(&self) -> Option<KeptEntry> {
        self.wanted.map(becomes)
    }
}

/// What putting back did.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The paths that were put back, in the order in which it was done.
    pub done: Vec<Vec<u8>>,
    /// Those where the wanted state stood already: nothing was done.
    pub already: Vec<Vec<u8>>,
    /// Those that were left, and why, in plain words.
    pub left: Vec<(Vec<u8>, String)>,
}

/// What is to be done at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Remove,
    RemoveFolder,
    MakeFolder,
    Write,
    Mode,
}

struct Task<'a> {
    item: &'a Restoration,
    spot: Spot<'a>,
    step: Step,
}

impl Workspace {
    /// Puts states back, in an order in which none is in another's way: files and links are removed,
    /// then folders, the deepest first and only if empty; folders are made; files and links are
    /// written; modes of folders come last.
    ///
    /// What does not stand as it must is left, also if it changes in the last instant. Nothing is
    /// reached through links. A file that is replaced keeps none of its other names. The folders of a
    /// file that are missing are made.
    pub fn restore(&self, items: &[Restoration]) -> Restored {
        let mut restored = Restored::default();
        let mut tasks = Vec::new();
        for item in items {
            match Spot::find(self.root(), &item.path) {
                Ok(spot) => tasks.push(Task { item, spot, step: step(item) }),
                Err(error) => restored.left.push((item.path.clone(), error.to_string())),
            }
        }
        tasks.sort_by(|one, other| one.item.path.cmp(&other.item.path));
        let of = |step: Step| tasks.iter().filter(move |task| task.step == step);
        for task in of(Step::Nothing) {
            restored.note(task, task.nothing());
        }
        for task in of(Step::Remove) {
            restored.note(task, task.remove());
        }
        for task in of(Step::RemoveFolder).rev() {
            restored.note(task, task.remove_folder());
        }
        let mut made = Vec::new();
        for task in of(Step::MakeFolder) {
            match task.make_folder() {
                Ok(Act::Done) => made.push(task),
                other => restored.note(task, other),
            }
        }
        let writes: Vec<&Task<'_>> = of(Step::Write).collect();
        for batch in writes.chunks(BATCH) {
            self.write(batch, &mut restored);
        }
        let modes = of(Step::Mode).map(|task| (task, true));
        let mut modes: Vec<_> = modes.chain(made.into_iter().map(|task| (task, false))).collect();
        modes.sort_by(|(one, _), (other, _)| other.item.path.cmp(&one.item.path));
        for (task, compared) in modes {
            restored.note(task, task.set_mode(compared));
        }
        self.sync(&tasks, &restored.done);
        restored
    }

    fn write(&self, batch: &[&Task<'_>], restored: &mut Restored) {
        let each = batch.len() <= FEW;
        let mut waiting: Vec<(&Task<'_>, Waiting)> = Vec::new();
        for task in batch {
            // The file systems of outside files may be others.
            let sync = each || task.item.path.starts_with(b"/");
            match task.prepare(sync) {
                Ok(Some(prepared)) => waiting.push((task, prepared)),
                Ok(None) => restored.note(task, Ok(Act::Already)),
                Err(why) => restored.note(task, Err(why)),
            }
        }
        if !each {
            self.sync_all();
        }
        // All are kept to the end: no folder may be locked again while another file waits in it.
        for (task, waiting) in &mut waiting {
            let put = waiting.put(task.item.now.as_ref());
            restored.note(task, put.map(|()| Act::Done));
        }
    }

    /// Makes what was done last. Best effort: the content itself is synced before.
    fn sync(&self, tasks: &[Task<'_>], done_at: &[Vec<u8>]) {
        let done = done_at.len();
        let done_at: HashSet<&Vec<u8>> = done_at.iter().collect();
        if done > FEW {
            self.sync_all();
        }
        let mut synced = HashSet::new();
        for task in tasks {
            let path = Path::new(OsStr::from_bytes(&task.item.path));
            if (done <= FEW || path.is_absolute())
                && done_at.contains(&task.item.path)
                && synced.insert(path.parent())
                && let Ok(at) = At::open(&task.spot, false)
            {
                at.sync();
            }
        }
    }

    fn sync_all(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        if let Ok(root) = crate::root::reopen(self.root().handle().as_fd(), flags) {
            let _ = rustix::fs::syncfs(root);
        }
    }
}

/// What an act came to.
enum Act {
    Done,
    Already,
}

impl Task<'_> {
    /// Opens the folder and compares, before anything is done; none where the wanted state stands.
    fn begin(&self, make: bool) -> Result<Option<At>, Why> {
        // Nothing is made before it is known that nothing stands there.
        let at = match At::open(&self.spot, false) {
            Ok(at) => at,
            Err(_) if make && self.item.now.is_none() => At::open(&self.spot, true)?,
            Err(NoWay::Nothing(_)) if self.item.wanted.is_none() => return Ok(None),
            Err(way) => return Err(way.into()),
        };
        let standing = match &self.item.now {
            Some(now) if self.step == Step::Mode => at.compare_for_mode(now),
            now => at.compare(now.as_ref()),
        };
        match standing {
            Standing::AsExpected => Ok(Some(at)),
            Standing::Other(why) => {
                let wanted = self.item.becomes();
                match at.compare(wanted.as_ref()) {
                    Standing::AsExpected => Ok(None),
                    Standing::Other(_) => Err(why),
                }
            }
        }
    }

    fn nothing(&self) -> Result<Act, Why> {
        match At::open(&self.spot, false) {
            Ok(at) => match at.compare(self.item.now.as_ref()) {
                Standing::AsExpected => Ok(Act::Already),
                Standing::Other(why) => Err(why),
            },
            Err(NoWay::Nothing(_)) if self.item.now.is_none() => Ok(Act::Already),
            Err(way) => Err(way.into()),
        }
    }

    fn remove(&self) -> Result<Act, Why> {
        let Some(now) = &self.item.now else { return Ok(Act::Already) };
        match self.begin(false)? {
            Some(at) => at.remove(now).map(|()| Act::Done),
            None => Ok(Act::Already),
        }
    }

    fn remove_folder(&self) -> Result<Act, Why> {
        match self.begin(false)? {
            Some(at) => at.remove_folder().map(|()| Act::Done),
            None => Ok(Act::Already),
        }
    }

    fn make_folder(&self) -> Result<Act, Why> {
        match self.begin(true)? {
            Some(at) => at.make_folder(self.item.now.as_ref()).map(|()| Act::Done),
            None => Ok(Act::Already),
        }
    }

    fn prepare(&self, sync: bool) -> Result<Option<Waiting>, Why> {
        let (Some(wanted), Some(at)) = (&self.item.wanted, self.begin(true)?) else {
            return Ok(None);
        };
        at.write(wanted, &self.item.bytes, sync).map(Some)
    }

    /// Sets the mode alone; of what was made just now nothing is compared.
    fn set_mode(&self, compared: bool) -> Result<Act, Why> {
        let Some(wanted) = &self.item.wanted else { return Ok(Act::Already) };
        if compared {
            return match self.begin(false)? {
                Some(at) => at.set_mode(self.item.now.as_ref(), wanted).map(|()| Act::Done),
                None => Ok(Act::Already),
            };
        }
        At::open(&self.spot, false)?.set_mode(None, wanted).map(|()| Act::Done)
    }
}

impl Restored {
    fn note(&mut self, task: &Task<'_>, act: Result<Act, Why>) {
        let path = task.item.path.clone();
        match act {
            Ok(Act::Done) => self.done.push(path),
            Ok(Act::Already) => self.already.push(path),
            Err(why) => self.left.push((path, why)),
        }
    }
}

fn step(item: &Restoration) -> Step {
    let same_content = |now: &KeptEntry, wanted: &KeptEntry| {
        now.digest == wanted.digest && now.size == wanted.size
    };
    match (&item.now, &item.wanted) {
        (None, None) => Step::Nothing,
        (Some(now), Some(wanted)) if now == wanted => Step::Nothing,
        (Some(now), None) if now.kind == KeptKind::Folder => Step::RemoveFolder,
        (Some(_), None) => Step::Remove,
        (Some(now), Some(wanted)) if now.kind == wanted.kind && same_content(now, wanted) => {
            Step::Mode
        }
        (_, Some(wanted)) if wanted.kind == KeptKind::Folder => Step::MakeFolder,
        (_, Some(_)) => Step::Write,
    }
}
