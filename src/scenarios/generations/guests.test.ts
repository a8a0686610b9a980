/** Whole runs of guest programs against hosts that answer otherwise than the programs hope. */
import { describe, expect, test } from 'vitest';
import { profile } from '../../profiles/resolve';
import type { ProfileId } from '../../profiles/profiles';
import { memoryTape } from '../memory-tape';
import { parseScenario, problemText } from '../parse';
import { runScenario } from '../run';

/** What a run says where it does not do what its expectations say. */
function wrongIn(id: ProfileId, text: string): string[] {
  const parsed = parseScenario(`ghcb-scenario 1\n${text}end ghcb-scenario\n`);
  if (!parsed.ok) return parsed.problems.map(problemText);
  const run = runScenario(parsed.scenario, profile(id), memoryTape);
  const failed = run.expectations.filter(({ ok }) => !ok);
  return [
    ...run.problems.map(({ message }) => message),
    ...failed.map(({ line, actual }) => `${JSON.stringify(parsed.scenario.lines[line])} is ${actual}`),
  ];
}

const version1 = (guest: string, flash: string) => `
vm memory=64M vcpus=1 ${flash}
guest ${guest}
host qemu
vmm create-vm
vmm init2 ghcb-version=1
vmm hypercall-exits
vmm launch-start
vmm memslot gfn=0x0 n=0x4000
vmm create-vcpu
vmm set-attributes gfn=0x800 n=0x20 private=yes
vmm launch-update gfn=0x800 n=0x20 type=zero
vmm launch-finish
vmm run vcpu=0
run until=terminated
`;

describe('a host of GHCB version 1', () => {
  test.each<ProfileId>(['linux-6.11', 'linux-6.12', 'linux-6.17'])(
    '%s: OVMF goes through, and Linux ends with 0:2',
    (id) => {
      const linux = `${version1('linux', '')}
? v0.registeredGhcbGpa == 0x809000
? v0.run.system_event.data[0] == 0x20100
? findings.guest-error == 1
`;
      expect(wrongIn(id, linux)).toEqual([]);
      const ovmf = `${version1('ovmf', '')}
? v0.registeredGhcbGpa == 0x1000000
? findings.guest-error == 0
`;
      expect(wrongIn(id, ovmf)).toEqual([]);
    },
  );
});

describe('a page state change that the VMM refuses', () => {
  const refusing = (guest: string, nth: number) => `
vm memory=64M vcpus=1
guest ${guest}
host strict
launch standard
inject answer nth=${nth} ret=0x16
run until=terminated
`;
  test.each<ProfileId>(['linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'])(
    '%s: coconut-svsm validates pages that were never made private, and goes on to its end',
    (id) => {
      const text = `${refusing('svsm', 4)}
? moves.programNotes == 2
? findings.guest-error == 2
? page.0x300.rmp == Guest-Valid
? v0.guestReadInfo1 == 2
? v0.guestReadInfo2 == 5
? vm.terminationRequested == yes
`;
      expect(wrongIn(id, text)).toEqual([]);
    },
  );
  test.each<[string, string]>([
    ['linux', '0x11100'],
    ['ovmf', '0x100'],
  ])('%s ends at the refused request', (guest, data) => {
    // The firmware in front of Linux has one request before the first of Linux itself.
    const text = `${refusing(guest, guest === 'linux' ? 2 : 1)}
? vm.terminationRequested == yes
? v0.run.system_event.data[0] == ${data}
? findings.guest-error == 1
`;
    expect(wrongIn('linux-7.2', text)).toEqual([]);
  });
});
