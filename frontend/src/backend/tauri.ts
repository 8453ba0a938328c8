import { Channel, invoke } from "@tauri-apps/api/core";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { WireError } from "../protocol/WireError";
import { type Backend, isWireError } from "./backend";

/** The program that opened this window. */
export class TauriBackend implements Backend {
  async submit(op: Op): Promise<WireError | null> {
    try {
      return (await invoke<WireError | null>("submit", { op })) ?? null;
    } catch (error) {
      if (isWireError(error)) return error;
      throw error;
    }
  }

  query(query: Query): Promise<QueryAnswer> {
    return invoke<QueryAnswer>("query", { query });
  }

  async subscribe(since: number, deliver: (batch: Feed[]) => void, ended: () => void): Promise<WireError | null> {
    const channel = new Channel<Feed[]>();
    channel.onmessage = deliver;
    // A channel tells of its end only by letting go of its callback.
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    const letGo = channel["cleanupCallback"].bind(channel);
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    channel["cleanupCallback"] = () => {
      letGo();
      ended();
    };
    return (await invoke<WireError | null>("subscribe", { channel, since })) ?? null;
  }
}
