/** What of a state guest and VMM can see. */
import { isUnknownPath, observe } from '../engine/observe';
import type { World } from '../engine/world';
import { observedText } from './filter/value';

/** What each vCPU's guest read last, and how its last KVM_RUN ended. */
export function visibleState(world: World): string[] {
  return world.vcpus.flatMap((vcpu, index) => {
    if (!vcpu.exists) return [];
    const read = [
      'guestResult',
      'guestReadInfo1',
      'guestReadInfo2',
      'guestReadMsr',
      'mpState',
      'run',
      'ret',
      'exit',
    ];
    const texts = read.map((name) => {
      const found = observe(world, `v${index}.${name}`);
      return `${name}=${isUnknownPath(found) ? '?' : observedText(found)}`;
    });
    return [`v${index} ${texts.join(' ')}`];
  });
}
