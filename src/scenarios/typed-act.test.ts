import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actTables } from '../engine/acts';
import { completeAct, readTypedAct } from './typed-act';

const where = { vcpu: 0, vcpus: 2 };

describe('an act without the frame of a scenario', () => {
  test('who does it follows from the verb', () => {
    const typed = readTypedAct('ap-create target=1 vmsa=0x123000', where);
    expect(typed).toEqual({
      ok: true,
      act: { actor: 'guest', vcpu: 0, verb: 'ap-create', args: { target: 1, vmsa: 0x123000n } },
    });
    expect(readTypedAct('launch-finish', where)).toMatchObject({ ok: true, act: { actor: 'vmm' } });
  });

  test('whoever is named does it', () => {
    expect(readTypedAct('v1 hold form=msr', where)).toMatchObject({ ok: true, act: { vcpu: 1 } });
    expect(readTypedAct('vmm run vcpu=1', where)).toMatchObject({ ok: true, act: { actor: 'vmm' } });
  });

  test.each([
    ['', 'no act begins so'],
    ['ap-create target=1', "'vmsa'"],
    ['ap-create target=1 vmsa=cat', 'cat'],
    ['v7 hlt', 'v0 to v1'],
    ['hlt\nend ghcb-scenario', ''],
  ])('%j is none, and the reason says so', (text, reason) => {
    const typed = readTypedAct(text, where);
    expect(typed.ok ? '' : typed.message).toContain(reason);
    expect(typed.ok).toBe(false);
  });
});

describe('completion', () => {
  const labels = (text: string): string[] => completeAct(text, 0).map(({ label }) => label);

  test('verbs by their beginning, with who does them', () => {
    expect(labels('ap-c')).toEqual(['v0 ap-create', 'v0 ap-create-on-init']);
    expect(labels('v1 ap-d')).toEqual(['v1 ap-destroy']);
    expect(labels('vmm launch-')).toContain('vmm launch-finish');
  });

  test('parameters that are not there yet, then the words of a parameter', () => {
    expect(labels('ap-create ')).toContain('vmsa=');
    expect(labels('ap-create vmsa=0x1000 ')).not.toContain('vmsa=');
    expect(labels('ap-create vmsa=0x1000 ta')).toEqual(['target=']);
    expect(labels('hold form=')).toEqual(expect.arrayContaining(['form=msr', 'form=nae']));
  });

  test('what is completed goes on as it was typed, and every verb is found', () => {
    const verbs = Object.keys(actTables.guest);
    fc.assert(
      fc.property(fc.constantFrom(...verbs), fc.nat({ max: 6 }), (verb, length) => {
        const typed = verb.slice(0, length);
        expect(labels(typed)).toContain(`v0 ${verb}`);
      }),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Array.isArray(completeAct(text, 0))).toBe(true);
        expect(typeof readTypedAct(text, where).ok).toBe('boolean');
      }),
    );
  });
});
