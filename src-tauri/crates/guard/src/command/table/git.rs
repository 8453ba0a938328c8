//! Git's subcommands. Those that only read are covered by `git *`; some that write are covered
//! where the pattern spells them out (`git commit *`), without what would run a program.

use super::super::filters;
use super::{Operands, Shape, Subcommand, Tool};

const fn reads(names: &'static str, mut shape: Shape) -> Subcommand {
    shape.reads = true;
    Subcommand { names, ordinary: true, shape }
}

const fn writes(names: &'static str, options: &'static str, operands: Operands) -> Subcommand {
    Subcommand { names, ordinary: false, shape: Shape::new(options, operands) }
}

pub(crate) const GIT: Tool =
    Tool { options: "-P --no-pager --no-optional-locks --no-lazy-fetch", subcommands: SUBCOMMANDS };

// Not `--ext-diff`, `--textconv`, `--output`, `--no-index`, `--show-signature`.
const DIFF: &str = "-abDENRpPqrstuwWz0 -# -B? -C? -G= -M? -S= -U= -X? -l= -I= -O=@ --abbrev? --anchored= --binary --break-rewrites? --cached --check --color? --color-moved? --color-words? --compact-summary --cumulative --diff-algorithm= --diff-filter= --dirstat? --exit-code --find-copies? --find-copies-harder --find-renames? --full-index --function-context --histogram --ignore-all-space --ignore-blank-lines --ignore-cr-at-eol --ignore-matching-lines= --ignore-space-at-eol --ignore-space-change --ignore-submodules? --inter-hunk-context= --irreversible-delete --ita-invisible-in-index --line-prefix= --merge-base --minimal --name-only --name-status --no-color --no-commit-id --no-ext-diff --no-patch --no-prefix --no-relative --no-renames --no-textconv --numstat --patch --patch-with-raw --patch-with-stat --patience --pickaxe-all --pickaxe-regex --quiet --raw --relative? --root --shortstat --src-prefix= --dst-prefix= --staged --stat? --stat-count= --stat-width= --submodule? --summary --text --unified= --word-diff? --word-diff-regex= --ws-error-highlight=";

// What `log`, `show` and their kin take besides.
const LOG: &str = "-abcDEFimNPpqRrstuvwWz0 -# -n= -L=@ -g --abbrev-commit --after= --all --all-match --ancestry-path? --author= --author-date-order --basic-regexp --before= --bisect --boundary --branches? --cc --cherry --cherry-mark --cherry-pick --children --clear-decorations --combined-all-paths --committer= --count --date= --date-order --decorate? --decorate-refs= --decorate-refs-exclude= --dense --diff-merges= --encoding= --exclude= --expand-tabs? --extended-regexp --first-parent --fixed-strings --follow --format= --full-diff --full-history --glob= --graph --grep= --grep-reflog= --invert-grep --left-only --left-right --log-size --max-count= --max-parents= --merges --min-parents= --no-abbrev-commit --no-color-moved --no-decorate --no-diff-merges --no-expand-tabs --no-max-parents --no-merges --no-min-parents --no-notes --no-walk? --not --notes? --oneline --parents --perl-regexp --pretty? --regexp-ignore-case --relative-date --remerge-diff --remotes? --remove-empty --reverse --right-only --show-linear-break? --show-notes? --show-pulls --simplify-by-decoration --simplify-merges --since= --since-as-filter= --skip= --source --sparse --tags? --topo-order --until= --use-mailmap --walk-reflogs";

const fn any(options: &'static str) -> Shape {
    Shape::new(options, Operands::Any)
}

