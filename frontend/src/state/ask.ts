import type { Op } from "../protocol/Op";
import type { WireError } from "../protocol/WireError";

/** Has something done. Gives what the program has against it; null where it was done, or where no program answers. */
export type Ask = (op: Op) => Promise<WireError | null>;

/** Has something done. Gives whether it was; what went wrong stands among the notices. */
export type Act = (op: Op) => Promise<boolean>;
