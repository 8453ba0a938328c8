//! What a wildcard covers: one row a program. The rest asks, unless the pattern spells it out.
//!
//! A row's options are written as in a manual page's summary, divided by blanks:
//!
//! | token | is |
//! | --- | --- |
//! | `-abc` | letters that stand alone and may be bundled |
//! | `-n=` | a letter with a value that is no path, attached or in the next word |
//! | `-f=@` | a letter whose value is a path |
//! | `-j?` | a letter with a value that is no path, attached or none |
//! | `-#` | a number, as in `head -5` |
//! | `--name==` | a long one with two values in the next two words |
//! | `--name`, `--name=`, `--name=@`, `--name?` | the same for long ones (`?`: after `=` or none) |
//!
//! A program that is in no row gets any words that name nothing outside and no secret.

mod git;
mod nothing;
mod readers;
mod tools;

use super::ground::Ground;
use super::options::Seen;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A row: programs, and what a wildcard covers for them.
pub(super) struct Row {
    /// Names, divided by blanks.
    pub(super) programs: &'static str,
    pub(super) covers: Covers,
}

/// What a wildcard covers.
pub(super) enum Covers {
    /// These options and operands.
    Shape(Shape),
    /// By its first operand, which must be one of these.
    Subcommands(Tool),
    /// Git: as above, and what is inserted where it runs.
    Git,
    /// All words: it only prints them, or does nothing.
    Words,
    /// `find`: the parts of an expression that read.
    Find,
    /// `printf`, `test`: words, where no shell evaluates them.
    Evaluates,
    /// An existing file of the workspace and its arguments, after these options.
    Script(&'static str),
    /// Nothing: it writes, sends or pages.
    Nothing,
    /// Nothing: its words may be a program.
    Interpreter,
    /// Nothing, and no pattern of it is ever remembered: it runs other programs.
    Wrapper,
    /// A builtin that changes what later commands do: asks even where a pattern spells it out.
    Builtin,
}

/// The options and operands that a wildcard covers.
pub(super) struct Shape {
    pub(super) options: &'static str,
    /// Further options, where a list is shared.
    pub(super) more: &'static str,
    pub(super) operands: Operands,
    /// What may stand after `--`; none where that is only the end of the options.
    pub(super) rest: Option<&'static Shape>,
    /// Whether `-name` is a long option, as in Go's tools.
    pub(super) single_dash: bool,
    /// Whether the options end at the first operand.
    pub(super) strict: bool,
    /// Whether all it does is read; a sensitive file may be named then.
    pub(super) reads: bool,
    /// What else must hold.
    pub(super) also: fn(&Seen<'_>, &Ground<'_>) -> Result<(), String>,
}

/// What the words are that are no options.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Files and folders.
    Paths,
    /// One file at most: a second one would be written.
    OnePath,
    /// No paths.
    Words,
    /// Whatever it takes them for: names, paths, and paths within words.
    Any,
    /// A pattern, unless one of these options gives it; then files.
    PatternThenPaths(&'static str),
    /// The same, where the rest may be more than files.
    PatternThenAny(&'static str),
    /// `+FORMAT` only.
    Format,
    /// None.
    None,
}

/// A program with subcommands.
pub(super) struct Tool {
    /// Options before the subcommand.
    pub(super) options: &'static str,
    pub(super) subcommands: &'static [Subcommand],
}

/// A subcommand and what a wildcard covers after it.
pub(super) struct Subcommand {
    /// Names, divided by blanks.
    pub(super) names: &'static str,
    /// Whether a wildcard covers the subcommand itself; else the pattern must spell it out.
    pub(super) ordinary: bool,
    pub(super) shape: Shape,
}

impl Shape {
    const fn new(options: &'static str, operands: Operands) -> Self {
        Self {
            options,
            more: "",
            operands,
            rest: None,
            single_dash: false,
            strict: false,
            reads: false,
            also: |_, _| Ok(()),
        }
    }

    const fn reading(options: &'static str, operands: Operands) -> Self {
        Self { reads: true, ..Self::new(options, operands) }
    }

    const fn then(self, rest: &'static Shape) -> Self {
        Self { rest: Some(rest), ..self }
    }

    const fn of(self, operands: Operands) -> Self {
        Self { operands, ..self }
    }

    const fn with(self, also: fn(&Seen<'_>, &Ground<'_>) -> Result<(), String>) -> Self {
        Self { also, ..self }
    }
}

impl Tool {
    /// The subcommand of that name.
    pub(super) fn subcommand(&self, name: &str) -> Option<&Subcommand> {
        self.subcommands.iter().find(|one| one.names.split(' ').any(|known| known == name))
    }
}

pub(super) use git::GIT;

static ROWS: LazyLock<HashMap<&'static str, &'static Covers>> = LazyLock::new(|| {
    [readers::ROWS, tools::ROWS, nothing::ROWS]
        .into_iter()
        .flatten()
        .flat_map(|row| row.programs.split_whitespace().map(|name| (name, &row.covers)))
        .collect()
});

/// The row of a program, by its name as written; none where it is in no row.
pub(super) fn row(program: &str) -> Option<&'static Covers> {
    if let Some((_, name)) = program.rsplit_once('/') {
        // A file that is named like a program may be another one; a warning still goes by its name.
        return match ROWS.get(name).copied().or_else(|| kin(name)) {
            Some(Covers::Wrapper) => Some(&Covers::Wrapper),
            Some(Covers::Interpreter | Covers::Script(_)) => Some(&Covers::Interpreter),
            Some(Covers::Nothing | Covers::Git) => Some(&Covers::Nothing),
            _ => None,
        };
    }
    if program.starts_with("git-") {
        return Some(&Covers::Nothing);
    }
    ROWS.get(program).copied().or_else(|| kin(program)).or_else(|| build(program))
}

/// The row of the program that this is a version of (`python3.11`, `perl5.36`, `gcc-12`), that it is
/// another spelling of (`Rscript`; some disks know no case), or that it is GNU's under macOS
/// (`gxargs`); that of a compiler for another machine (`arm-none-eabi-gcc`).
fn kin(name: &str) -> Option<&'static Covers> {
    let small = name.to_ascii_lowercase();
    let plain = small
        .trim_end_matches(|last: char| last.is_ascii_digit() || last == '.')
        .trim_end_matches('-');
    let find = |name: &str| ROWS.get(name).copied().filter(|row| !matches!(row, Covers::Builtin));
    if let Some(row) = find(plain) {
        return match row {
            Covers::Interpreter | Covers::Nothing | Covers::Wrapper => Some(row),
            Covers::Script(_) if small == name => Some(row),
            Covers::Script(_) => Some(&Covers::Interpreter),
            // A disk that knows no case has the same program here.
            Covers::Shape(_)
            | Covers::Subcommands(_)
            | Covers::Git
            | Covers::Words
            | Covers::Find
            | Covers::Evaluates
            | Covers::Builtin => (small != name).then_some(&Covers::Nothing),
        };
    }
    if plain.rsplit_once('-').is_some_and(|(_, tool)| COMPILERS.contains(&tool)) {
        return Some(&Covers::Interpreter);
    }
    plain.strip_prefix('g').and_then(find)
}

