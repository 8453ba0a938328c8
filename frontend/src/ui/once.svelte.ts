/** Whether something was ever so: it stays met from then on. To be made while a component is made. */
export class Once {
  met: boolean = $state(false);

  constructor(is: () => boolean) {
    $effect.pre(() => {
      if (is()) this.met = true;
    });
  }
}
