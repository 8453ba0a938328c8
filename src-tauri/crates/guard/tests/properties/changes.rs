//! Edits of random texts in all encodings: what the card shows is what is written, to the byte.

use super::{approve, cases, open, settings, unified};
use countersign_guard::{Access, Action, Fingerprint, Workspace};
use countersign_protocol::{Card, ExecSecurity, FileApproval, FileCard, LineKind};
use countersign_testkit::TempWorkspace;
use proptest::prelude::*;
use std::fs;

/// How a text is written in bytes. Encoded here by hand, not by what the guard uses.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Utf8,
    Utf8Marked,
    Utf16Little,
    Utf16Big,
    Latin1,
}

impl Encoding {
    /// The bytes, or none where the text cannot be told from another in this encoding.
    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf8Marked => Some([b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            Self::Utf16Little => {
                let units = text.encode_utf16().flat_map(u16::to_le_bytes);
                Some(b"\xFF\xFE".iter().copied().chain(units).collect())
            }
            Self::Utf16Big => {
                let units = text.encode_utf16().flat_map(u16::to_be_bytes);
                Some(b"\xFE\xFF".iter().copied().chain(units).collect())
            }
            // From 0x80 to 0x9F the Encoding Standard reads other characters than Latin-1 had.
            Self::Latin1 => {
                let byte = |char| u8::try_from(u32::from(char)).ok();
                let bytes = text
                    .chars()
                    .map(|char| byte(char).filter(|byte| !(0x80..=0x9f).contains(byte)));
                bytes.collect::<Option<Vec<u8>>>().filter(|bytes| str::from_utf8(bytes).is_err())
            }
        }
    }
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(vec![
        Encoding::Utf8,
        Encoding::Utf8Marked,
        Encoding::Utf16Little,
        Encoding::Utf16Big,
        Encoding::Latin1,
    ])
}

/// A line with its end; ends are mixed in some texts.
fn line() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        4 => "[abc]{0,2}",
        1 => "[ -~\t]{0,12}",
        1 => "[a\u{a1}-\u{ff}]{1,4}",
        1 => Just("- a".to_owned()),
        1 => Just("+++ b".to_owned()),
        1 => Just("@@ -1,1 +1,1 @@".to_owned()),
        1 => Just("\\ No newline at end of file".to_owned()),
        1 => Just("a\rb".to_owned()),
    ];
    let end = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r\r\n")];
    (text, end).prop_map(|(text, end)| text + end)
}

/// Characters that only some encodings can write, and ones that are drawn as marks.
fn odd_line() -> impl Strategy<Value = String> {
    "[a\u{1b}\u{7f}\u{202e}\u{200b}\u{2028}\u{85}\u{feff}\u{3b1}\u{65e5}\u{1f600}]{0,5}\n"
}

fn text(odd: bool) -> impl Strategy<Value = String> {
    let line = if odd { prop_oneof![3 => line(), 1 => odd_line()].boxed() } else { line().boxed() };
    (prop::collection::vec(line, 0..30), prop::bool::ANY).prop_map(|(lines, ends)| {
        let mut text = lines.concat();
        if !ends && text.ends_with('\n') {
            text.pop();
        }
        text
    })
}

/// A text and what is made of it: lines put in, taken out and replaced here and there.
fn change() -> impl Strategy<Value = (String, String)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, line()), 0..6);
    let edited = (text(true), edits).prop_map(|(before, edits)| {
        let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
        for (place, taken, line) in edits {
            let at = place.index(lines.len() + 1);
            let end = (at + taken.saturating_sub(1)).min(lines.len());
            lines.splice(at..end, (taken != 2).then_some(line));
        }
        (before, lines.concat())
    });
    prop_oneof![3 => edited, 1 => (text(true), text(true))]
}

struct Edit {
    place: TempWorkspace,
    workspace: Workspace,
}

impl Edit {
    fn of(bytes: &[u8]) -> Self {
        let place = TempWorkspace::new().file("f.txt", bytes);
        let always = settings(ExecSecurity::default(), FileApproval::Always, &[]);
        let workspace = open(&place.path(), always);
        Self { place, workspace }
    }

    fn propose(&self, after: &str) -> Result<Action, countersign_guard::GuardError> {
        self.workspace.view().propose_edit("f.txt", |_| Ok((after.to_owned(), 1)))
    }

    fn card(&self, action: &Action) -> Box<FileCard> {
        match self.workspace.card(action, Vec::new()) {
            Card::Write(card) | Card::Edit(card) => Box::new(card),
            other => panic!("another card: {other:?}"),
        }
    }

    fn text(&self) -> String {
        let mut read = String::new();
        let _ = self.workspace.view().propose_edit("f.txt", |text| {
            text.clone_into(&mut read);
            Err(String::new())
        });
        read
    }
}

fn hash(bytes: &[u8]) -> String {
    Fingerprint::of(bytes).hex()
}

