/**
 * Every invariant under every generation: the shortest sequence that breaks it, the generations it breaks in, and that
 * it holds in all others. The lists were written from what was read of the generations, not from runs.
 */
import { expect, test } from 'vitest';
import { invariantNames, type InvariantName } from '../engine/rules/invariants';
import { overlayIds } from '../profiles/overlays';
import { isProfileId, profileIds } from '../profiles/profiles';
import { isListed, type Listed } from '../testing/profiles/by-generation';
import { parseProfileSpec, profile, type ProfileName } from '../profiles/resolve';
import { memoryTape } from './memory-tape';
import { parseScenario } from './parse';
import { runScenario } from './run';

/** `unsaid`: generations of which no source says what they do here; what the model does instead proves nothing. */
type Row = readonly [
  InvariantName,
  says: string,
  lines: string,
  breaksIn: Listed,
  unsaid?: readonly ProfileName[],
];

const all: readonly ProfileName[] = profileIds;
const allBut = (...held: ProfileName[]): Listed => [
  ...all.filter((id) => !held.includes(id)),
  ...held.map((id) => `-${id}` as const),
];
/** vCPU 1 ran once on its launch VMSA and waits in a hold; two VMSAs are ready. */
const held = `
launch  standard
v0      init-sipi target=1
v1      hold form=msr
v0      make-vmsa gpa=0x121000
v0      make-vmsa gpa=0x122000
`;
/** As far as KVM_SEV_SNP_LAUNCH_START, with two vCPUs. */
const started = `
vmm     create-vm
vmm     memslot gfn=0 n=0x400
vmm     init2
vmm     create-vcpu
vmm     create-vcpu
vmm     launch-start
`;
const declaredPrivate = 'vmm     set-attributes gfn=0x0 n=0x400 private=yes\n';
const lying = `
launch  standard
v0      psc entries=private:0x100
vmm     answer ret=0
`;

