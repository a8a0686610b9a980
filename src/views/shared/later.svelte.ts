/** Values that are drawn one task later, so that a step of many runs is no single long task. */
import { untrack } from 'svelte';
import { otherTasks } from './in-slices';

/**
 * Follows a value, each time in a task of its own: what is looked at first is drawn first, and keys are heard between.
 * Several of them follow in the order in which they were made. To be called while a component is set up.
 * @param first what it is until it follows
 */
export function later<T>(source: () => T, first: () => T = source): { readonly current: T } {
  let current = $state.raw(untrack(first));
  $effect(() => {
    const next = source();
    let isWanted = true;
    void otherTasks().then(() => {
      if (isWanted) current = next;
    });
    return () => {
      isWanted = false;
    };
  });
  return {
    get current() {
      return current;
    },
  };
}
