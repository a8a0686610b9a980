/** A waiting call is kept as words, and comes back as it was. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyAct } from '../testing/scenarios/any-act';
import { Run } from '../testing/engine/test-run';
import { actTables, type Act } from '../engine/acts';
import { lockingCalls } from '../engine/state/thread';
import { dropCall, isLocking, keepCall, keptCall } from '../engine/vmm/pending-call';

test('every call that can wait has room for its parameters', () => {
  const counts = lockingCalls.map((verb) => Object.keys(actTables.vmm[verb].params).length - 1);
  expect(Math.max(...counts)).toBeLessThanOrEqual(12);
});

test('the kept call is the call, without its thread', () => {
  const { world } = new Run();
  const thread = world.threads[0];
  if (!thread) throw new Error('there is a main thread');
  const before = world.digest();
  fc.assert(
    fc.property(
      anyAct.filter((act: Act) => act.actor === 'vmm' && isLocking(act)),
      (act) => {
        if (act.actor !== 'vmm' || !isLocking(act)) return;
        keepCall(thread, act);
        const args: Record<string, unknown> = { ...act.args };
        delete args['thread'];
        expect(keptCall(thread)).toEqual({ ...act, args });
        dropCall(thread);
        expect(world.digest()).toEqual(before);
      },
    ),
  );
});
