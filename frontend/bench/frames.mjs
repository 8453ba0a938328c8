// What the page itself notes: when frames came, and when something was first drawn.

import { median, percentile } from "./figures.mjs";

/** A frame this long is one that a person sees as a stall. */
export const STALL = 100;

/** Notes the time of each frame from now on. */
export function watchFrames(page) {
  return page.execute(`
    const frames = (window.benchFrames = [performance.now()]);
    const note = () => {
      if (window.benchFrames !== frames) return;
      frames.push(performance.now());
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);`);
}

/** Ends noting and gives the milliseconds between the frames. */
export async function framesOf(page) {
  const times = await page.execute("const frames = window.benchFrames; window.benchFrames = null; return frames;");
  return times.slice(1).map((time, at) => time - times[at]);
}

/** What is told of the frames of a run. */
export function summary(frames) {
  return {
    frames: frames.length,
    p50: median(frames),
    p95: percentile(frames, 0.95),
    max: Math.max(...frames),
    stalls: frames.filter((length) => length > STALL).length,
  };
}

/**
 * Notes when an element that matches comes into the page, and when the frame that draws it is over: the second
 * frame after it begins then. From a click on \`from\`, where one is named.
 */
export function watchFor(page, css, { from = null } = {}) {
  return page.execute(
    `const [css, from] = arguments;
     const told = (window.benchShown = { from: null, seen: null, drawn: null });
     const began = performance.now();
     if (from) addEventListener("click", (event) => {
       if (told.from === null && event.target.closest?.(from)) told.from = performance.now();
     }, { capture: true });
     const look = () => {
       if (!document.querySelector(css)) return false;
       told.seen = performance.timeOrigin + performance.now();
       requestAnimationFrame(() => {
         const after = new MessageChannel();
         after.port1.onmessage = () => { told.drawn = performance.timeOrigin + performance.now(); };
         after.port2.postMessage(null);
       });
       return true;
     };
     if (!look()) {
       const observer = new MutationObserver(() => { if (look()) observer.disconnect(); });
       observer.observe(document.body, { childList: true, subtree: true });
     }`,
    [css, from],
  );
}

/** What was noted, once it was drawn; times in milliseconds since 1970. */
export async function shownOf(page) {
  const told = await page.execute("return { ...window.benchShown, origin: performance.timeOrigin };");
  if (told.drawn === null) return null;
  return { ...told, from: told.from === null ? null : told.from + told.origin };
}
