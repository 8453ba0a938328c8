//! What a person is shown: the corpus, and what holds for every text.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_guard::text::{reveal, reveal_line};
use proptest::prelude::*;

#[test]
fn every_text_of_the_corpus_is_judged_right() {
    let mut judged = 0;
    for line in include_str!("corpus/text.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (id, text) = (case["id"].as_str().unwrap(), case["text"].as_str().unwrap());
        let revealed = reveal(text);
        let deceptive = case["deceptive"].as_bool().unwrap();
        assert_eq!(
            !revealed.warnings.is_empty(),
            deceptive,
            "{id} ({}): {revealed:?}",
            case["why"]
        );
        assert_eq!(revealed.shown != text, deceptive, "{id}: {revealed:?}");
        judged += 1;
    }
    assert_eq!(judged, 33);
}

#[test]
fn a_long_text_is_shown_whole() {
    let plain = "let x = 1; // ordinary\n".repeat(220_000);
    assert_eq!(reveal(&plain).shown, plain);
    let world = "// пример 日本語 مرحبا\n".repeat(50_000);
    let revealed = reveal(&world);
    assert!(revealed.warnings.is_empty() && revealed.shown == world);
    let hostile = "a\u{200d}\u{301}ж".repeat(100_000);
    assert_eq!(reveal(&reveal(&hostile).shown).warnings, []);
    let nothing = reveal(&"\0".repeat(1_000_000));
    assert_eq!(
        (nothing.shown.as_str(), nothing.warnings[0].count),
        ("⟨U+0000 NUL ×1000000⟩", 1_000_000)
    );
}

/// Texts of characters that the rules are about, close to each other.
fn tricky() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "Z",
        "7",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "_",
        "/",
        "⟨",
        "⟨U+",
        "U",
        "+",
        "ж",
        "у",
        "ο",
        "Ω",
        "日",
        "カ",
        "한",
        "ㄅ",
        "ب",
        "\u{64e}",
        "ک",
        "क",
        "\u{94d}",
        "ᠠ",
        "\u{180b}",
        "\u{180e}",
        "\u{202f}",
        "ก",
        "\u{e49}",
        "\u{301}",
        "\u{302}",
        "\u{103e}",
        "\u{102d}",
        "\u{200d}",
        "\u{200c}",
        "\u{200b}",
        "\u{fe0f}",
        "\u{fe0e}",
        "\u{20e3}",
        "1",
        "#",
        "❤",
        "👩",
        "\u{1f3fd}",
        "🏴",
        "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "\u{e0067}",
        "\u{3000}",
        "\u{2025}",
        "\u{2024}",
        "Ａ",
        "\u{a0}",
        "\u{34f}",
        "\u{e000}",
        "\u{1680}",
        "ᚁ",
        "。",
        "٣",
        "ⁿ",
    ]);
    let long = prop::sample::select(vec![
        " ".repeat(60),
        "\n".repeat(12),
        "\u{3000}".repeat(60),
        "\r\n".repeat(11),
    ]);
    prop::collection::vec(
        prop_oneof![12 => pieces.prop_map(str::to_owned), 1 => long, 1 => any::<char>().prop_map(String::from)],
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

/// Reads a shown line back.
fn told_by(shown: &str) -> String {
    let mut text = String::new();
    let mut parts = shown.split("⟨U+");
    text.push_str(parts.next().unwrap());
    for part in parts {
        let (mark, rest) = part.split_once('⟩').unwrap();
        let code = u32::from_str_radix(mark.split(' ').next().unwrap(), 16).unwrap();
        let times = mark.rsplit_once(" ×").map_or(1, |(_, times)| times.parse().unwrap());
        text.extend(std::iter::repeat_n(char::from_u32(code).unwrap(), times));
        text.push_str(rest);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_shown_never_deceives(text in tricky()) {
        let shown = reveal(&text).shown;
        prop_assert_eq!(reveal(&shown).warnings, vec![], "{:?} -> {:?}", text, shown);
        let shown = reveal_line(&text).shown;
        prop_assert_eq!(reveal_line(&shown).warnings, vec![], "{:?} -> {:?}", text, shown);
        prop_assert!(!shown.contains(['\n', '\r', '\t']));
    }

    #[test]
    fn what_is_shown_of_any_text_never_deceives(text in any::<String>()) {
        let shown = reveal(&text).shown;
        prop_assert_eq!(reveal(&shown).warnings, vec![]);
    }

    #[test]
    fn the_marks_tell_the_text(text in tricky()) {
        let shown = reveal_line(&text).shown;
        // A run of blanks is told by its length alone.
        prop_assume!(!shown.contains(" blanks⟩"));
        prop_assert_eq!(told_by(&shown), text, "{}", shown);
    }

    #[test]
    fn printable_ascii_is_shown_as_it_is(text in "[ -~]{0,90}(\r?\n[\t -~]{0,90}){0,9}") {
        let revealed = reveal(&text);
        prop_assert_eq!(&revealed.shown, &text);
        prop_assert_eq!(revealed.warnings, vec![]);
    }

    #[test]
    fn the_quick_way_judges_as_the_long_one(text in "[a \t\n]{0,300}|[a\n]{0,9}[ \t\n]{18,130}[a\n]{0,4}") {
        // A letter beyond ASCII on a line of its own takes the long way and changes nothing else.
        let long = reveal(&format!("é\n{text}"));
        let quick = reveal(&format!("e\n{text}"));
        prop_assert_eq!(long.warnings, quick.warnings);
        prop_assert_eq!(long.shown.replace('é', "e"), quick.shown);
    }
}
