//! Build tools and interpreters of scripts: ordinary targets and options. Not another project,
//! shell, tool, output place or configuration.

use super::super::filters;
use super::{Covers, Operands, Row, Shape, Subcommand, Tool};

const fn sub(names: &'static str, shape: Shape) -> Subcommand {
    Subcommand { names, ordinary: true, shape }
}

/// A subcommand that the pattern must spell out.
const fn spelled(names: &'static str, shape: Shape) -> Subcommand {
    Subcommand { names, ordinary: false, shape }
}

const fn tool(
    programs: &'static str,
    options: &'static str,
    subcommands: &'static [Subcommand],
) -> Row {
    Row { programs, covers: Covers::Subcommands(Tool { options, subcommands }) }
}

const fn shape(programs: &'static str, shape: Shape) -> Row {
    Row { programs, covers: Covers::Shape(shape) }
}

/// Arguments of the project's own program: any that name nothing outside.
const ANY: Shape = Shape::new("", Operands::Any);

pub(super) const ROWS: &[Row] = &[
    Row { programs: "git", covers: Covers::Git },
    Row { programs: "node nodejs", covers: Covers::Script("") },
    Row { programs: "python pypy", covers: Covers::Script("-BEIOsSu") },
    Row { programs: "ts-node tsx", covers: Covers::Script("") },
    tool("cargo", "-qv --quiet --verbose --color= --locked --offline --frozen", CARGO),
    tool("npm", NPM_OPTIONS, NPM),
    tool("pnpm", NPM_OPTIONS, NPM),
    Row { programs: "go", covers: Covers::Subcommands(Tool { options: "", subcommands: GO }) },
    shape("make gmake", Shape::new(
        "-bBdikmnqrRsSw -j? -l? -O? --always-make --dry-run --ignore-errors --jobs? --just-print --keep-going --load-average? --no-builtin-rules --no-keep-going --no-print-directory --output-sync? --print-directory --question --quiet --recon --silent --stop --touch --trace",
        Operands::Any,
    ).with(filters::make)),
    // Recipes of the project, and variables as for make; no other shell, file or command.
    shape("just task", Shape::new(
        "-lnqv --dry-run --dump --evaluate --list --list-all --quiet --silent --summary --variables --verbose",
        Operands::Any,
    ).with(filters::make)),
    // Not `-p`, `-c`, `-o`, `--rootdir`, `--basetemp`, `--pdb`, `--pastebin`, reports in files.
    shape("pytest py.test", Shape::new(
        "-hlqsvx -k= -m= -n= -r= -W= --cache-show? --capture= --co --collect-only --color= --cov? --cov-branch --cov-fail-under= --cov-report= --deselect= --dist= --doctest-modules --durations= --exitfirst --failed-first --ff --fixtures --full-trace --ignore=@ --ignore-glob= --keep-duplicates --last-failed --lf --markers --maxfail= --new-first --nf --no-header --no-summary --numprocesses= --quiet --reruns= --runxfail --setup-only --setup-show --showlocals --sw --stepwise --strict --strict-config --strict-markers --tb= --timeout= --verbose --verbosity=",
        Operands::Any,
    ).with(filters::pytest)),
    // Not `--outDir` and the like, `--init`, `--watch`, profiles and traces.
    shape("tsc", Shape { single_dash: true, ..Shape::new(
        "-b -d -t= -m= -p=@ -allowJs -build -checkJs -declaration -diagnostics -emitDeclarationOnly -esModuleInterop -extendedDiagnostics -explainFiles -incremental -isolatedModules -jsx= -lib= -listEmittedFiles -listFiles -listFilesOnly -module= -moduleResolution= -noEmit -noEmitOnError -noErrorTruncation -noImplicitAny -noUnusedLocals -noUnusedParameters -preserveWatchOutput -pretty -project=@ -removeComments -resolveJsonModule -showConfig -skipLibCheck -sourceMap -strict -strictNullChecks -target= -traceResolution",
        Operands::Any,
    ).with(filters::no_argument_files) }),
];

const CARGO_COMMON: &str = "-qrv -F= -j= -p= --all --all-features --all-targets --bench= --benches --bin= --bins --color= --doc --example= --examples --exclude= --features= --frozen --future-incompat-report --ignore-rust-version --jobs= --keep-going --lib --locked --message-format= --no-default-features --no-deps --no-fail-fast --no-run --offline --package= --profile= --quiet --release --target= --test= --tests --timings --unit-graph --verbose --workspace --document-private-items";

const CARGO_TEST_ARGUMENTS: Shape = Shape::new(
    "-q --bench --color= --exact --format= --ignored --include-ignored --list --nocapture --no-capture --quiet --report-time? --show-output --shuffle --skip= --test --test-threads=",
    Operands::Words,
);

