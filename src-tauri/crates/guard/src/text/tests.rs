use super::*;

#[track_caller]
fn honest(texts: &[&str]) {
    for text in texts {
        let revealed = reveal(text);
        assert!(revealed.warnings.is_empty(), "{text:?}: {revealed:?}");
        assert_eq!(revealed.shown, *text);
    }
}

#[track_caller]
fn shows(text: &str, shown: &str) {
    let revealed = reveal(text);
    assert_eq!(revealed.shown, shown);
    assert!(!revealed.warnings.is_empty(), "{text:?} has no warning");
}

#[track_caller]
fn warned(text: &str, kind: Kind, count: u32) {
    let revealed = reveal(text);
    let expected = TextWarning { what: kind.label().unwrap().to_owned(), count };
    assert_eq!(revealed.warnings, [expected], "{:?}", revealed.shown);
}

#[test]
fn kinds_are_declared_in_the_order_of_the_list() {
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, at);
    }
}

#[test]
fn a_mark_names_the_character_and_how_many_there_are() {
    shows("rm \u{202e}txt", "rm ⟨U+202E right-to-left override⟩txt");
    shows("a\u{1b}[2Jb", "a⟨U+001B ESC⟩[2Jb");
    shows("a\0\0\0b", "a⟨U+0000 NUL ×3⟩b");
    shows("\u{455}udo", "⟨U+0455 Cyrillic⟩udo");
    shows("\u{ff4c}s", "⟨U+FF4C fullwidth l⟩s");
    shows("\u{2024}\u{2024}/x", "⟨U+2024 one dot leader ×2⟩/x");
}

#[test]
fn warnings_are_merged_by_kind_and_the_gravest_comes_first() {
    let warnings = reveal("a\u{200b}b\u{200b}c \u{202e} d\u{2060}").warnings;
    let found: Vec<_> = warnings.iter().map(|one| (one.what.as_str(), one.count)).collect();
    let (direction, invisible) =
        (Kind::Direction.label().unwrap(), Kind::Invisible.label().unwrap());
    assert_eq!(found, [(direction, 1), (invisible, 3)]);
}

#[test]
fn a_text_cannot_draw_a_mark_itself() {
    let forged = reveal("⟨U+202E right-to-left override⟩");
    assert_eq!(forged.shown, "⟨U+27E8⟩U+202E right-to-left override⟩");
    assert!(forged.warnings.is_empty());
    assert_ne!(forged.shown, reveal("\u{202e}").shown);
    honest(&["⟨ψ|φ⟩", "⟨U⟩", "⟨⟨x⟩⟩"]);
}

#[test]
fn line_breaks_are_free_but_for_a_lone_return() {
    honest(&["a\r\nb\r\n", "a\n\tb\n", "é\r\nü\r\n"]);
    warned("ls\rrm", Kind::CarriageReturn, 1);
    warned("ls\r\r\nrm", Kind::CarriageReturn, 1);
    warned("ls\r", Kind::CarriageReturn, 1);
    warned("a\u{2028}b", Kind::LineSeparator, 1);
}

#[test]
fn on_one_line_tabs_and_line_breaks_are_marked() {
    let revealed = reveal_line("a\tb\r\nc\nd");
    assert_eq!(
        revealed.shown,
        "a⟨U+0009 tab⟩b⟨U+000D carriage return⟩⟨U+000A line feed⟩c⟨U+000A line feed⟩d"
    );
    let counts: Vec<u32> = revealed.warnings.iter().map(|one| one.count).collect();
    assert_eq!(counts, [3, 1]);
    assert_eq!(reveal_line("src/main.rs").shown, "src/main.rs");
    assert!(reveal_line("src/документ 1.md").warnings.is_empty());
}

#[test]
fn controls_and_invisible_characters_are_deceptive() {
    for text in ["\u{8}", "\u{b}", "\u{c}", "\u{7f}", "\u{85}", "\u{0}"] {
        warned(text, Kind::Control, 1);
    }
    for text in [
        "\u{200b}", "\u{feff}", "\u{ad}", "\u{34f}", "\u{3164}", "\u{115f}", "\u{2800}", "\u{2064}",
    ] {
        warned(&format!("a{text}b"), Kind::Invisible, 1);
    }
    for text in ["\u{200e}", "\u{61c}", "\u{2067}", "\u{202d}"] {
        warned(&format!("أ{text}ب"), Kind::Direction, 1);
    }
    warned("a\u{e000}", Kind::PrivateUse, 1);
    warned("a\u{10fffd}", Kind::PrivateUse, 1);
    warned("a\u{378}", Kind::Unassigned, 1);
    warned("a\u{ffff}", Kind::Unassigned, 1);
    warned("a\u{fdd0}", Kind::Unassigned, 1);
}

