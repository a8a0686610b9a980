/** The fields that inputs of a kind may have, at any depth. A field that no driver knows must not pass unheard. */
import type { Json } from './json';

/** Fields of a VM's life: the kinds `launch`, `init2`, `gmem`, `rmpFault` and `teardown` share a format. */
const life = `
  vmType slots private poisoned userPages tags host steps op inject
  features policyBits maxSnpAsid asidsUsed asidsReclaim fwDirty cgroup platformRet platformError tscKhz sevEnabled
  esEnabled noPsp pspDead
  vmsaFeatures flags ghcbVersion policy gfn uaddr len type idBlockEn authKeyEn vcekDisabled idBlock idAuth blockVerdict
  authVerdict id fd cmdFault argFault vcpu field value n mode offset gmem validate order from to size gpa asid immutable
  validated errorCode
  fw cmd status every rmp code split psmash race alloc what signalAt lockInterrupted`;
const aps = `
  target vmsaFeatures maxphyaddr initial mp first pvUnhalted noGmem noSlot ops op vcpu info1 info2 rax raxValid gpa
  reload form value`;
const hypercalls = 'guest hypercallExit';

const declared: Readonly<Record<string, string>> = {
  psc: `ghcbGpa ghcbVersion hypercallExit cur end hdrReserved entries info2 scratch answers edits afterExit header entry
    value disableAfterExit rounds world assigned code gpa noSlot notPresent nptLevel rmpFail unregistered`,
  msr: `${hypercalls} ghcbMsr ghcbVersion answers irqchip cpuidHandler cpuidResult extraEvent pvUnhalted
    showReset`,
  msrSweep: `${hypercalls} ghcbMsr ghcbVersion irqchip cpuidHandler cpuidResult extraEvent pvUnhalted`,
  ap: aps,
  apRun: aps,
  runLoop: `target noGmem hypercallExit ops op info1 info2 rax rbx rcx rdx rsi value gpa ret immediateExit signal guest
    do exitCode scratch cpl psc cur end entries ghcbMsr events ap gmemGone sleep`,
  fault: `vcpus launch steps op vcpu gpa size flags npf attributes mode offset len page value inject allocGmem rmpupdate
    every signal immediateExit struct noRmp allocMmu signalAtPage access slot during at step userAddr rawUserAddr legacy
    file info1 type`,
  nae: `guest ghcb exitCode info1 info2 scratch valid usage protocolVersion rax rbx rcx rdx rsi cpl xcr0 xss ghcbVersion
    registered unmapped unreadable handler irqchip jumpTable msrFails cpuidResult answers answerNpages certs data entry fw
    error ret msgType vmsaFeatures target`,
  vmmcall: `${hypercalls} cpl rax rbx rcx rdx rsi answer`,
  launch: life,
  init2: life,
  gmem: life,
  rmpFault: life,
  teardown: life,
};

/** Says what a case is about, in words. */
const LABEL = 'cat';

const known: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(declared).map(([kind, names]) => [kind, new Set([LABEL, ...names.trim().split(/\s+/)])]),
);

/** User pages are listed by their numbers. */
const isNumber = (name: string): boolean => /^\d+$/.test(name);

/** A field of an input that no driver of the kind reads, if there is one. */
export function unknownField(kind: string, input: Json): string | undefined {
  const names = known.get(kind);
  if (typeof input !== 'object' || input === null) return undefined;
  if (Array.isArray(input)) return firstOf(input as readonly Json[], (item) => unknownField(kind, item));
  return firstOf(Object.entries(input), ([name, value]) =>
    names?.has(name) || isNumber(name) ? unknownField(kind, value) : name,
  );
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
