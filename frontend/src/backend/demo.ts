import type { AppState } from "../protocol/AppState";
import type { Feed } from "../protocol/Feed";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import { demoThreeWay } from "./demochanges";
import { Recorder, WORKSPACE } from "./demoevents";
import { DemoFiles, fileAnswer } from "./demofiles";
import { demoMatches, demoTexts } from "./demoproposals";
import { type Demo, react } from "./demoreact";
import { record } from "./demorecord";
import { DemoChanges } from "./demorevert";
import { screenOf, stateOf } from "./demoscreens";
import { demoHits, demoSessions } from "./demosessions";
import { DEMO_FILE, DemoSettings } from "./demosettings";
import { demoModelCall, TRACE_MS } from "./demotrace";
import { ReplayBackend } from "./replay";

/** A recorded session that answers enough to look at every screen without the program. */
export function demoBackend(query: URLSearchParams): ReplayBackend {
  const screen = screenOf(query.get("screen"));
  const recorder = screen === "trace" ? new Recorder(Date.now() - TRACE_MS) : new Recorder();
  const demo: Demo = {
    sessions: screen === "nosessions" ? [] : demoSessions(),
    changes: new DemoChanges(),
    settings: new DemoSettings(),
    files: new DemoFiles(screen === "bare"),
  };
  let state = stateOf(screen);
  record(recorder, screen);
  const open: Feed[] = [
    { type: "app", state },
    { type: "envelopes", envelopes: recorder.envelopes },
  ];
  if (screen === "dropping") open.push({ type: "dragging", over: true });
  return new ReplayBackend({
    batches: screen === "loading" ? [] : [open],
    answer: (asked) => {
      if (screen === "crash" && asked.type === "changes") return broken();
      return answer(asked, state, demo);
    },
    react: (op, deliver) => {
      const outcome = react(op, state, recorder, demo);
      if ("code" in outcome) return outcome;
      state = outcome.state;
      deliver(outcome.feed);
      return null;
    },
  });
}

/** What no program says: it shows what the window does with a fault of its own. */
function broken(): QueryAnswer {
  return { type: "changes", ...new DemoChanges().now, files: [null as never] };
}

function answer(query: Query, state: AppState, demo: Demo): QueryAnswer {
  switch (query.type) {
    case "app":
      return { type: "app", ...state };
    case "welcome":
      return {
        type: "welcome",
        recent: [
          { path: WORKSPACE, name: "shop-api", opened: new Date().toISOString(), exists: true },
          { path: "/home/me/dev/old-shop", name: "old-shop", opened: "2025-01-03T08:00:00Z", exists: false },
        ],
      };
    case "folder":
      return { type: "folder", path: query.path, entries: demo.files.entriesOf(query.path), more: 0, omitted: 0 };
    case "file":
      return fileAnswer(query.path);
    case "sessions":
      return { type: "sessions", sessions: demo.sessions };
    case "search_sessions":
      return { type: "search_sessions", hits: demoHits(query.text) };
    case "changes":
      return { type: "changes", ...demo.changes.now };
    case "three_way":
      return { type: "three_way", ...demoThreeWay(query.path) };
    case "model_call":
      return demoModelCall();
    case "settings":
      return { type: "settings", file: DEMO_FILE, settings: demo.settings.list };
    case "proposal":
      return { type: "proposal", ...demoTexts(query.approval) };
    case "pattern_matches":
      return { type: "pattern_matches", ...demoMatches(query.pattern) };
    case "drafts":
      return { type: "drafts", drafts: [] };
  }
}
