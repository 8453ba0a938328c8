import type { AppState } from "../protocol/AppState";
import type { Event } from "../protocol/Event";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { SessionSummary } from "../protocol/SessionSummary";
import type { WireError } from "../protocol/WireError";
import type { Recorder } from "./demoevents";
import type { DemoFiles } from "./demofiles";
import { demoRevised } from "./demoproposals";
import { type DemoChanges, revert } from "./demorevert";
import { ruleOf } from "./demorules";
import { stateOf } from "./demoscreens";
import type { DemoSettings } from "./demosettings";

/** What the demo's ops change. */
export interface Demo {
  sessions: SessionSummary[];
  changes: DemoChanges;
  settings: DemoSettings;
  files: DemoFiles;
}

export type Outcome = WireError | { state: AppState; feed: Feed[] };

/** Does what an op asks, as far as a recording can. */
export function react(op: Op, state: AppState, to: Recorder, demo: Demo): Outcome {
  const events = (...of: Event[]): Feed => ({ type: "envelopes", envelopes: of.map((event) => to.add(event)) });
  const app = (next: AppState, ...more: Feed[]): Outcome => ({
    state: next,
    feed: [{ type: "app", state: next }, ...more],
  });
  const session = state.session;
  switch (op.type) {
    case "open_workspace":
    case "start_tour":
      return app({ ...stateOf("empty"), model: state.model }, { type: "envelopes", envelopes: to.envelopes });
    case "close_workspace":
      return app({ ...state, workspace: null, session: null });
    case "connect_model":
      return app({
        ...state,
        model: {
          provider: op.provider,
          model: op.model ?? (op.provider === "openai" ? "" : "claude-sonnet-4-5"),
          base_url: op.base_url ?? null,
          prices: null,
          key: op.provider === "openai" && !op.api_key ? "not_needed" : op.keep_key ? "keychain" : "window",
        },
      });
    case "interrupt":
      return app(
        { ...state, session: session && { ...session, running: false } },
        events({ type: "run_finished", reason: "interrupted" }),
      );
    case "send":
      return { state, feed: [events({ type: "user_message", text: op.text })] };
    case "decide": {
      const { approval, decision } = op.decision;
      const asked = to.envelopes.find((one) => one.type === "approval_requested" && one.approval === approval);
      if (asked?.type !== "approval_requested") break;
      const decided = events({ type: "approval_decided", approval, call: asked.call, decision, by: "user" });
      const made = ruleOf(asked, op.decision, `made-${approval}`);
      return made === null ? { state, feed: [decided] } : app({ ...state, rules: [made, ...state.rules] }, decided);
    }
    case "revise": {
      const asked = to.envelopes.findLast((one) => one.type === "approval_requested" && one.approval === op.approval);
      const revised = asked?.type === "approval_requested" ? demoRevised(asked, op.text) : null;
      if (revised === null) break;
      return { state, feed: [events(revised)] };
    }
    case "revoke_rule": {
      const ended = state.rules.find((rule) => rule.id === op.rule);
      if (!ended) break;
      return app(
        { ...state, rules: state.rules.filter((rule) => rule !== ended) },
        events({ type: "rule_revoked", rule: ended.id, shown: ended.shown }),
      );
    }
    case "go_on":
      return app(
        { ...state, session: session && { ...session, running: true, paused: null } },
        events({ type: "session_resumed" }),
      );
    case "open_session":
      return app({ ...state, session: session && { ...session, title: "" } });
    case "rename_session":
      demo.sessions = demo.sessions.map((one) => (one.id === op.session ? { ...one, title: op.title } : one));
      return op.session === session?.id
        ? { state, feed: [events({ type: "session_renamed", title: op.title })] }
        : { state, feed: [] };
    case "archive_session":
      demo.sessions = demo.sessions.map((one) => (one.id === op.session ? { ...one, archived: op.archived } : one));
      return { state, feed: [] };
    case "delete_session":
      demo.sessions = demo.sessions.filter((one) => one.id !== op.session);
      return { state, feed: [] };
    case "revert": {
      const { type: _type, session: _session, overwrite, ...scope } = op;
      return { state, feed: [events(revert(demo.changes, scope, overwrite))] };
    }
    case "revert_merged": {
      const scope = { scope: "file", path: op.seen.path } as const;
      return { state, feed: [events(revert(demo.changes, scope, [op.seen]))] };
    }
    case "set_setting":
      return demo.settings.set(op.key, op.value) ?? { state, feed: [] };
    case "dismiss_notices":
      return app({ ...state, notices: [] });
    case "rename_entry":
      return demo.files.rename(op.path, op.to) ?? { state, feed: [] };
    case "delete_entry":
      demo.files.remove(op.path);
      return { state, feed: [] };
    case "save_draft":
      return { state, feed: [] };
    case "forget_recent":
    case "new_session":
    case "fork_session":
    case "export_session":
    case "import_session":
    case "reveal":
    case "open_in_editor":
      break;
  }
  return { code: "state", message: "This is a recording.", hint: "Start the program to do that." };
}
