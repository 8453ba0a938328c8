import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { FileMark } from "../../state/filemarks";
import { languageOf } from "../../ui/code/languages";
import { changeMarks, setMarks } from "./changemarks";

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
  { tag: [tags.comment, tags.meta], color: "var(--text-3)" },
  { tag: tags.heading, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strong, fontWeight: "650" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "transparent", fontSize: "var(--f-mono)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", fontVariantLigatures: "none" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 12px", fontSize: "11px" },
  ".cm-specialChar": { color: "var(--deny)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
});

/** A file's text, to look at. */
export interface CodeView {
  /** Shows a text; a text of the same path keeps the place that is in sight. */
  show(path: string, text: string): void;
  /** Marks the lines that the agent changed. */
  mark(marks: readonly FileMark[]): void;
  /** Brings a line into sight, and the caret to it. */
  goTo(line: number): void;
  /** The line that is looked at, from 1: the caret's where it is near, else the first in sight. */
  line(): number;
  destroy(): void;
}

/**
 * Makes a read-only view in `host`. It lives in a shadow root: there the editor's styles are adopted
 * style sheets, which the page's policy allows, while it would have to inject a `<style>` in a document.
 */
export function createCodeView(host: HTMLElement): CodeView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const language = new Compartment();
  const label = new Compartment();
  let shown = "";
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      extensions: [
        lineNumbers(),
        changeMarks(),
        highlightSpecialChars({ addSpecialChars: UNSEEN }),
        drawSelection(),
        syntaxHighlighting(colours),
        look,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.lineWrapping,
        language.of([]),
        label.of([]),
        keymap.of([]),
      ],
    }),
  });
  return {
    show(path, text) {
      const sameFile = path === shown;
      if (sameFile && view.state.doc.eq(view.state.toText(text))) return;
      const top = sameFile ? view.scrollDOM.scrollTop : 0;
      shown = path;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        effects: [
          label.reconfigure(EditorView.contentAttributes.of({ "aria-label": `Text of ${path}`, tabindex: "0" })),
          ...(sameFile ? [] : [language.reconfigure([])]),
        ],
      });
      view.scrollDOM.scrollTop = top;
      if (sameFile) return;
      void languageOf(path).then(
        (support) => {
          if (support && shown === path) view.dispatch({ effects: language.reconfigure(support) });
        },
        // Without its colours the text is still there.
        () => {},
      );
    },
    mark(marks) {
      view.dispatch({ effects: setMarks.of(marks) });
    },
    goTo(line) {
      const at = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines))).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    },
    line() {
      const { doc, selection } = view.state;
      const { from, to } = view.viewport;
      const caret = selection.main.head;
      // A caret that nobody set, at the start, is none.
      const near = caret > 0 && caret >= from && caret <= to;
      return doc.lineAt(near ? caret : view.lineBlockAtHeight(view.scrollDOM.scrollTop).from).number;
    },
    destroy() {
      view.destroy();
    },
  };
}