proptest! {
    #![proptest_config(cases(400, 1))]

    #[test]
    fn the_diff_on_the_card_gives_what_is_written(
        (before, after) in change(),
        encoding in encoding(),
        kept in prop::collection::vec(prop::bool::ANY, 32),
    ) {
        let Some(bytes) = encoding.encode(&before) else { return Ok(()) };
        // Without a mark, a text that begins with one is a text with a mark.
        prop_assume!(!matches!(encoding, Encoding::Utf8) || !before.starts_with('\u{feff}'));
        let edit = Edit::of(&bytes);
        prop_assert_eq!(edit.text(), before.clone());
        let Ok(action) = edit.propose(&after) else {
            prop_assert!(matches!(encoding, Encoding::Latin1), "{:?} can write all", encoding);
            return Ok(());
        };
        let card = edit.card(&action);
        let hunks = unified::hunks(&card.diff);
        prop_assert_eq!(unified::apply(&before, &hunks, |_| true), after.clone());
        prop_assert_eq!(card.changes.hunks.len(), hunks.len());
        prop_assert_eq!(card.before_sha256, Some(hash(&bytes)));
        if let Some(written) = encoding.encode(&after) {
            prop_assert_eq!(card.after_sha256, hash(&written));
        }
        counts(&card.diff, &card.changes);

        let numbers: Vec<u32> = (1..=u32::try_from(hunks.len()).unwrap()).collect();
        let chosen: Vec<u32> =
            numbers.iter().copied().filter(|&number| kept[number as usize % kept.len()]).collect();
        for numbers in [numbers, chosen].into_iter().filter(|numbers| !numbers.is_empty()) {
            let action = edit.propose(&after).unwrap();
            let wanted = unified::apply(&before, &hunks, |place| {
                numbers.contains(&u32::try_from(place + 1).unwrap())
            });
            let approved = approve(&edit.workspace, action, Some(numbers)).unwrap();
            let revised = edit.card(approved.action());
            if let Some(written) = encoding.encode(&wanted) {
                prop_assert_eq!(revised.after_sha256, hash(&written));
            }
            let left = unified::hunks(&revised.diff);
            prop_assert_eq!(unified::apply(&before, &left, |_| true), wanted);
        }
        let action = edit.propose(&after).unwrap();
        prop_assert!(approve(&edit.workspace, action, Some(Vec::new())).is_none(), "no hunk is no change");
        prop_assert_eq!(fs::read(edit.place.path().join("f.txt")).unwrap(), bytes, "nothing was written");
    }

    #[test]
    fn any_file_that_can_be_edited_keeps_its_bytes(bytes in bytes()) {
        let edit = Edit::of(&bytes);
        let same = edit.workspace.view().propose_edit("f.txt", |text| Ok((text.to_owned(), 1)));
        let Access::Granted(place) = edit.workspace.view().look("read", "f.txt").unwrap() else {
            panic!("it is inside")
        };
        if let Ok(action) = same {
            let card = edit.card(&action);
            prop_assert_eq!(card.after_sha256, hash(&bytes));
            prop_assert!(card.changes.hunks.is_empty());
            let lines = place.read_lines(0, 10_000).expect("what is edited can be read");
            prop_assert_eq!(lines.content, edit.text(), "both show the same");
        } else {
            prop_assert!(place.read_lines(0, 10_000).is_err(), "what is read can be edited");
        }
    }
}

/// The signs of the unified text and the counts of the hunks tell the same.
fn counts(unified: &str, changes: &countersign_protocol::Diff) {
    let lines = || changes.hunks.iter().flat_map(countersign_protocol::Hunk::lines);
    let of = |wanted: LineKind| lines().filter(|(kind, _)| *kind == wanted).count();
    assert_eq!(of(LineKind::Added), changes.added as usize);
    assert_eq!(of(LineKind::Removed), changes.removed as usize);
    let shown = unified.split_inclusive('\n').filter(|line| line.starts_with(' ')).count();
    assert_eq!(of(LineKind::Context), shown);
    for (place, hunk) in changes.hunks.iter().enumerate() {
        assert_eq!(hunk.number as usize, place + 1);
        let old = hunk.lines().filter(|(kind, _)| *kind != LineKind::Added).count();
        let new = hunk.lines().filter(|(kind, _)| *kind != LineKind::Removed).count();
        assert_eq!((old, new), (hunk.old_lines as usize, hunk.new_lines as usize));
    }
}

/// Texts, marks, and bytes that are no text.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => line().prop_map(String::into_bytes),
        1 => odd_line().prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::collection::vec(0x80_u8..=0xff, 0..4),
        1 => Just(b"\n\0".to_vec()),
    ];
    let mark: [&[u8]; 6] = [b"", b"", b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF", b"\xFF\xFE\0\0"];
    (prop::sample::select(mark.to_vec()), prop::collection::vec(piece, 0..8))
        .prop_map(|(mark, pieces)| [mark, &pieces.concat()].concat())
}
