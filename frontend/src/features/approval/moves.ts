import type { Arming } from "../../ui/arming.svelte";

/** Starts the arming anew whenever a menu grows, shrinks or scrolls: its buttons move, the card does not. */
export function watchMoves(arming: Arming): (menu: HTMLElement) => () => void {
  return (menu) => {
    let before = "";
    const resized = new ResizeObserver(() => {
      const size = `${menu.offsetWidth} ${menu.scrollHeight}`;
      if (before !== "" && size !== before) arming.renew();
      before = size;
    });
    resized.observe(menu);
    for (const part of menu.children) resized.observe(part);
    const onScroll = (): void => arming.renew();
    menu.addEventListener("scroll", onScroll);
    return () => {
      resized.disconnect();
      menu.removeEventListener("scroll", onScroll);
    };
  };
}