#[test]
fn tags_are_deceptive_but_in_the_flags_that_are_made_of_them() {
    let tags = |text: &str| -> String {
        text.chars().filter_map(|c| char::from_u32(0xE0000 + u32::from(c))).collect()
    };
    for flag in ["gbeng", "gbsct", "gbwls"] {
        honest(&[&format!("x \u{1f3f4}{}\u{e007f} y", tags(flag))]);
    }
    warned(&format!("hi{}", tags("rm -rf")), Kind::Tag, 6);
    warned(&format!("\u{1f3f4}{}\u{e007f}", tags("xevil")), Kind::Tag, 6);
    warned(&format!("\u{1f3f4}{}", tags("gbeng")), Kind::Tag, 5);
    warned(&format!("\u{1f3f4}{0}\u{e007f}{0}", tags("gbeng")), Kind::Tag, 5);
}

#[test]
fn joiners_are_free_where_something_is_joined() {
    honest(&[
        "👨\u{200d}👩\u{200d}👧",
        "👩🏽\u{200d}💻",
        "🏳\u{fe0f}\u{200d}🌈",
        "❤\u{fe0f}\u{200d}🔥",
        "می\u{200c}خواهم",
        "کار\u{200c}ها",
        "क\u{94d}\u{200d}ष",
        "क\u{94d}\u{200c}ष",
        "ശ\u{d4d}\u{200d}",
        "শ\u{200d}\u{9cd}যা",
        "ශ\u{dca}\u{200d}රී",
        "ᠠ\u{180b}ᠨ\u{180e}ᠠ",
    ]);
    warned("a\u{200d}b", Kind::Invisible, 1);
    warned("a\u{200c}b", Kind::Invisible, 1);
    warned("می\u{200c}\u{200c}خواهم", Kind::Invisible, 2);
    warned("ls \u{200d}👧", Kind::Invisible, 1);
    warned("👧\u{200d} x", Kind::Invisible, 1);
    warned("м\u{200c}и", Kind::Invisible, 1);
}

#[test]
fn an_emojis_single_selector_is_free() {
    honest(&[
        "1\u{fe0f}\u{20e3}",
        "#\u{fe0f}\u{20e3}",
        "❤\u{fe0f}",
        "☎\u{fe0e}",
        "©\u{fe0f}",
        "🇩🇪 👍🏽",
    ]);
    warned("❤\u{fe0f}\u{fe0f}", Kind::Selector, 1);
    warned("1\u{fe0f}", Kind::Selector, 1);
    warned("a\u{fe0f}", Kind::Selector, 1);
    warned("x\u{fe00}\u{fe01}\u{fe02}", Kind::Selector, 3);
    warned("😀\u{e0100}\u{e0110}", Kind::Selector, 2);
}

#[test]
fn blanks_other_than_the_space_are_deceptive() {
    warned("ls\u{a0}-la", Kind::Blank, 1);
    warned("ls\u{2003}-la", Kind::Blank, 1);
    warned("ls\u{3000}-la", Kind::Blank, 1);
    warned("日本\u{3000}-la", Kind::Blank, 1);
    warned("rm\u{3000}日本", Kind::Blank, 1);
    honest(&[
        "日本\u{3000}語",
        "\u{3000}日本語\n",
        "第1\u{3000}はじめに",
        "終。\u{3000}\u{3000}次",
    ]);
}

#[test]
fn four_combining_marks_in_a_row_are_a_pile() {
    honest(&[
        "cafe\u{301}",
        "e\u{301}\u{323}\u{300}",
        "ที่นี่",
        "န\u{103e}\u{102d}\u{102f}\u{1037}",
        "שּׁ\u{596}\u{5b8}",
    ]);
    honest(&["လျှို့ဝှက်", "རྒྱལ་པོ", "क्ष्म्य", "Tiếng Việt"]);
    warned("e\u{301}\u{302}\u{303}\u{304}\u{305}", Kind::Pile, 2);
    warned("ก\u{e49}\u{e49}\u{e49}\u{e49}\u{e49}", Kind::Pile, 2);
    warned("က\u{1037}\u{1037}\u{1037}\u{1037}", Kind::Pile, 1);
}

