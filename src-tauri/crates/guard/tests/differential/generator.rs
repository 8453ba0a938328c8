//! Commands that a reader might get wrong: pieces of the corpora and of shells' grammars, mixed.

use serde_json::Value;

/// What is allowed while fuzzing.
pub(crate) const PATTERNS: &[&str] = &[
    "ls",
    "ls *",
    "cat *",
    "pwd",
    "echo *",
    "head *",
    "tail *",
    "wc *",
    "grep *",
    "rg *",
    "find *",
    "stat *",
    "sort *",
    "uniq *",
    "diff *",
    "file *",
    "which *",
    "true",
    "date",
    "date *",
    "tree *",
    "cut *",
    "tr *",
    "basename *",
    "dirname *",
    "jq *",
    "base64 *",
    "xxd *",
    "sed *",
    "nl *",
    "tac *",
    "git *",
    "node *",
    "python *",
    "cargo *",
    "npm run test:*",
    "npm *",
    "make *",
    "pytest *",
    "go *",
    "tsc *",
    "mytool *",
    "printf *",
    "test *",
    "./scripts/check.sh",
];

const PIECES: &[&str] = &[
    " ",
    " ",
    " ",
    " ",
    "\t",
    "&&",
    "||",
    ";",
    "|",
    "&",
    "\n",
    "\r",
    "'",
    "'",
    "\"",
    "\"",
    "\\",
    "`",
    "$",
    "$(",
    "${",
    ")",
    "(",
    "{",
    "}",
    "*",
    "?",
    "[",
    "]",
    "~",
    "#",
    "!",
    "^",
    "=",
    "<",
    ">",
    ">>",
    "<<",
    "<<<",
    "2>&1",
    ">&2",
    ">/dev/null",
    "2>/dev/null",
    "&>/dev/null",
    "2>",
    "1>&",
    "0<",
    "|&",
    ";;",
    "%",
    "@",
    ":",
    ",",
    "+",
    "-",
    "--",
    "/",
    "..",
    ".",
    "\u{a0}",
    "\u{3000}",
    "\u{200b}",
    "\u{2028}",
    "\u{202e}",
    "\u{e9}",
    "e\u{301}",
    "\u{434}",
    "\u{65e5}",
    "\u{ff04}",
    "\u{7f}",
    "\u{1b}",
    "\u{85}",
    "\0",
    "ls",
    "cat",
    "echo",
    "rm",
    "sh",
    "id",
    "git",
    "eval",
    "exec",
    "if",
    "then",
    "fi",
    "for",
    "in",
    "do",
    "done",
    "while",
    "case",
    "esac",
    "function",
    "time",
    "!",
    "a",
    "b",
    "x=1",
    "A=b",
    "README.md",
    "src",
    "src/main.rs",
    "'a b.txt'",
    "\"x;y.txt\"",
    "-n",
    "-la",
    "-o",
    "cd",
    "cd src &&",
    "$IFS",
    "$'x'",
    "$\"x\"",
    "\\n",
    "\"\\$x\"",
    "\"\\`\"",
    "\"\\\"\"",
    "\"!\"",
    "\"a!\"",
    "'$x'",
    "'`x`'",
    "'\\'",
    "''",
    "\"\"",
    "a^b",
    "HEAD^",
    "a~",
    "~a",
    "a=~",
    "a:~",
    "=ls",
    "#a",
    "a#",
    "{a,b}",
    "a{1..3}",
    "1",
    "2",
    "3",
];

const FIRST: &[&str] = &[
    "ls",
    "cat README.md",
    "echo",
    "grep -n main src/main.rs",
    "git status",
    "git log -1",
    "mytool",
    "find . -name",
    "sort",
    "head -n 5",
    "node script.js",
    "printf",
    "sed -n 1,5p README.md",
    "true",
    "tr a b",
    "cut -d: -f1 README.md",
    "pwd",
    "test -f README.md",
    "make all",
    "jq .",
    "wc -l README.md",
];

