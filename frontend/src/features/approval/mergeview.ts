import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { MergeView } from "@codemirror/merge";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { languageOf } from "../../ui/code/languages";

// Deceptive characters that the editor does not mark by itself.
const UNSEEN = /[\u180e\u2060-\u2064\u206a-\u206f]|[\u{e0000}-\u{e007f}]/u;

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--syn-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--syn-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--syn-number)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName],
    color: "var(--syn-function)",
  },
  { tag: [tags.typeName, tags.className, tags.tagName], color: "var(--syn-type)" },
  { tag: [tags.comment, tags.meta], color: "var(--syn-comment)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "var(--f-mono)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", fontVariantLigatures: "none" },
  ".cm-content": { caretColor: "var(--text)", padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 8px", fontSize: "11px" },
  ".cm-specialChar": { color: "var(--deny)" },
  ".cm-collapsedLines": {
    background: "var(--sunken)",
    color: "var(--text-2)",
    font: "var(--f-small) / 20px var(--font)",
    padding: "0 12px",
  },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '"⋯"', marginInline: "0 6px" },
  ".cm-collapsedLines::after": { content: '""' },
  "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--del-bg)" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--add-bg)" },
  "&.cm-merge-a .cm-changedText": { background: "var(--del-word)" },
  "&.cm-merge-b .cm-changedText": { background: "var(--add-word)" },
  "&.cm-merge-a .cm-changedLineGutter": { background: "var(--del-mark)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--add-mark)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
});

interface MergeOptions {
  /** The file's name, by which its language is known. */
  path: string;
  before: string;
  text: string;
  onChange: (text: string) => void;
}

/** The file as it is, and beside it what it would become, to be edited. */
export interface Merge {
  readonly text: string;
  /** Puts another text on the right side; it can be undone. */
  replace(text: string): void;
  focus(): void;
  destroy(): void;
}

/** What ends the lines of a text: files keep theirs, whatever the editor makes of them. */
export function endingOf(text: string): "\n" | "\r\n" | null {
  const all = text.match(/\r\n|\r|\n/g) ?? [];
  if (all.every((one) => one === "\n")) return "\n";
  return all.every((one) => one === "\r\n") ? "\r\n" : null;
}

/**
 * Makes the two editors in `host`. They live in a shadow root: there their styles are adopted style sheets,
 * which the page's policy allows.
 */
export function createMerge(host: HTMLElement, { path, before, text, onChange }: MergeOptions): Merge {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const frame = new CSSStyleSheet();
  frame.replaceSync(
    ".cm-mergeView { height: 100%; overflow: auto } .cm-mergeViewEditor + .cm-mergeViewEditor { border-left: 1px solid var(--line) } .cm-merge-revert { width: 22px } .cm-merge-revert button { color: var(--text-2); cursor: default }",
  );
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, frame];
  const language = new Compartment();
  const ending = endingOf(text);
  const both: Extension = [
    lineNumbers(),
    highlightSpecialChars({ addSpecialChars: UNSEEN }),
    drawSelection(),
    syntaxHighlighting(colours),
    look,
    EditorView.lineWrapping,
    language.of([]),
  ];
  // Where the ends of lines differ, they stand in the text as marks, and are kept one by one.
  const split = (of: string): Extension => (endingOf(of) === null ? EditorState.lineSeparator.of("\n") : []);
  const read = (): string => {
    const { doc } = view.b.state;
    return doc.sliceString(0, doc.length, ending ?? "\n");
  };
  const view = new MergeView({
    parent: root,
    root,
    a: {
      doc: before,
      extensions: [
        both,
        split(before),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": "The file as it is", tabindex: "0" }),
      ],
    },
    b: {
      doc: text,
      extensions: [
        both,
        split(text),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ "aria-label": "The text that is proposed, to be edited" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(read());
        }),
      ],
    },
    gutter: true,
    highlightChanges: true,
    revertControls: "a-to-b",
    renderRevertControl: () => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Put this part back as it is in the file";
      button.setAttribute("aria-label", button.title);
      button.textContent = "→";
      return button;
    },
    collapseUnchanged: { margin: 3, minSize: 6 },
    diffConfig: { scanLimit: 500, timeout: 200 },
  });
  void languageOf(path).then(
    (support) => {
      if (!support) return;
      for (const side of [view.a, view.b]) side.dispatch({ effects: language.reconfigure(support) });
    },
    // Without its colours the text is still there.
    () => {},
  );
  return {
    get text() {
      return read();
    },
    replace(next) {
      const { state } = view.b;
      view.b.dispatch({ changes: { from: 0, to: state.doc.length, insert: state.toText(next) } });
    },
    focus: () => view.b.focus(),
    destroy: () => view.destroy(),
  };
}