const SUBCOMMANDS: &[Subcommand] = &[
    reads("status", any("-bsvz -u? --ahead-behind --branch --column? --find-renames? --ignore-submodules? --ignored? --long --no-ahead-behind --no-column --no-renames --porcelain? --renames --short --show-stash --untracked-files? --verbose")),
    reads("diff diff-tree diff-index diff-files", any(DIFF)),
    reads("log show whatchanged rev-list", Shape { more: DIFF, ..any(LOG) }),
    reads("reflog", Shape { more: DIFF, ..any(LOG) }.with(filters::reflog)),
    reads("shortlog", any("-cens -w? --all --after= --author= --before= --committer --email --format= --group= --no-merges --numbered --since= --summary --until=")),
    reads("blame annotate", any("-bcefFklnpstw -C? -L= -M? -S=@ --abbrev= --color-by-age --color-lines --date= --first-parent --ignore-rev= --incremental --line-porcelain --porcelain --root --score-debug --show-email --show-name --show-number --show-stats --since=")),
    reads("branch", any("-ailrv --all --color? --column? --contains? --format= --ignore-case --list --merged? --no-color --no-column --no-contains? --no-merged? --points-at= --remotes --show-current --sort= --verbose -vv").with(filters::listing)),
    reads("tag", any("-il -n? --color? --column? --contains? --format= --ignore-case --list --merged? --no-column --no-contains? --no-merged? --points-at= --sort=").with(filters::listing)),
    reads("rev-parse", any("-q --abbrev-ref? --absolute-git-dir --all --branches? --default= --disambiguate= --exclude= --flags --git-common-dir --git-dir --git-path= --glob= --is-bare-repository --is-inside-git-dir --is-inside-work-tree --is-shallow-repository --no-flags --no-revs --not --path-format= --prefix= --quiet --remotes? --revs-only --short? --show-cdup --show-object-format? --show-prefix --show-superproject-working-tree --show-toplevel --since= --sq --symbolic --symbolic-full-name --tags? --until= --verify")),
    // Not `--exclude-from`, which reads a file that it then tells of.
    reads("ls-files", any("-cdfikmorstuvz -x= --abbrev? --cached --debug --deduplicate --deleted --directory --empty-directory --eol --error-unmatch --exclude= --exclude-standard --full-name --format= --ignored --killed --modified --no-empty-directory --others --recurse-submodules --resolve-undo --sparse --stage --unmerged")),
    reads("ls-tree", any("-drtz -l --abbrev? --format= --full-name --full-tree --long --name-only --name-status --object-only")),
    // Not `-O`, `--open-files-in-pager`, `-f`, `--no-index`, `--untracked`.
    reads("grep", any("-acEFGhHiIlLnoPpqvwWzr -A= -B= -C= -e= -m= -# --after-context= --all-match --and --before-context= --break --cached --color? --column --context= --count --extended-regexp --files-with-matches --files-without-match --fixed-strings --full-name --function-context --heading --ignore-case --invert-match --line-number --max-count= --max-depth= --name-only --no-color --no-textconv --not --null --only-matching --or --perl-regexp --quiet --recursive --show-function --text --threads= --word-regexp").of(Operands::PatternThenAny("-e"))),
    reads("describe", any("--abbrev? --all --always --broken? --candidates= --contains --debug --dirty? --exact-match --exclude= --first-parent --long --match= --tags")),
    reads("cat-file", any("-epst --batch-all-objects --follow-symlinks --unordered")),
    reads("merge-base", any("-a --all --fork-point --independent --is-ancestor --octopus")),
    reads("name-rev", any("--all --always --exclude= --name-only --no-undefined --refs= --tags")),
    reads("show-ref", any("-dhqs --abbrev? --dereference --exists --hash? --head --heads --branches --quiet --tags --verify")),
    reads("show-branch", any("-agr --all --color? --current --date-order --independent --list --merge-base --more? --no-color --no-name --remotes --sha1-name --sparse --topics --topo-order")),
    // With a second name, or `-d`, it writes.
    reads("symbolic-ref", any("-q --no-recurse --quiet --recurse --short").with(filters::one_operand)),
    reads("for-each-ref", any("--color? --contains? --count= --exclude= --format= --ignore-case --merged? --no-contains? --no-merged? --points-at= --sort=")),
    reads("count-objects", any("-vH --verbose --human-readable")),
    reads("check-ignore", any("-nqvz --no-index --non-matching --quiet --verbose")),
    reads("check-attr", any("-az --all --cached")),
    reads("cherry", any("-v --abbrev?")),
    reads("remote", any("-v --verbose").with(filters::git_remote)),
    reads("stash", Shape { more: DIFF, ..any("-# --oneline --format=") }.with(filters::git_list)),
    reads("worktree", any("-vz --porcelain --verbose").with(filters::git_list)),
    reads("version", any("--build-options")),
    writes("add", "-AfnNuv --all --dry-run --force --ignore-errors --ignore-removal --intent-to-add --no-all --refresh --renormalize --sparse --update --verbose", Operands::Any),
    // `-S` would run gpg; an editor is not opened.
    writes("commit", "-anoqsvz -m= -u? --all --allow-empty --allow-empty-message --amend --author= --branch --cleanup= --date= --dry-run --fixup= --include --long --message= --no-edit --no-post-rewrite --no-gpg-sign --no-signoff --no-status --no-verify --null --only --porcelain --quiet --reset-author --reuse-message= --short --signoff --squash= --status --trailer= --untracked-files? --verbose", Operands::Any),
    writes("checkout switch", "-bBcCdfqt --detach --force --guess --no-guess --no-progress --no-track --ours --progress --quiet --theirs --track?", Operands::Any),
    writes("restore", "-qSW -s= --ours --overlay --progress --quiet --source= --staged --theirs --worktree", Operands::Any),
    writes("reset", "-Nq --hard --keep --merge --mixed --no-refresh --quiet --soft", Operands::Any),
    writes("rm mv", "-fknqrv --cached --dry-run --force --ignore-unmatch --quiet --sparse --verbose", Operands::Any),
    writes("init", "-q --quiet --initial-branch=", Operands::None),
];
