import type { Desk } from "../../state/desk";

/** What a card may ask and change while it waits; nothing of it decides. */
export type CardDesk = Pick<Desk, "texts" | "matches" | "revise" | "draft" | "keepDraft" | "said">;