const CARGO: &[Subcommand] = &[
    sub("build b check c doc d", Shape::new(CARGO_COMMON, Operands::None).with(filters::cargo)),
    sub("test t bench", Shape::new(CARGO_COMMON, Operands::Words).then(&CARGO_TEST_ARGUMENTS).with(filters::cargo)),
    sub("run r", Shape::new(CARGO_COMMON, Operands::Any).then(&ANY).with(filters::cargo)),
    sub("clippy", Shape::new(CARGO_COMMON, Operands::None).then(&CLIPPY_ARGUMENTS).with(filters::cargo)),
    sub("fmt", Shape::new("-qv -p= --all --check --package= --quiet --verbose --message-format=", Operands::None).then(&FORMAT_ARGUMENTS)),
    sub("tree", Shape::new("-d -e= -i= -p= -F= --all-features --charset= --color= --depth= --duplicates --edges= --features= --format= --frozen --invert= --locked --no-default-features --no-dedupe --offline --package= --prefix= --prune= --target= --workspace", Operands::None).with(filters::cargo)),
    sub("help", Shape::new("", Operands::Words)),
    sub("metadata", Shape::new("-qv --all-features --color= --features= --filter-platform= --format-version= --frozen --locked --no-default-features --no-deps --offline --quiet --verbose", Operands::None)),
    sub("clean update pkgid locate-project version verify-project", Shape::new("-nqrv -p= --color= --dry-run --frozen --locked --message-format= --offline --package= --precise= --quiet --release --verbose --workspace", Operands::Words)),
    spelled("add remove rm fetch generate-lockfile nextest", Shape::new("-qvD -p= -F= --all-features --build --dev --dry-run --features= --frozen --locked --no-default-features --offline --optional --package= --quiet --rename= --release --target= --verbose --workspace", Operands::Any).with(filters::cargo)),
];

const CLIPPY_ARGUMENTS: Shape =
    Shape::new("-A= -D= -F= -W= --allow= --deny= --forbid= --warn=", Operands::None);
const FORMAT_ARGUMENTS: Shape = Shape::new(
    "-lqv --check --edition= --color= --files-with-diff --quiet --verbose",
    Operands::None,
);

const NPM_OPTIONS: &str = "-s -w=@ -r --silent --quiet --if-present --color? --no-color --workspace=@ --workspaces --ws --include-workspace-root --no-audit --no-fund --json --recursive --loglevel=";

const NPM: &[Subcommand] = &[
    sub(
        "test t tst run run-script start stop restart",
        Shape::new(NPM_OPTIONS, Operands::Any).then(&ANY),
    ),
    sub(
        "ls list ll la outdated why explain",
        Shape::new(
            "-alp --all --depth= --json --long --omit= --parseable --silent",
            Operands::Words,
        ),
    ),
    spelled(
        "ci install i add",
        Shape::new(
            "-DEs --dry-run --ignore-scripts --include= --legacy-peer-deps --no-audit --no-fund --no-save --omit= --prefer-offline --save --save-dev --save-exact --silent --workspace=@ --frozen-lockfile",
            Operands::Any,
        ),
    ),
    spelled(
        "audit fund version view info show uninstall un remove update up dedupe prune",
        Shape::new(
            "-DEs --audit-level= --dry-run --json --omit= --production --save --save-dev --silent",
            Operands::Any,
        ),
    ),
];

const GO_BUILD: &str = "-a -n -p= -race -msan -v -x -work -tags= -trimpath -mod= -cover -covermode= -coverpkg= -buildvcs= -json";
const GO_TEST: &str = "-a -n -p= -race -msan -v -x -work -tags= -trimpath -mod= -cover -covermode= -coverpkg= -buildvcs= -json -bench= -benchmem -benchtime= -count= -cpu= -failfast -fullpath -list= -parallel= -run= -short -shuffle= -skip= -timeout= -vet=";

const fn go(options: &'static str, operands: Operands) -> Shape {
    Shape { single_dash: true, ..Shape::new(options, operands) }
}

const GO: &[Subcommand] = &[
    sub("build vet", go(GO_BUILD, Operands::Any)),
    sub("test", go(GO_TEST, Operands::Any).with(filters::go_test)),
    sub("run", Shape { strict: true, ..go(GO_BUILD, Operands::Any) }.with(filters::go_run)),
    sub("list", go("-deps -e -f= -find -json -m -test -tags= -u -versions", Operands::Any)),
    sub("fmt", go("-n -x", Operands::Any)),
    sub("doc", go("-all -c -cmd -short -src -u", Operands::Any)),
    sub("env", go("-json -changed", Operands::Words)),
    sub("help", go("", Operands::Words)),
    sub("version", go("-m -v", Operands::Any)),
    sub(
        "mod",
        Shape::new("-v -e -json -go= -compat= -vendor -m", Operands::Any).with(filters::go_mod),
    ),
    spelled(
        "get install clean",
        Shape::new("-a -n -t -u -v -x -tags= -cache -testcache", Operands::Any),
    ),
];