const rows: readonly Row[] = [
  [
    'NoStaleReturn',
    'a VMM that refuses a first page and does not answer for the second',
    `host    manual
launch  standard
v0      msr-psc gfn=0x100 op=shared
vmm     answer ret=22
vmm     run vcpu=0
v0      msr-psc gfn=0x101 op=shared
vmm     run vcpu=0
`,
    ['v11', 'v14', 'linux-6.11', 'linux-6.12'],
  ],
  [
    'VmmCannotForgeGuestCode',
    'a VMM that answers a batch with a word of its own',
    `host    manual
launch  standard
v0      psc entries=private:0x100
vmm     answer ret=0x1234567800
vmm     run vcpu=0
`,
    ['v11', 'v14'],
  ],
  [
    'UpdateTouchesOnlyOwnPages',
    'the first of two pages fails, and the second was converted by another call',
    `${started}${declaredPrivate}vmm     launch-update gfn=1 type=normal
inject  firmware command=0xa1 status=0xa
vmm     launch-update gfn=0 n=2 type=normal
`,
    ['part2-v4'],
  ],
  [
    'LeakImpliesBug',
    'a page of LAUNCH_UPDATE cannot be reclaimed, then KVM_RUN',
    `${started}${declaredPrivate}inject  firmware command=0xa1 status=0xa
inject  firmware command=0xc7 status=0xa
vmm     launch-update gfn=0 type=normal
vmm     launch-finish
vmm     run vcpu=0
`,
    ['part2-v4', 'part2-v5', 'v11', 'v14'],
  ],
  [
    'NoRunWithoutVmsa',
    'KVM_RUN before LAUNCH_FINISH',
    `${started}vmm     run vcpu=0\n`,
    allBut('as-reviewed'),
  ],
  [
    'NoRunWithoutVmsa',
    'CREATE with a page that is no VMSA',
    `${held}v0      ap-create target=1 vmsa=0x123000\n`,
    all,
  ],
  [
    'NoRunWithoutVmsa',
    'CREATE with a page outside the memslots, the vCPU on its launch VMSA',
    `${held}v0      ap-create target=1 vmsa=0x7fff000\n`,
    ['part2-v4', 'part2-v5'],
  ],
  [
    'NoRunWithoutVmsa',
    'DESTROY, then a SIPI without INIT, on the launch VMSA',
    `${held}v0      ap-destroy target=1 features=0x1\nv0      sipi target=1\n`,
    ['v11'],
  ],
  [
    'NoRunWithoutVmsa',
    'CREATE, DESTROY, then a SIPI without INIT',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv0      ap-destroy target=1 features=0x1\nv0      sipi target=1\n`,
    ['v11', 'v14', 'linux-6.11', 'linux-6.12'],
  ],
  [
    'NoRunWithoutVmsa',
    'CREATE, then CREATE with a page outside the memslots',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv0      ap-create target=1 vmsa=0x7fff000\n`,
    ['part2-v4', 'part2-v5', 'linux-6.12'],
  ],
  [
    'NoRunWithoutVmsa',
    'INIT and SIPI to a vCPU that was created after LAUNCH_FINISH',
    `${started}${declaredPrivate}vmm     launch-update gfn=0 type=normal
vmm     launch-finish
vmm     run vcpu=0
vmm     create-vcpu
vmm     run vcpu=2
v0      init-sipi target=2
`,
    all,
  ],
  [
    'FailureIsNoOp',
    'CREATE with a wrong injection mode',
    `${held}v0      ap-create target=1 vmsa=0x121000 features=0x9\n`,
    ['part2-v5', 'v11', 'v14', 'linux-6.11'],
  ],
  [
    'ErrorsAreVisible',
    'CREATE for an APIC id that no vCPU has',
    `${held}v0      ap-create target=9 vmsa=0x121000\n`,
    ['part2-v4'],
  ],
  [
    'ErrorsAreVisible',
    'CREATE with a page outside the memslots',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv0      ap-create target=1 vmsa=0x7fff000\n`,
    allBut('as-reviewed'),
  ],
  [
    'NoDoubleCreate',
    'CREATE, CREATE',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv0      ap-create target=1 vmsa=0x122000\n`,
    allBut('as-reviewed'),
  ],
  [
    'DestroySticky',
    'DESTROY on the launch VMSA, then userspace sets RUNNABLE',
    `host    manual
launch  standard
v0      init-sipi target=1
vmm     run vcpu=1
v1      hold form=msr
v0      ap-destroy target=1 features=0x1
vmm     signal vcpu=1
vmm     set-mp-state vcpu=1 state=RUNNABLE
vmm     run vcpu=1
`,
    ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', '-linux-7.3'],
  ],
  [
    'DestroySticky',
    'DESTROY on the launch VMSA, then a SIPI without INIT',
    `${held}v0      ap-destroy target=1 features=0x1\nv0      sipi target=1\n`,
    ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', '-linux-7.3'],
  ],
  [
    'OfflineDistinguishable',
    'CREATE_ON_INIT for a vCPU that never ran',
    'launch  standard\nv0      make-vmsa gpa=0x121000\nv0      ap-create-on-init target=1 vmsa=0x121000\n',
    allBut('as-reviewed'),
    ['as-reviewed'],
  ],
  [
    'OfflineDistinguishable',
    'DESTROY',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv0      ap-destroy target=1 features=0x1\n`,
    allBut('as-reviewed', 'part2-v5'),
  ],
  [
    'NoLandmine',
    'a refused CREATE_ON_INIT, then INIT',
    `${held}v0      ap-create target=1 vmsa=0x121000\nv1      hold form=msr\nv0      ap-create-on-init target=1 vmsa=0x122010\nv0      init-sipi target=1\n`,
    ['part2-v5', 'v11', 'v14', 'linux-6.11'],
  ],
  [
    'SymmetricUnhalt',
    'CREATE for a running vCPU whose pv_unhalted is set',
    `launch  standard
v0      init-sipi target=1
v0      make-vmsa gpa=0x121000
inject  pv-unhalt vcpu=1
v0      ap-create target=1 vmsa=0x121000
`,
    ['part2-v4'],
  ],
  [
    'DeclaredFeaturesUniform',
    'CREATE that declares DEBUG_SWAP',
    `${held}v0      ap-create target=1 vmsa=0x121000 features=0x21\n`,
    ['part2-v4', 'as-reviewed', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.12'],
  ],
  [
    'PscReportsTruth',
    'a batch of one UNSMASH entry',
    'launch  standard\nv0      psc entries=unsmash:0x200/2M\n',
    ['linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'],
  ],
  [
    'PscReportsTruth',
    'a VMM that says success and does nothing',
    lying,
    ['v11', 'v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'as-reviewed'],
  ],
  [
    'PscReportsTruth',
    'a list that names a page twice, whose last entry is what it is',
    'launch  standard\nv0      psc entries=shared:0x100,private:0x100\n',
    [],
  ],
  [
    'NoUnrequestedConversion',
    'a partial 2M entry, then the 4K page at its base plus what is left',
    'launch  standard\nv0      psc entries=shared:0x200/2M@500,shared:0x20c\n',
    ['linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'v15-first-posting'],
  ],
  [
    'NoUnrequestedConversion',
    'a private entry, then SMASH',
    'launch  standard\nv0      psc entries=private:0x100,psmash:0x200/2M\n',
    ['v15-first-posting'],
  ],
  [
    'PscProgressMonotonic',
    'the VMM refuses the second range',
    'launch  standard\ninject  answer nth=2 ret=22\nv0      psc entries=private:0x100,private:0x110\n',
    [],
  ],
  [
    'PscProgressMonotonic',
    'the second entry cannot be done, in kernels too that leave no mark in the first',
    'launch  standard\nv0      psc entries=private:0x100,unsmash:0x200/2M\n',
    [],
  ],
  [
    'PscProgressMonotonic',
    'another vCPU raises cur_entry while the VMM has the batch, and the VMM refuses',
    `host    manual
launch  standard
v0      init-sipi target=1
vmm     run vcpu=1
v0      psc entries=private:0x100,private:0x110
v1      write gpa=0x3ff800 private=no value=0x10001
vmm     answer vcpu=0 ret=22
vmm     run vcpu=0
`,
    [],
  ],
  [
    'PscBoundedExits',
    'four entries in two runs',
    'launch  standard\nv0      psc entries=shared:0x100+3,shared:0x110\n',
    [],
  ],
  [
    'KvmOwnsAbi',
    'a batch with an UNSMASH entry',
    'launch  standard\nv0      psc entries=private:0x100,unsmash:0x200/2M\n',
    ['v11', 'v14'],
  ],
  [
    'RmpMatchesAttribute',
    'LAUNCH_UPDATE of a page whose attribute stays shared, then KVM_RUN',
    `${started}vmm     launch-update gfn=0 type=normal\nvmm     launch-finish\nvmm     run vcpu=0\n`,
    ['v11'],
  ],
  [
    'LaunchFinishAtomic',
    'the last firmware command of LAUNCH_FINISH fails',
    `${started}inject  firmware command=0xa2 status=0xa\nvmm     launch-finish\n`,
    allBut('as-reviewed'),
  ],
  [
    'HostKeepsOutOfGuestPages',
    'LAUNCH_FINISH fails, and is tried again',
    `${started}inject  firmware command=0xa2 status=0xa\nvmm     launch-finish\nvmm     launch-finish\n`,
    ['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.17'],
  ],
  [
    'HostKeepsOutOfGuestPages',
    'LAUNCH_FINISH after LAUNCH_FINISH',
    `${started}vmm     launch-finish\nvmm     launch-finish\n`,
    ['part2-v4', 'part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.17'],
  ],
  [
    'PartialSuccessVisible',
    'the firmware refuses the second of two pages',
    `${started}${declaredPrivate}inject  firmware command=0xa1 nth=2 status=0xa\nvmm     launch-update gfn=0 n=2 type=normal\n`,
    ['part2-v5'],
  ],
  [
    'PartialSuccessVisible',
    'the second of two pages is assigned already',
    `${started}${declaredPrivate}vmm     launch-update gfn=1 type=normal\nvmm     launch-update gfn=0 n=2 type=normal\n`,
    ['v11'],
  ],
  [
    'ErrorCauseSurvives',
    'LAUNCH_UPDATE of a page that is assigned already',
    `${started}${declaredPrivate}vmm     launch-update gfn=0 type=normal\nvmm     launch-update gfn=0 type=normal\n`,
    ['v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'],
    ['as-reviewed'],
  ],
  [
    'NoUpdateAfterFinish',
    'LAUNCH_UPDATE after LAUNCH_FINISH',
    `${started}${declaredPrivate}vmm     launch-finish\nvmm     launch-update gfn=0 type=normal\n`,
    [],
  ],
  ['VmsaReturnedOrLeaked', 'every file of the VM is closed', 'launch  standard\nvmm     kill\n', []],
  [
    'TermDecodable',
    'termination by the MSR protocol',
    'launch  standard\nv0      terminate form=msr set=0 code=1\n',
    ['part2-v4', 'part2-v5', 'term-v4', 'term-v4.1'],
  ],
  [
    'TermDecodable',
    'termination by the GHCB page',
    'launch  standard\nv0      terminate form=nae set=0 code=1\n',
    allBut('as-reviewed'),
    ['as-reviewed'],
  ],
  [
    'NdataCoversData',
    'termination by the MSR protocol',
    'launch  standard\nv0      terminate form=msr set=0 code=1\n',
    ['term-v4.1'],
  ],
  [
    'TypeIsPlainEnum',
    'termination by the MSR protocol',
    'launch  standard\nv0      terminate form=msr set=0 code=1\n',
    ['as-reviewed', 'term-v4.1'],
  ],
  [
    'ExitReasonFitsPayload',
    'termination by the MSR protocol',
    'launch  standard\nv0      terminate form=msr set=0 code=1\n',
    ['term-v4'],
  ],
  [
    'WaitEnds',
    'LAUNCH_FINISH while an AP that never got INIT sleeps in KVM_RUN',
    `${started}vmm     run vcpu=1\nvmm     launch-finish\n`,
    ['linux-7.2', 'linux-7.3'],
  ],
];

const scenarioOf = (lines: string): string => {
  const host = lines.trimStart().startsWith('host') ? '' : 'host    qemu\n';
  return `ghcb-scenario 1\nvm      vcpus=3 memory=4M\nguest   manual\n${host}${lines.trim()}\nend ghcb-scenario\n`;
};

function breaksIn(name: InvariantName, lines: string, among: readonly ProfileName[]): ProfileName[] {
  const parsed = parseScenario(scenarioOf(lines));
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return among.filter((id) => {
    const found = runScenario(parsed.scenario, profile(id), memoryTape).timeline.findings();
    return found.some(({ finding }) => finding.invariant === name);
  });
}

for (const [name, says, lines, generations, unsaid = []] of rows) {
  test(`${name}: ${says}`, () => {
    const named = [...profileIds, ...overlayIds].filter((id) => isProfileId(id) || generations.includes(id));
    const among = named.filter((id) => !unsaid.includes(id));
    expect(breaksIn(name, lines, among)).toEqual(among.filter((id) => isListed(generations, id)));
  });
}

test('every invariant has a sequence here', () => {
  const shown = new Set(rows.map(([name]) => name));
  expect(invariantNames.filter((name) => !shown.has(name))).toEqual([]);
});

test('NoUnrequestedConversion: a 2M entry whose first five pages are done, under a kernel that hands it over whole', () => {
  const parsed = parseScenario(scenarioOf('launch  standard\nv0      psc entries=shared:0x200/2M@5\n'));
  const whole = parseProfileSpec('linux-7.2:psc.partialEntry=ignored');
  if (!parsed.ok || !whole.ok) throw new Error('neither the scenario nor the profile is at fault');
  const findings = (of: typeof whole.value) =>
    runScenario(parsed.scenario, of, memoryTape)
      .timeline.findings()
      .filter(({ finding }) => finding.invariant === 'NoUnrequestedConversion')
      .map(({ finding }) => finding.text);
  expect(findings(profile('linux-7.2'))).toEqual([]);
  expect(findings(whole.value)).toEqual([
    expect.stringContaining('the VMM is asked to make gfn 0x200 shared, which no entry asks for'),
  ]);
});
