/** A scenario that leads to what a line says; or the sentence why there is none. */
import { bytesToPages, gpaToGfn } from '../abi/address';
import { firmwareCommands, SEV_RET_NO_FW_CALL } from '../abi/firmware';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../abi/kvm-structs';
import { naeEvent, requiredFields } from '../abi/nae';
import { PFERR_GUEST_ENC_MASK, PFERR_PRIVATE_ACCESS } from '../abi/nested-fault';
import { hex } from '../base/hex';
import { ok, problem, type Result } from '../base/result';
import { own } from '../base/table';
import { scenarioFromRecognition } from '../scenarios/from-value';
import { guest, machineWith, scenarioOf, vmm, type Planned } from '../scenarios/from-value/plan';
import { planOfFirmwareFailure, planOfMemoryFault, planOfSvmExit } from '../scenarios/from-value/words';
import type { Scenario } from '../scenarios/scenario';
import { numberIn, signedIn, textIn } from './form';
import { recognitionOf } from './pasted';
import { errnoWord } from './refusal';
import type { TraceLine } from './read';
import type { Fields } from './template';

const WRITE = 1n << 1n;

const commandNamed = (name: string): bigint | undefined => {
  const found = Object.entries(firmwareCommands).find(([, known]) => known === name);
  return found && BigInt(found[0]);
};

/** A call that failed: the firmware is made to refuse just this call. */
function launchFailure(call: string, fields: Fields): Planned {
  const ret = signedIn(fields, 'ret') ?? 0;
  const status = BigInt.asUintN(32, numberIn(fields, 'status'));
  if (ret === 0) return 'The call succeeded: every launch shows it.';
  if (status === 0n || status === BigInt(SEV_RET_NO_FW_CALL))
    return `${call} returned ${errnoWord(ret)} and no command of the firmware failed: KVM refused, and the line does not say for what.`;
  const command = commandNamed(call);
  return command === undefined
    ? `The line does not name a command of the firmware; ${call} is none.`
    : planOfFirmwareFailure(status, command);
}

/** The access that a nested page fault is of. */
function access(gpa: bigint, error: bigint): Planned {
  const isPrivate = (error & (PFERR_GUEST_ENC_MASK | PFERR_PRIVATE_ACCESS)) !== 0n;
  const isWrite = (error & WRITE) !== 0n;
  return {
    title: `A ${isPrivate ? 'private' : 'shared'} ${isWrite ? 'write' : 'read'} at ${hex(gpa)}, the access of the nested page fault`,
    vm: machineWith(gpa),
    acts: [
      isWrite
        ? guest('write', { gpa, private: isPrivate, value: 0n })
        : guest('read', { gpa, private: isPrivate }),
    ],
  };
}

/** A request in which a field that it needs is not marked valid. */
function missingInput(code: bigint): Planned {
  const event = naeEvent(code);
  if (!event) return `${hex(code)} is no event that KVM asks fields for.`;
  const needed = requiredFields(code, { info1: 0n, rax: 0n });
  return {
    title: `${event.name} without the fields that it needs`,
    notes: [`Needed are ${needed.join(', ')}; here only the exit code and the info words are marked valid.`],
    acts: [guest('nae', { code, info1: 0n, info2: 0n })],
  };
}

function attributes(start: bigint, end: bigint, bits: bigint): Planned {
  if (end <= start) return 'The range is empty.';
  if (bits !== 0n && bits !== KVM_MEMORY_ATTRIBUTE_PRIVATE)
    return 'The act sets KVM_MEMORY_ATTRIBUTE_PRIVATE alone; KVM knows no other attribute.';
  return {
    title: `KVM_SET_MEMORY_ATTRIBUTES of ${end - start} pages to ${hex(bits)}`,
    acts: [vmm('set-attributes', { gfn: Number(start), n: Number(end - start), private: bits !== 0n })],
  };
}

/** What a line of one kind asks for, where its single values do not say it all. */
const plans: Readonly<Record<string, (fields: Fields) => Planned>> = {
  'qemu-launch': (fields) => launchFailure(textIn(fields, 'call'), fields),
  'snp-context': (fields) => launchFailure('SNP_GCTX_CREATE', fields),
  'exit-code-input': (fields) => missingInput(numberIn(fields, 'code')),
  'vc-unsupported': (fields) => planOfSvmExit(numberIn(fields, 'code')),
  'vc-opcode': (fields) => planOfSvmExit(numberIn(fields, 'code')),
  kvm_page_fault: (fields) => access(numberIn(fields, 'address'), numberIn(fields, 'error')),
  kvm_rmp_fault: (fields) => access(numberIn(fields, 'gpa'), numberIn(fields, 'error')),
  kvm_memory_fault: (fields) => planOfMemoryFault(numberIn(fields, 'gpa'), numberIn(fields, 'flags')),
  'rust-memory-fault': (fields) => planOfMemoryFault(numberIn(fields, 'gpa'), numberIn(fields, 'flags')),
  kvm_hc_map_gpa_range: (fields) => ({
    title: `KVM_HC_MAP_GPA_RANGE at ${hex(numberIn(fields, 'gpa'))} with attributes ${hex(numberIn(fields, 'attributes'))}`,
    vm: machineWith(numberIn(fields, 'gpa')),
    acts: [
      guest('vmmcall', {
        nr: 12n,
        a0: numberIn(fields, 'gpa'),
        a1: BigInt(bytesToPages(numberIn(fields, 'size'))),
        a2: numberIn(fields, 'attributes'),
      }),
    ],
  }),
  kvm_vm_set_mem_attributes: (fields) =>
    attributes(numberIn(fields, 'start'), numberIn(fields, 'end'), numberIn(fields, 'attributes')),
  kvm_convert_memory: (fields) =>
    attributes(
      BigInt(gpaToGfn(numberIn(fields, 'gpa'))),
      BigInt(gpaToGfn(numberIn(fields, 'gpa') + numberIn(fields, 'size'))),
      /_to_private$/.test(textIn(fields, 'direction')) ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n,
    ),
};

/** The scenario for a placed line. */
export function scenarioOfLine(line: TraceLine): Result<Scenario> {
  const { form, fields } = line;
  if (!form || !fields) return problem(line.why ?? 'The line was not read, so nothing is made of it.');
  const planned = own(plans, form.id)?.(fields);
  if (typeof planned === 'string') return problem(planned);
  if (planned) return ok(scenarioOf(planned));
  const recognition = recognitionOf(line);
  return recognition
    ? scenarioFromRecognition(recognition)
    : problem('The line holds no request and no value that a scenario could be made of.');
}
