import type { LanguageSupport } from "@codemirror/language";

/** The language of a file by its name's ending; null where it is shown plain. Loaded when needed. */
export async function languageOf(path: string): Promise<LanguageSupport | null> {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  switch (ending) {
    case "js":
    case "mjs":
    case "cjs":
    case "jsx":
      return (await import("@codemirror/lang-javascript")).javascript({ jsx: true });
    case "ts":
    case "mts":
    case "cts":
      return (await import("@codemirror/lang-javascript")).javascript({ typescript: true });
    case "tsx":
      return (await import("@codemirror/lang-javascript")).javascript({ typescript: true, jsx: true });
    case "rs":
      return (await import("@codemirror/lang-rust")).rust();
    case "py":
    case "pyi":
      return (await import("@codemirror/lang-python")).python();
    case "json":
    case "jsonc":
      return (await import("@codemirror/lang-json")).json();
    case "md":
    case "markdown":
      return (await import("@codemirror/lang-markdown")).markdown();
    case "css":
      return (await import("@codemirror/lang-css")).css();
    case "html":
    case "htm":
    case "svelte":
    case "vue":
      return (await import("@codemirror/lang-html")).html();
    default:
      return null;
  }
}
