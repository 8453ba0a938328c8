// Runs before the page's own script is read: asks for the window's state, so that it is there when that script is.
// `TauriBackend` of the page takes it from here. Without it, the page asks by itself.
(() => {
  const { invoke } = window.__TAURI_INTERNALS__ ?? {};
  if (typeof invoke !== "function") return;
  const subscribed = invoke("subscribe", { since: 0 });
  // What fails is met where it is waited for.
  subscribed.catch(() => {});
  Object.defineProperty(window, "countersignEarly", { value: subscribed });
})();