#[test]
fn gaps_before_text_are_deceptive() {
    let gap = |blank: &str, times: usize, after: &str| format!("ls{}{after}", blank.repeat(times));
    warned(&gap(" ", 100, "; rm x"), Kind::BlankRun, 1);
    warned(&gap("\t ", 50, "é"), Kind::BlankRun, 1);
    assert_eq!(reveal(&gap(" ", 120, "rm")).shown, "ls⟨U+0020 120 blanks⟩rm");
    honest(&[
        &gap(" ", 99, "# x"),
        &gap(" ", 500, ""),
        &gap(" ", 500, "\nx"),
        &gap(" ", 500, "\r\né"),
    ]);
    warned(&gap("\n", 21, "rm"), Kind::EmptyLines, 1);
    warned(&gap("\r\n", 21, "rm"), Kind::EmptyLines, 1);
    warned(&gap("\n \t", 21, "\nrm"), Kind::EmptyLines, 1);
    warned(&format!("{}é", "\n".repeat(20)), Kind::EmptyLines, 1);
    assert_eq!(reveal(&gap("\n", 60, "rm")).shown, "ls\n⟨U+000A 59 empty lines⟩\nrm");
    honest(&[&gap("\n", 20, "rm"), &gap("\n", 500, ""), &gap("\n", 20, "é")]);
    let (two, apart) = ("\n".repeat(15), "ls\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
    honest(&[&format!("{apart}x{two}y")]);
}

#[test]
fn words_that_mix_scripts_are_marked() {
    warned("https://g\u{3bf}\u{3bf}gle.com", Kind::MixedScript, 2);
    warned("p\u{430}ypal", Kind::MixedScript, 1);
    warned("\u{421}onfig2", Kind::MixedScript, 1);
    warned("x2\u{443}", Kind::MixedScript, 1);
    warned("приветa", Kind::MixedScript, 1);
    warned("h\u{585}me", Kind::MixedScript, 1);
    warned("\u{13a0}dmin", Kind::MixedScript, 1);
    warned("カナ한", Kind::MixedScript, 1);
    assert_eq!(reveal("приветa").shown, "привет⟨U+0061 Latin⟩");
}

#[test]
fn text_in_the_worlds_own_scripts_is_free() {
    honest(&[
        "src/модуль/файл.rs",
        "日本語 ファイル",
        "Tシャツ",
        "Linuxカーネルの設定",
        "使用Python编程",
        "注音ㄅㄆㄇ漢字",
        "GitHub에서 한국어",
        "漢字한글",
        "α版とβ版",
        "שלום עולם",
        "مرحبا بالعالم",
        "ελληνικά",
        "ภาษาไทย",
        "हिन्दी",
        "தமிழ்",
        "ქართული",
        "հայերեն",
        "ᏣᎳᎩ",
        "አማርኛ",
        "“quoted” – dash… ‘x’ «y»",
        "ﬁne ŒŒ",
        "Größe: 5 µm ± 2 °C",
        "∀x∈ℝ: x² ≥ 0",
        "5 μs, 3 kΩ, Δt, 2πr",
        "xⁿ ωᵢ",
        "┌─┐│ │└─┘",
        "→ ✓ ★",
        "naïve café",
        "don’t",
        "１２３！",
        "IT-компания",
        "test_файл",
        "𝑥 + 𝒚",
        "٣ ملفات",
    ]);
}

#[test]
fn what_passes_for_a_path_is_marked() {
    for text in [
        "etc\u{2044}passwd",
        "etc\u{2215}x",
        "a\u{29f8}b",
        "a\u{ff0f}b",
        "\u{ff0e}\u{ff0e}/x",
        "a\u{ff3c}b",
    ] {
        let revealed = reveal(text);
        assert_eq!(revealed.warnings[0].what, Kind::LookAlike.label().unwrap(), "{text:?}");
    }
    honest(&["これは‥‥です", "終わり。", "a·b"]);
    warned("cat ‥/x", Kind::LookAlike, 1);
}