const COMPILERS: &[&str] = &["cc", "gcc", "g++", "c++", "clang", "clang++", "ld", "as", "cpp"];

/// The row of the program that this is a build of: `vim.tiny`, `nc.openbsd`, `bash-static`,
/// `node.exe`. Such a name stands for a program only on the `PATH`; `./watch.sh` is a script.
fn build(name: &str) -> Option<&'static Covers> {
    let base = name.split_once('.').map(|(base, _)| base).or(name.strip_suffix("-static"))?;
    match ROWS.get(base).copied().or_else(|| kin(base))? {
        row @ (Covers::Nothing | Covers::Interpreter | Covers::Wrapper) => Some(row),
        Covers::Script(_) => Some(&Covers::Interpreter),
        Covers::Builtin => None,
        Covers::Shape(_)
        | Covers::Subcommands(_)
        | Covers::Git
        | Covers::Words
        | Covers::Find
        | Covers::Evaluates => Some(&Covers::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_program_has_two_rows() {
        let all = [readers::ROWS, tools::ROWS, nothing::ROWS];
        let names: Vec<&str> =
            all.into_iter().flatten().flat_map(|row| row.programs.split_whitespace()).collect();
        for (place, name) in names.iter().enumerate() {
            assert!(!names[..place].contains(name), "{name} has two rows");
        }
    }

    /// A letter in a bundle would hide that it takes a value.
    #[test]
    fn no_letter_stands_alone_and_takes_a_value() {
        fn look(shape: &Shape, of: &str) {
            let tokens: Vec<&str> = shape.options.split(' ').chain(shape.more.split(' ')).collect();
            let bundles = tokens.iter().filter(|token| {
                !shape.single_dash && !token.starts_with("--") && !token.contains(['=', '?', '#'])
            });
            for letter in bundles.flat_map(|bundle| bundle.chars().skip(1)) {
                let hidden = tokens.iter().find(|token| {
                    token.strip_prefix(['-']).is_some_and(|rest| {
                        rest.strip_prefix(letter).is_some_and(|end| end.starts_with(['=', '?']))
                    })
                });
                assert_eq!(hidden, None, "{of}: -{letter}");
            }
            if let Some(rest) = shape.rest {
                look(rest, of);
            }
        }
        for row in [readers::ROWS, tools::ROWS].into_iter().flatten() {
            if let Covers::Shape(shape) = &row.covers {
                look(shape, row.programs);
            } else if let Covers::Subcommands(tool) = &row.covers {
                tool.subcommands.iter().for_each(|one| look(&one.shape, one.names));
            }
        }
        GIT.subcommands.iter().for_each(|one| look(&one.shape, one.names));
    }

    #[test]
    fn a_program_is_found_by_its_name() {
        assert!(matches!(row("python3.11"), Some(Covers::Script(_))));
        for name in ["gcc-12", "g++-12", "clang-15.0", "R", "Rscript", "x86_64-linux-gnu-gcc-12"] {
            assert!(matches!(row(name), Some(Covers::Interpreter)), "{name}");
        }
        for name in ["vim.tiny", "nc.openbsd", "GIT", "gtar"] {
            assert!(matches!(row(name), Some(Covers::Nothing)), "{name}");
        }
        assert!(matches!(row("gxargs"), Some(Covers::Wrapper)));
        assert!(matches!(row("gcat"), Some(Covers::Shape(_))));
        assert!(row("./watch.sh").is_none() && row("my-tool").is_none() && row("gx").is_none());
        assert!(matches!(row("/usr/bin/env"), Some(Covers::Wrapper)));
        assert!(matches!(row("./tools/rm"), Some(Covers::Nothing)));
        assert!(matches!(row("git-upload-pack"), Some(Covers::Nothing)));
        assert!(row("mytool").is_none() && row("./ls").is_none() && row("./eval").is_none());
    }
}
