/** Whether a person made the event, not a script of the page. Apart, so that tests can stand in for the person. */
export function trusted(event: Event): boolean {
  return event.isTrusted;
}
