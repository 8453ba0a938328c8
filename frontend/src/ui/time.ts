const DAY = 86_400_000;
const NEAR: Record<number, string> = { [-1]: "yesterday", 0: "today", 1: "tomorrow" };

/** `today 14:05`, `tomorrow 09:30`, `3 Dec, 14:05`, `3 Jan 2026, 14:05`; what is no time stays as it is. */
export function timeWords(time: string, now: Date): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return time;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(then);
  const near = NEAR[Math.round((midnight(then) - midnight(now)) / DAY)];
  if (near !== undefined) return `${near} ${clock}`;
  const year = then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...year }).format(then);
  return `${date}, ${clock}`;
}

function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}