/// A stream of commands; the same for the same seed.
pub(crate) struct Generator {
    state: u64,
    corpus: Vec<String>,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        let texts = [
            include_str!("../corpus/commands.jsonl"),
            include_str!("../corpus/own-commands.jsonl"),
        ];
        let corpus = texts
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["exec"].as_str().map(str::to_owned)
            })
            .filter(|exec| exec.len() < 300)
            .collect();
        Self { state: seed.wrapping_mul(2) | 1, corpus }
    }

    fn next(&mut self) -> u64 {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % end.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    pub(crate) fn command(&mut self) -> String {
        match self.below(8) {
            0 => {
                let place = self.below(self.corpus.len());
                self.corpus[place].clone()
            }
            1 => self.mutated(),
            2 => self.joined(),
            3 => self.soup(),
            _ => self.words(),
        }
    }

    /// A command of the corpora with some pieces put in, taken out or doubled.
    fn mutated(&mut self) -> String {
        let place = self.below(self.corpus.len());
        let mut text: Vec<char> = self.corpus[place].chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(text.len() + 1);
            match self.below(3) {
                0 if at < text.len() => {
                    text.remove(at);
                }
                1 => {
                    let piece: Vec<char> = self.pick(PIECES).chars().collect();
                    text.splice(at..at, piece);
                }
                _ => {
                    let to = (at + self.below(6)).min(text.len());
                    let copy: Vec<char> = text[at..to].to_vec();
                    text.splice(at..at, copy);
                }
            }
        }
        text.into_iter().collect()
    }

    /// Commands of the corpora joined by operators.
    fn joined(&mut self) -> String {
        let mut text = String::new();
        for part in 0..=self.below(3) {
            if part > 0 {
                text.push_str(
                    self.pick(&[
                        "&&", " && ", "||", " | ", "|", ";", " ; ", " & ", "\n", " 2>&1 | ",
                    ]),
                );
            }
            let place = self.below(self.corpus.len());
            text.push_str(&self.corpus[place].clone());
        }
        text
    }

    fn soup(&mut self) -> String {
        (0..=self.below(12)).map(|_| self.pick(PIECES)).collect()
    }

    /// An allowed beginning, then words made of pieces, some quoted.
    fn words(&mut self) -> String {
        let mut text = self.pick(FIRST).to_owned();
        for _ in 0..self.below(5) {
            text.push_str(self.pick(&[" ", " ", " ", "  ", "\t", ""]));
            let quote = self.pick(&["", "", "", "'", "\""]);
            text.push_str(quote);
            for _ in 0..=self.below(3) {
                let piece = self.pick(PIECES);
                text.push_str(piece);
            }
            text.push_str(quote);
            if self.below(6) == 0 {
                text.push_str(self.pick(&[" && ", " | ", "; ", " || ", " 2>&1 | "]));
                text.push_str(self.pick(FIRST));
            }
        }
        text
    }
}

/// Inputs that would be slow to a reader without bounds.
pub(crate) fn heavy() -> Vec<String> {
    let word = |length: usize, unit: &str| unit.repeat(length / unit.len());
    let mut inputs = Vec::new();
    for unit in [
        "a ",
        "a/",
        "../",
        "./",
        "src/../",
        "dir_in/../",
        "a:",
        "a=",
        "a,b@",
        "-a ",
        "--a=b ",
        "'a' ",
        "\"\\\"\"",
        "$(",
        "`",
        "{",
        "(",
        "[",
        "'",
        "\"",
        "\\",
        ";",
        "&&",
        "a;",
        "a|",
        "ls|",
        "~",
        "#",
        "\u{300}",
        "\u{202e}",
        "\u{e9}",
        "=:",
        "1>",
        ">&",
        "*",
        "a\u{200d}",
        "dir_in/",
        "link_in ",
    ] {
        for program in
            ["", "mytool ", "cat ", "git log ", "grep -r x ", "node script.js ", "rm -rf "]
        {
            inputs.push(format!("{program}{}", word(8_100, unit)));
        }
        inputs.push(word(130_000, unit));
    }
    let many = |make: &dyn Fn(usize) -> String| (0..2_000).map(make).collect::<Vec<_>>().join(" ");
    for program in ["mytool", "cat", "grep x", "git diff"] {
        for text in [
            many(&|n| format!("{n:x}")),
            many(&|n| format!("s/{n:x}")),
            many(&|n| format!("src/{n:x}")),
        ] {
            let mut text = format!("{program} {text}");
            text.truncate(8_190);
            inputs.push(text);
        }
    }
    for command in
        ["rg x .", "grep -r x src", "git status", "cat README.md src/main.rs", "diff -r src docs"]
    {
        inputs.push(vec![command; 50].join(";"));
    }
    inputs
}
