//! Cards: what a person is shown of an action, made from the action itself.

use crate::action::{Action, ExecAction, FileChange, PathAccess};
use crate::diff;
use crate::fingerprint::Fingerprint;
use crate::names::Sensitivity;
use crate::text::{reveal, reveal_line};
use countersign_protocol::{BoundFile, Card, ExecCard, FileCard, PathCard, Shown};
use countersign_sandbox::environment;
use std::path::Path;

/// Draws the card of an action that asks.
pub(crate) fn draw(action: &Action, reasons: Vec<String>, workspace: &Path) -> Card {
    match action {
        Action::Write(change) => Card::Write(file_card(change, reasons, workspace)),
        Action::Edit(change) => Card::Edit(file_card(change, reasons, workspace)),
        Action::Exec(exec) => Card::Exec(exec_card(exec, reasons)),
        Action::Reach(access) => Card::Path(path_card(access, reasons)),
    }
}

fn file_card(change: &FileChange, mut reasons: Vec<String>, workspace: &Path) -> FileCard {
    let TextChange { unified, diff } = change_diff(change);
    if let Some(blocked) = &change.blocked {
        reasons.push(format!("It cannot be done as it stands: {blocked}"));
    }
    FileCard {
        path: change.path.clone(),
        display: line(&change.path),
        resolved: change.resolved(workspace).display().to_string(),
        outside: change.outside(),
        created: change.base.is_none(),
        sensitive: !matches!(change.sensitivity, Sensitivity::Ordinary),
        diff: unified,
        changes: diff,
        warnings: reveal(&change.text.after).warnings,
        before_sha256: change.base.as_ref().map(|base| base.fingerprint.hex()),
        after_sha256: Fingerprint::of(&change.after).hex(),
        reasons,
    }
}

use diff::TextChange;

pub(crate) fn change_diff(change: &FileChange) -> TextChange {
    let created = change.base.is_none();
    diff::compare(&change.path, &change.text.before, &change.text.after, created)
}

fn exec_card(exec: &ExecAction, reasons: Vec<String>) -> ExecCard {
    let revealed = reveal(&exec.command);
    ExecCard {
        command: exec.command.clone(),
        display: Shown { shown: revealed.shown, warnings: revealed.warnings },
        cwd: exec.cwd.display().to_string(),
        env: exec.env.clone(),
        timeout: exec.timeout.as_secs(),
        shell: environment::shell_name(),
        confine: exec.confine,
        network: exec.network,
        reasons,
        parts: exec.judged.parts.clone(),
        suggested_patterns: exec.judged.suggested.clone(),
        files: bound_files(exec),
        undo: None,
    }
}

fn bound_files(exec: &ExecAction) -> Vec<BoundFile> {
    let bound = exec.judged.operands.iter();
    bound
        .map(|(path, known)| BoundFile { path: path.display().to_string(), known_by: known.hex() })
        .collect()
}

fn path_card(access: &PathAccess, reasons: Vec<String>) -> PathCard {
    PathCard {
        tool: access.tool.clone(),
        path: access.asked.clone(),
        display: line(&access.asked),
        resolved: access.shown.display().to_string(),
        workspace: access.workspace.display().to_string(),
        outside: access.outside,
        reasons,
    }
}

fn line(text: &str) -> Shown {
    let revealed = reveal_line(text);
    Shown { shown: revealed.shown, warnings: revealed.warnings }
}
