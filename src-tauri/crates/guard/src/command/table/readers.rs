//! Programs that only read: the options that are harmless, and what their operands are.

use super::super::{filters, recursion};
use super::{Covers, Operands, Row, Shape};

const fn paths(programs: &'static str, options: &'static str) -> Row {
    Row { programs, covers: Covers::Shape(Shape::reading(options, Operands::Paths)) }
}

const fn words(programs: &'static str, options: &'static str) -> Row {
    Row { programs, covers: Covers::Shape(Shape::reading(options, Operands::Words)) }
}

const fn shape(programs: &'static str, shape: Shape) -> Row {
    Row { programs, covers: Covers::Shape(shape) }
}

/// Options are left out on purpose where they write, run, follow links, never end, read lists of
/// files, or show the environment.
pub(super) const ROWS: &[Row] = &[
    Row { programs: "echo true false :", covers: Covers::Words },
    Row { programs: "printf test", covers: Covers::Evaluates },
    Row { programs: "find gfind", covers: Covers::Find },
    paths("cat", "-AbeEnstTuv --show-all --number-nonblank --show-ends --number --squeeze-blank --show-tabs --show-nonprinting"),
    paths("tac", "-br -s= --before --regex --separator="),
    paths("rev", ""),
    paths("nl", "-p -b= -d= -f= -h= -i= -l= -n= -s= -v= -w= --body-numbering= --number-format= --number-width= --number-separator= --starting-line-number="),
    paths("head", "-qvz -n= -c= -# --lines= --bytes= --quiet --silent --verbose --zero-terminated"),
    // Not `-f`, `-F`, `--follow`, `--retry`: they never end.
    paths("tail", "-qvz -n= -c= -# --lines= --bytes= --quiet --silent --verbose --zero-terminated"),
    // Not `--files0-from`.
    paths("wc", "-clmwL --bytes --chars --lines --words --max-line-length --total="),
    // Not `-L` and `-H`: they follow links.
    paths("ls dir vdir", "-1aAbBcCdDfFgGhiklmnNopqQrRsStuUvxXZ -I= -w= -T= --all --almost-all --author --classify? --color? --directory --escape --file-type --format= --full-time --group-directories-first --hide= --human-readable --hyperlink? --ignore= --ignore-backups --indicator-style= --inode --kibibytes --literal --no-group --numeric-uid-gid --quote-name --quoting-style= --recursive --reverse --si --size --sort= --time= --time-style= --width= --block-size= --zero"),
    paths("stat", "-ft -c= --format= --printf= --terse --file-system"),
    paths("file", "-0bhikNprv -F= -e= -P= --brief --mime --mime-type --mime-encoding --extension --keep-going --no-pad --no-dereference --separator= --print0 --raw"),
    paths("du", "-0abchkmsSx -d= -t= -B= --all --apparent-size --bytes --block-size= --count-links --exclude= --human-readable --inodes --max-depth= --null --one-file-system --si --separate-dirs --summarize --threshold= --total"),
    paths("df", "-aBhHiklPTx -t= --all --human-readable --inodes --local --print-type --si --total --output?"),
    paths("readlink realpath", "-efmnqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline --quiet --silent --relative-to=@ --relative-base=@ --strip --no-symlinks"),
    // Not `-c`: it reads a list of files.
    paths("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum sum cksum", "-bltz -a= --algorithm= --binary --text --tag --untagged --zero"),
    // Not `-o`: on some systems it writes.
    paths("base64 base32 basenc", "-di -w= --decode --ignore-garbage --wrap= --base64 --base64url --base32 --base16"),
    paths("od hexdump hd", "-bcCdosvxi -A= -j= -N= -S= -t= -w= -n= --address-radix= --skip-bytes= --read-bytes= --format= --output-duplicates"),
    paths("strings", "-a -n= -t= -e= -# --all --bytes= --radix= --encoding="),
    shape("xxd", Shape { single_dash: true, ..Shape::reading("-a -b -e -E -i -p -u -ps -plain -postscript -c= -cols= -g= -groupsize= -l= -len= -o= -s= -seek= -include -uppercase -bits", Operands::OnePath) }),
    // Not `-o`, `-T`, `--compress-program`, `--files0-from`.
    paths("sort", "-bcCdfghimMnrRsuVz -k= -t= -S= --key= --field-separator= --ignore-leading-blanks --dictionary-order --ignore-case --general-numeric-sort --human-numeric-sort --ignore-nonprinting --month-sort --numeric-sort --random-sort --reverse --version-sort --check? --merge --stable --buffer-size= --parallel= --unique --zero-terminated --sort="),
    shape("uniq", Shape::reading("-cdDiuz -f= -s= -w= --count --repeated --all-repeated? --group? --ignore-case --unique --skip-fields= --skip-chars= --check-chars= --zero-terminated", Operands::OnePath)),
    paths("cut", "-nsz -b= -c= -d= -f= --bytes= --characters= --delimiter= --fields= --complement --only-delimited --output-delimiter= --zero-terminated"),
    paths("paste", "-sz -d= --delimiters= --serial --zero-terminated"),
    paths("join", "-iz -1= -2= -a= -e= -j= -o= -t= -v= --check-order --nocheck-order --header --ignore-case"),
    paths("comm cmp", "-123bilsz -n= --bytes= --print-bytes --silent --quiet --verbose --total --output-delimiter= --check-order --nocheck-order"),
    paths("expand unexpand", "-ai -t= -# --all --first-only --initial --tabs="),
    paths("fold fmt", "-bcstu -p= -w= -g= -# --width= --spaces --bytes --split-only --crown-margin --tagged-paragraph --uniform-spacing --prefix="),
    paths("column", "-txeJn -c= -s= -o= -N= -R= -H= --table --separator= --output-separator= --output-width= --json"),
    paths("pr", "-aDdFfJmrTtvW -# -h= -i? -l= -n? -o= -s? -w="),
    paths("tsort shasum", "-a= -b"),
    words("tr", "-cCdst --complement --delete --squeeze-repeats --truncate-set1"),
    words("basename dirname", "-az -s= --multiple --suffix= --zero"),
    shape("seq sleep", Shape::reading("-w -f= -s= --equal-width --format= --separator= -#", Operands::Words).with(filters::numbers)),
    // Not `-s`: it never ends.
    words("free", "-bghklmtvw --bytes --giga --human --kibi --kilo --lohi --mebi --mega --si --total --wide"),
    words("expr factor numfmt nproc uname whoami id groups tty uptime cal", "-abcghiklmnoprstuvwzGA --all --to= --from= --from-unit= --to-unit= --suffix= --padding= --round= --field= --delimiter= --format= --header? --grouping --invalid= -d= --kernel-name --kernel-release --machine --name --human --ignore= -#"),
    paths("which", "-as --all --skip-alias --skip-dot --skip-tilde"),
    // Not `-s`, `--set`, `-f`: they set the clock, or read a list.
    shape("date", Shape::reading("-uR -I? -d= -r=@ --date= --reference=@ --utc --universal --iso-8601? --rfc-3339= --rfc-email --debug", Operands::Format)),
    // Not `-o`, `-l`, `-R`, `--fromfile`.
    paths("tree", "-acdDfFghipqQsuvxrtUSnCAJXN -L= -I= -P= -H= -T= --dirsfirst --filesfirst --du --gitignore --ignore-case --inodes --device --matchdirs --metafirst --noreport --prune --si --sort= --timefmt= --filelimit= --charset= --nolinks"),
    shape("grep egrep fgrep", Shape::reading(
        "-EFGPabchHiIlLnNoqrsTUvVwxyzZ -A= -B= -C= -D= -d= -e= -f=@ -m= -# --after-context= --before-context= --context= --color? --colour? --count --byte-offset --binary-files= --devices= --directories= --exclude= --exclude-dir= --exclude-from=@ --extended-regexp --file=@ --files-with-matches --files-without-match --fixed-strings --ignore-case --no-ignore-case --include= --initial-tab --invert-match --label= --line-buffered --line-number --line-regexp --max-count= --no-filename --no-messages --null --null-data --only-matching --perl-regexp --quiet --silent --recursive --regexp= --text --with-filename --word-regexp",
        Operands::PatternThenPaths("-e --regexp -f --file"),
    ).with(recursion::grep)),
    // Not `--pre`, `--pre-glob`, `--hostname-bin`, `-z`: they run programs; `-L` follows links.
    shape("rg", Shape::reading(
        "-abcFHiIlNnopPqsSUuvVwx.0 -A= -B= -C= -d= -e= -E= -f=@ -g= -j= -m= -M= -r= -t= -T= --after-context= --before-context= --context= --auto-hybrid-regex --binary --block-buffered --byte-offset --case-sensitive --color= --colors= --column --context-separator= --count --count-matches --crlf --debug --dfa-size-limit= --encoding= --engine= --field-context-separator= --field-match-separator= --file=@ --files --files-with-matches --files-without-match --fixed-strings --glob= --glob-case-insensitive --heading --hidden --iglob= --ignore-case --ignore-file=@ --ignore-file-case-insensitive --include-zero --invert-match --json --line-buffered --line-number --line-regexp --max-columns= --max-columns-preview --max-count= --max-depth= --max-filesize= --mmap --multiline --multiline-dotall --no-config --no-filename --no-heading --no-ignore --no-ignore-dot --no-ignore-exclude --no-ignore-files --no-ignore-global --no-ignore-messages --no-ignore-parent --no-ignore-vcs --no-line-number --no-messages --no-mmap --no-pcre2-unicode --no-require-git --no-unicode --null --null-data --one-file-system --only-matching --passthru --path-separator= --pcre2 --pretty --quiet --regex-size-limit= --regexp= --replace= --smart-case --sort= --sortr= --stats --stop-on-nonmatch --text --threads= --trace --trim --type= --type-list --type-not= --unrestricted --vimgrep --with-filename --word-regexp",
        Operands::PatternThenPaths("-e --regexp -f --file --files --type-list"),
    ).with(recursion::ripgrep)),
    // It lists names and reads none. Not `-x`, `-X`, `-l`: they run programs; `-L` follows links.
    shape("fd fdfind", Shape::reading(
        "-01aFgHiIpqsu -c= -d= -e= -E= -j= -S= -t= --absolute-path --case-sensitive --changed-before= --changed-within= --color= --exact-depth= --exclude= --extension= --fixed-strings --full-path --glob --hidden --ignore-case --max-depth= --max-results= --min-depth= --no-ignore --no-ignore-parent --no-ignore-vcs --print0 --prune --quiet --relative-path --search-path=@ --size= --threads= --type= --unrestricted",
        Operands::PatternThenPaths(""),
    )),
    // Not `-l`: it runs `pr`.
    shape("diff", Shape::reading(
        "-abBcdeEiHnNpqrsSTtuwyZ -# -C= -F= -I= -U= -W= -x= -X=@ --brief --color? --context? --exclude= --exclude-from=@ --expand-tabs --from-file=@ --to-file=@ --ignore-all-space --ignore-blank-lines --ignore-case --ignore-matching-lines= --ignore-space-change --ignore-tab-expansion --ignore-trailing-space --label= --left-column --minimal --new-file --no-dereference --normal --recursive --report-identical-files --show-c-function --show-function-line= --side-by-side --speed-large-files --strip-trailing-cr --suppress-common-lines --tabsize= --text --unidirectional-new-file --unified? --width= --initial-tab --horizon-lines=",
        Operands::Paths,
    ).with(recursion::diff)),
    // Not `-f`, `-L`: they read programs.
    shape("jq", Shape::reading(
        "-acCeijMnrRsS --ascii-output --color-output --compact-output --exit-status --indent= --join-output --monochrome-output --null-input --raw-input --raw-output --seq --slurp --sort-keys --stream --tab --unbuffered --arg== --argjson== --args --jsonargs",
        Operands::PatternThenPaths(""),
    ).with(filters::jq)),
    // `-n` with line numbers and `p`, nothing else.
    shape("sed gsed", Shape::reading("-n -e= --quiet --silent --expression=", Operands::PatternThenPaths("-e --expression")).with(filters::sed)),
];
