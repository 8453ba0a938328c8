import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutter,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { type FileMark, markAt } from "../../state/filemarks";
import { markWords } from "./filewords";

/** Has other marks drawn. */
export const setMarks = StateEffect.define<readonly FileMark[]>();

const field = StateField.define<readonly FileMark[]>({
  create: () => [],
  update: (marks, transaction) => transaction.effects.find((one) => one.is(setMarks))?.value ?? marks,
});

/** Each kind has its own sign, so that no colour is needed to tell them apart. */
const SIGNS: Record<FileMark["kind"], string> = { added: "+", changed: "~", removed: "−" };

class Sign extends GutterMarker {
  constructor(readonly mark: FileMark) {
    super();
  }

  override eq(other: Sign): boolean {
    return this.mark.kind === other.mark.kind && this.mark.removed === other.mark.removed;
  }

  override toDOM(): Node {
    const sign = document.createElement("span");
    sign.textContent = SIGNS[this.mark.kind];
    sign.title = markWords(this.mark);
    sign.className = `sign ${this.mark.kind}`;
    return sign;
  }
}

const LINES: Record<FileMark["kind"], Decoration> = {
  added: Decoration.line({ class: "line-added" }),
  changed: Decoration.line({ class: "line-changed" }),
  removed: Decoration.line({ class: "line-removed" }),
};

/** Lines in sight get their colour; the others of a long file cost nothing. */
function lines(view: EditorView): DecorationSet {
  const marks = view.state.field(field);
  const builder = new RangeSetBuilder<Decoration>();
  if (marks.length === 0) return builder.finish();
  let done = 0;
  for (const { from, to } of view.visibleRanges) {
    for (let at = Math.max(from, done); at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const mark = markAt(marks, line.number);
      if (mark) builder.add(line.from, line.from, LINES[mark.kind]);
      at = line.to + 1;
      done = at;
    }
  }
  return builder.finish();
}

const coloured = ViewPlugin.fromClass(
  class {
    set: DecorationSet;
    constructor(view: EditorView) {
      this.set = lines(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged || told(update)) this.set = lines(update.view);
    }
  },
  { decorations: (plugin) => plugin.set },
);

function told(update: ViewUpdate): boolean {
  return update.startState.field(field) !== update.state.field(field);
}

const look = EditorView.theme({
  ".marks .cm-gutterElement": { width: "14px", textAlign: "center", fontWeight: "700" },
  ".sign": { display: "block" },
  ".sign.added": { color: "var(--add-mark)" },
  ".sign.changed": { color: "var(--git-changed)" },
  ".sign.removed": { color: "var(--del-mark)" },
  ".line-added": { backgroundColor: "var(--add-bg)" },
  ".line-changed": { backgroundColor: "color-mix(in srgb, var(--git-changed) 12%, transparent)" },
  // What is gone stood above this line.
  ".line-removed": { boxShadow: "inset 0 2px 0 -1px var(--del-mark)" },
});

/** Draws the marks that `setMarks` brings: a sign in the gutter, a colour behind the lines. */
export function changeMarks(): Extension {
  return [
    field,
    coloured,
    gutter({
      class: "marks",
      lineMarker: (view, block) => {
        const number = view.state.doc.lineAt(block.from).number;
        const mark = markAt(view.state.field(field), number);
        return mark && mark.from <= number ? new Sign(mark) : null;
      },
      lineMarkerChange: told,
      initialSpacer: () => new Sign({ kind: "added", from: 1, to: 1, removed: 0 }),
    }),
    look,
  ];
}
