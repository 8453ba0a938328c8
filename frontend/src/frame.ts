// What the page holds by itself is drawn before all that follows is read and run. A window that is not in sight
// draws nothing, and does not wait for it.
await new Promise<void>((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, 100);
});

export {};
