import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { parseProfileSpec, profile, type ProfileName } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario, problemText } from '../../scenarios/parse';
import { printScenario } from '../../scenarios/print';
import { runScenario } from '../../scenarios/run';
import { printedLinesInParts } from '../printed/steps';
import { readTraceInParts } from '../read';
import { explainInParts } from './explain';
import { scenarioOfLines } from './scenario';

const read = (text: string) => finish(readTraceInParts(text));

/** The lines that a run prints under a profile. */
function logOf(scenario: string, spec: string): string {
  const parsed = parseScenario(`${scenario}end ghcb-scenario\n`);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const resolved = parseProfileSpec(spec);
  if (!resolved.ok) throw new Error(resolved.error.message);
  const run = runScenario(parsed.scenario, resolved.value, (world) => new Timeline(world));
  return finish(printedLinesInParts(run.timeline))
    .map(({ line: { text, log } }) => (log === 'qemu-trace' ? `1@0.1:${text}` : text))
    .join('\n');
}

const explain = (text: string, ...ids: ProfileName[]) =>
  finish(
    explainInParts(
      read(text),
      ids.map((id) => profile(id)),
    ),
  );

const head = 'ghcb-scenario 1\ntitle a trace\nguest manual\nhost qemu\nlaunch standard\n';

describe('a trace of a kernel is explained by that kernel', () => {
  test.each([
    ['features and registration', 'v0 msr value=0x80\nv0 msr value=0x200012\n'],
    ['an unknown message', 'v0 msr value=0x999\n'],
    ['an unknown event', 'v0 nae code=0x80000099 info1=0x0 info2=0x0\n'],
    ['missing input', 'v0 nae code=0x72 info1=0x0 info2=0x0\n'],
    ['a page state change by the MSR', 'v0 msr-psc gfn=0x200 op=private\nv0 msr-psc gfn=0x200 op=none\n'],
    ['a batch', 'v0 psc entries=private:0x200+3,shared:0x205\n'],
    ['a termination', 'v0 terminate form=msr set=1 code=2\n'],
    [
      'AP creation',
      'v0 pvalidate gpa=0x121000\nv0 make-vmsa gpa=0x121000\nv0 ap-create target=1 vmsa=0x121000\n',
    ],
    ['AP creation for nobody', 'v0 ap-create target=9 vmsa=0x121000\n'],
  ])('%s', (_, acts) => {
    for (const id of ['linux-6.12', 'linux-7.2'] as const) {
      const { profiles } = explain(logOf(head + acts, id), id);
      expect(profiles[0]?.first?.line.raw).toBeUndefined();
      expect(profiles[0]?.comparable).toBeGreaterThan(0);
      expect(profiles[0]?.explained).toBe(profiles[0]?.comparable);
    }
  });
});

test('a termination behind the answer to a request is one of its own', () => {
  const text = `${logOf(`${head}v0 msr value=0x80\n`, 'linux-7.2')}\nkvm_amd: SEV-ES guest requested termination: 0x1:0x2`;
  const [found] = explain(text, 'linux-7.2').profiles;
  expect(found?.first).toBeUndefined();
  expect(found?.explained).toBe(2);
});

test('a launch that fails behind the end of another VM is one of its own', () => {
  const found = explain(
    [
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100',
      'kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
      'ccp 0000:02:00.5: sev command 0xa0 failed (0x00000007)',
      "qemu-system-x86_64: SNP_LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'",
    ].join('\n'),
    'linux-7.2',
  );
  expect(found.profiles[0]).toMatchObject({ explained: 3, comparable: 3 });
});

describe('"6.12 or 7.2?"', () => {
  const unregistered = logOf(`${head}v0 use-ghcb gpa=0x200000\nv0 hv-features form=nae\n`, 'linux-7.2');

  test('a profile that answers otherwise: the first line, the nearest one, and the facet that decides', () => {
    const { profiles } = explain(unregistered, 'linux-6.12', 'linux-7.2');
    expect(profiles.map(({ profile: { id } }) => id)).toEqual(['linux-7.2', 'linux-6.12']);
    const [first, second] = profiles;
    expect(first?.first).toBeUndefined();
    expect(second?.first?.line.form?.id).toBe('kvm_vmgexit_exit');
    expect(second?.first?.facets).toContain('ghcb.unregistered=malformedInput');
    expect(second?.explained).toBeLessThan(second?.comparable ?? 0);
  });

  test('features of an AP that each compares in its own way', () => {
    const text = logOf(
      `${head}v0 make-vmsa gpa=0x121000\nv0 ap-create target=1 vmsa=0x121000 features=0x21\n`,
      'linux-7.2',
    );
    const [best, other] = explain(text, 'linux-6.12', 'linux-7.2').profiles;
    expect(best?.profile.id).toBe('linux-7.2');
    expect(best?.first).toBeUndefined();
    expect(other?.first?.facets.join()).toContain('ap.features=');
  });
});

