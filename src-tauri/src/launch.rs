//! Starts other programs of the person's desktop: without a shell, apart from this one, so that they live on.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// A program that fails within this time counts as not started.
const SOON: Duration = Duration::from_secs(1);

/// Starts a program with its arguments. An error, in words, where there is none or it fails at once.
pub(crate) async fn launch(words: &[OsString]) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("no program is named".to_owned());
    };
    let named = program.to_string_lossy().into_owned();
    let path = find(program).ok_or_else(|| format!("there is no program {named}"))?;
    let mut child = start(path, arguments).map_err(|error| format!("{named}: {error}"))?;
    match timeout(SOON, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(format!("{named} ended at once ({status})")),
        Ok(_) => Ok(()),
        Err(_) => {
            // It runs; whenever it ends, it is not left as a dead entry among the processes.
            tokio::spawn(async move { child.wait().await });
            Ok(())
        }
    }
}

fn start(path: PathBuf, arguments: &[OsString]) -> io::Result<tokio::process::Child> {
    Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A group of its own: what ends this one from a terminal does not end it.
        .process_group(0)
        .kill_on_drop(false)
        .spawn()
}

/// Where a program lies: itself where it is a path, else in `PATH`, whose entries must be absolute, so that
/// nothing in the current folder is started.
pub(crate) fn find(program: &std::ffi::OsStr) -> Option<PathBuf> {
    let path = PathBuf::from(program);
    if path.is_absolute() {
        return is_program(&path).then_some(path);
    }
    if path.components().count() != 1 {
        return None;
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&path))
        .find(|path| is_program(path))
}

fn is_program(path: &std::path::Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[tokio::test]
    async fn what_cannot_be_started_is_told() {
        for (words, wanted) in [
            (vec![], "no program is named"),
            (vec!["no-such-editor"], "there is no program no-such-editor"),
            (vec!["./sh"], "there is no program ./sh"),
            (vec!["/bin/sh", "-c", "exit 3"], "/bin/sh ended at once (exit status: 3)"),
        ] {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            assert_eq!(launch(&words).await.unwrap_err(), wanted);
        }
        launch(&["true".into()]).await.unwrap();
    }

    #[test]
    fn only_programs_are_found() {
        assert!(find(OsStr::new("sh")).is_some_and(|path| path.is_absolute()));
        assert_eq!(find(OsStr::new("/etc/passwd")), None);
        assert_eq!(find(OsStr::new("/etc")), None);
    }
}
