//! A second, plain reading of unified diffs: what the card shows must give what is written.

/// One hunk of a unified diff: where it begins in the old text, and its two sides.
#[derive(Debug)]
pub(crate) struct Hunk {
    start: usize,
    old: Vec<String>,
    new: Vec<String>,
}

/// Reads the hunks. Panics where the text is no unified diff, or its counts are wrong.
pub(crate) fn hunks(unified: &str) -> Vec<Hunk> {
    let mut lines = unified.split_inclusive('\n').peekable();
    let mut hunks = Vec::new();
    assert!(lines.next().unwrap().starts_with("--- "));
    assert!(lines.next().unwrap().starts_with("+++ "));
    while let Some(head) = lines.next() {
        let ranges = head.strip_prefix("@@ -").unwrap().strip_suffix(" @@\n").unwrap();
        let (old, new) = ranges.split_once(" +").unwrap();
        let (old_start, old_lines) = range(old);
        let (_, new_lines) = range(new);
        // An empty side names the line before it.
        let start = if old_lines == 0 { old_start } else { old_start - 1 };
        let mut hunk = Hunk { start, old: Vec::new(), new: Vec::new() };
        while hunk.old.len() < old_lines || hunk.new.len() < new_lines {
            let line = lines.next().expect("a hunk has as many lines as it says");
            let (sign, rest) = line.split_at(1);
            let mut text = rest.to_owned();
            if lines.next_if(|next| next.starts_with('\\')).is_some() {
                text.pop();
            }
            match sign {
                " " => {
                    hunk.old.push(text.clone());
                    hunk.new.push(text);
                }
                "-" => hunk.old.push(text),
                "+" => hunk.new.push(text),
                other => panic!("a line begins with {other:?}"),
            }
        }
        hunks.push(hunk);
    }
    hunks
}

fn range(text: &str) -> (usize, usize) {
    let (start, lines) = text.split_once(',').unwrap_or((text, "1"));
    (start.parse().unwrap(), lines.parse().unwrap())
}

/// The old text with the chosen hunks applied. Panics where a hunk does not fit the text.
pub(crate) fn apply(old: &str, hunks: &[Hunk], chosen: impl Fn(usize) -> bool) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let mut text = String::new();
    let mut at = 0;
    for (place, hunk) in hunks.iter().enumerate() {
        text.extend(lines[at..hunk.start].iter().copied());
        let end = hunk.start + hunk.old.len();
        assert_eq!(lines[hunk.start..end], hunk.old, "the hunk does not fit");
        let side = if chosen(place) { &hunk.new } else { &hunk.old };
        text.extend(side.iter().map(String::as_str));
        at = end;
    }
    text.extend(lines[at..].iter().copied());
    text
}