describe('kernels sorted by how far they get', () => {
  const ids = ['part2-v4', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2'] as const;

  test.each([
    [
      'AP creation that is refused, and one that is not',
      'v0 ap-create target=9 vmsa=0x121000\nv0 make-vmsa gpa=0x122000\nv0 ap-create target=1 vmsa=0x122000 features=0x21\n',
      'linux-6.12',
    ],
    [
      'a GHCB page that is not registered, behind a batch',
      'v0 psc entries=shared:0x205\nv0 use-ghcb gpa=0x200000\nv0 hv-features form=nae\n',
      'linux-7.2',
    ],
  ])('%s: the kernel that wrote it gets furthest, and of each other one the first line', (_, acts, own) => {
    const { profiles } = explain(logOf(head + acts, own), ...ids);
    expect(profiles).toHaveLength(ids.length);
    const [best] = profiles;
    expect(best?.explained).toBe(best?.comparable);
    expect(profiles.find(({ profile: { id } }) => id === own)?.first).toBeUndefined();
    for (const [at, one] of profiles.entries()) {
      expect(one.explained).toBeLessThanOrEqual(profiles[at - 1]?.explained ?? Infinity);
      if (!one.first) continue;
      expect(one.first.nearest.length + one.first.facets.length, one.profile.id).toBeGreaterThan(0);
    }
    expect(profiles.some(({ first }) => first)).toBe(true);
  });

  test('a trace of a host with another VMM: what each kernel would print stands in the place of the line', () => {
    const text = logOf(`${head}v0 psc entries=shared:0x205\n`, 'linux-7.2').replace(
      /(kvm_vmgexit_exit: .*exit_reason 80000010, exit_info1 )0/,
      '$12',
    );
    const [found] = explain(text, 'linux-7.2').profiles;
    expect(found?.first?.line.form?.id).toBe('kvm_vmgexit_exit');
    expect(found?.first?.nearest.join()).toContain('exit_info1 0');
  });
});

describe('what no kernel explains', () => {
  test('a wrong answer, with the line that stands in its place', () => {
    const text = logOf(`${head}v0 msr value=0x80\n`, 'linux-7.2').replace(
      /ghcb_gpa \w+81, result 1/,
      'ghcb_gpa 0000000000009081, result 1',
    );
    const [found] = explain(text, 'linux-7.2').profiles;
    expect(found?.first?.nearest).toEqual([
      'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000003081, result 1',
    ]);
    expect(found?.first?.facets).toEqual([]);
    expect(found?.first?.faults).toEqual([]);
  });

  test('a fault of the host, which is named', () => {
    const text = logOf(
      `${head.replace('launch standard\n', '')}inject answer ret=22\nlaunch standard\nv0 msr value=0x80\nv0 psc entries=shared:0x200\n`,
      'linux-7.2',
    );
    const [found] = explain(text, 'linux-7.2').profiles;
    expect(found?.first?.line.form?.id).toBe('psc-failed');
    expect(found?.first?.faults).toEqual(['inject answer ret=0x16']);
    expect(found?.first?.facets).toEqual(['psc.doneReply=genericError']);
  });

  test('what a trace does not say is not compared, and why', () => {
    const { profiles, notCompared } = explain(
      [
        'kvm_vmgexit_enter: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0',
        'kvm_vmgexit_exit: vcpu 0, exit_reason 80000010, exit_info1 0, exit_info2 0',
        'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 4000000000000004',
        'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0123456700000005, result 1',
      ].join('\n'),
      'linux-7.2',
    );
    expect(profiles[0]?.comparable).toBe(0);
    expect(notCompared.map(({ line: { number } }) => number)).toEqual([2, 4]);
    expect(notCompared[0]?.why).toContain('buffer');
    expect(notCompared[1]?.why).toContain('CPUID');
  });
});

test('a line of dmesg alone is explained by what leads to it', () => {
  const [found] = explain('kvm_amd: SEV-ES guest requested termination: 0x1:0x2', 'linux-7.2').profiles;
  expect(found).toMatchObject({ explained: 1, comparable: 1 });
});

describe('a trace as one scenario', () => {
  const acts =
    'v0 msr value=0x80\nv0 msr value=0x999\nv0 psc entries=private:0x200+2\nv0 terminate form=msr set=1 code=2\n';
  const text = logOf(head + acts, 'linux-7.2');

  test('it holds every request behind its line, and its run prints the lines of the trace', () => {
    const made = scenarioOfLines(read(text).lines);
    if (!made.ok) throw new Error(made.error.message);
    const printed = printScenario(made.value.scenario);
    expect(printed).toMatch(/note {4}Line \d+: kvm_vmgexit_msr_protocol_enter: vcpu 0/);
    expect(made.value).toMatchObject({ made: 5, requests: 5 });
    const again = logOf(printed.replace(/end ghcb-scenario\n$/, ''), 'linux-7.2');
    const requests = (log: string) => log.split('\n').filter((line) => /_enter: /.test(line));
    expect(requests(again)).toEqual(requests(text));
  });

  test('lines without a request make none', () => {
    const made = scenarioOfLines(read('kvm_entry: vcpu 0, rip 0x0\nkvm_entry: vcpu 0, rip 0x0').lines);
    expect(made.ok ? '' : made.error.message).toContain('No line of it is a request');
  });
});
