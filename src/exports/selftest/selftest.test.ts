import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { kvmExitReasons } from '../../abi/kvm-run';
import { mpStates } from '../../abi/mp-state';
import { isLong, sampled } from '../../testing/effort';
import { exportedFrom, scenarioOf, shipped, shippedFiles } from '../../testing/exports/exported';
import { selftestText } from './selftest';

const hasGcc = spawnSync('gcc', ['--version']).status === 0;

const constants = [
  ...Object.values(kvmExitReasons),
  ...Object.values(mpStates).map((name) => `KVM_MP_STATE_${name}`),
];

/** What the skeleton takes from the selftest library, as declarations of our own. */
const stub = `
typedef unsigned int u32; typedef unsigned long long u64; typedef u64 gva_t; typedef u64 gpa_t;
#define BIT(n) (1ULL << (n))
#define TEST_ASSERT(cond, ...) do { if (!(cond)) test_failed(__VA_ARGS__); } while (0)
#define TEST_ASSERT_EQ(a, b) TEST_ASSERT((a) == (b), "not equal")
#define TEST_REQUIRE(cond) TEST_ASSERT(cond, "skipped")
void test_failed(const char *format, ...);
enum { MSR_AMD64_SEV_ES_GHCB, VM_MODE_DEFAULT, KVM_UTIL_MIN_VADDR, MEM_REGION_TEST_DATA, SEV_POLICY_ES };
enum { ${constants.join(', ')} };
enum { KVM_SYSTEM_EVENT_SEV_TERM, KVM_CAP_VM_TYPES, KVM_X86_SEV_ES_VM, KVM_X86_SNP_VM, KVM_MAP_GPA_RANGE_ENCRYPTED = 16 };
struct kvm_mp_state { u32 mp_state; };
struct kvm_run { u32 exit_reason;
  struct { u64 nr, args[6], ret, flags; } hypercall;
  struct { u32 type, ndata; u64 data[16]; } system_event;
  struct { unsigned char direction, size; unsigned short port; u32 count; } io;
  struct { u64 phys_addr; u32 len; unsigned char is_write; } mmio;
  struct { u32 index; u64 data; } msr; struct { u64 flags, gpa, size; } memory_fault; };
struct kvm_vm; struct kvm_vcpu { struct kvm_run *run; };
struct vm_shape { int mode; int type; };
void wrmsr(u32 msr, u64 value); u64 rdmsr(u32 msr); void vmgexit(void);
void vcpu_run(struct kvm_vcpu *vcpu); int _vcpu_run(struct kvm_vcpu *vcpu);
void vm_mem_set_private(struct kvm_vm *vm, gpa_t gpa, u64 size);
void vm_mem_set_shared(struct kvm_vm *vm, gpa_t gpa, u64 size);
void vm_guest_mem_punch_hole(struct kvm_vm *vm, gpa_t gpa, u64 size);
void vcpu_mp_state_set(struct kvm_vcpu *vcpu, struct kvm_mp_state *state);
int kvm_check_cap(long cap); u64 snp_default_policy(void);
struct kvm_vm *__vm_create_with_vcpus(struct vm_shape shape, u32 count, u64 pages, void *code, struct kvm_vcpu **vcpus);
gva_t vm_alloc_shared(struct kvm_vm *vm, unsigned long size, gva_t least, int type);
gpa_t addr_gva2gpa(struct kvm_vm *vm, gva_t gva);
void vcpu_arch_set_entry_point(struct kvm_vcpu *vcpu, void *code);
void vcpu_args_set(struct kvm_vcpu *vcpu, unsigned int count, ...);
void vm_sev_launch(struct kvm_vm *vm, u64 policy, unsigned char *measurement);
`;

/** Checks a file with the compiler. @returns its messages */
function compile(text: string, options: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'selftest-')), 'test.c');
  writeFileSync(file, text);
  const done = spawnSync('gcc', ['-fsyntax-only', '-Wall', '-Werror', '-std=gnu99', ...options, file], {
    encoding: 'utf8',
  });
  return done.stderr;
}

function stubFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'selftest-stub-'));
  writeFileSync(join(folder, 'stub.h'), `#pragma once\n${stub}`);
  for (const name of ['test_util.h', 'kvm_util.h', 'processor.h', 'sev.h'])
    writeFileSync(join(folder, name), '#include "stub.h"\n');
  return folder;
}

describe.skipIf(!hasGcc)('gcc takes the skeleton (skipped where there is no gcc)', () => {
  const folder = hasGcc ? stubFolder() : '';
  test.each(sampled(shippedFiles, 8))('of %s', (file) => {
    const text = finish(selftestText(exportedFrom(shipped(file), ['linux-7.2'])));
    expect(compile(text, ['-I', folder])).toBe('');
  });
});

/** The root of a Linux tree with the selftests: VMGEXIT_LINUX, or one that a package of Debian unpacked. */
function linuxTree(): string | undefined {
  const packaged = existsSync('/usr/src')
    ? readdirSync('/usr/src').map((name) => join('/usr/src', name))
    : [];
  const roots = [process.env['VMGEXIT_LINUX'] ?? '', ...packaged].filter((root) => root !== '');
  return roots.find((root) => existsSync(join(root, 'tools/testing/selftests/kvm/include/x86/sev.h')));
}

const tree = isLong && hasGcc ? linuxTree() : undefined;
describe.skipIf(tree === undefined)(
  'gcc takes the skeleton with the selftest library of Linux (skipped without VMGEXIT_LINUX or an unpacked linux-source)',
  () => {
    const options = tree === undefined ? [] : libraryOptions(tree);
    test.each(shippedFiles)('of %s', (file) => {
      const text = finish(selftestText(exportedFrom(shipped(file), ['linux-7.2'])));
      expect(compile(text, options)).toBe('');
    });
  },
);

/** As the library's own Makefile includes it; the exported kernel headers are taken from the tree as they stand. */
function libraryOptions(root: string): readonly string[] {
  const headers = mkdtempSync(join(tmpdir(), 'selftest-headers-'));
  for (const [from, to, names] of [
    ['include/uapi/linux', 'linux', ['kvm', 'kvm_para', 'psp-sev']],
    ['arch/x86/include/uapi/asm', 'asm', ['kvm', 'kvm_para']],
  ] as const) {
    mkdirSync(join(headers, to));
    for (const name of names) cpSync(join(root, from, `${name}.h`), join(headers, to, `${name}.h`));
  }
  const tools = [
    'include',
    'arch/x86/include',
    'testing/selftests/kvm/include',
    'testing/selftests/kvm/include/x86',
  ];
  const folders = [headers, ...[...tools, 'testing/selftests'].map((folder) => join(root, 'tools', folder))];
  const defines = ['-DCONFIG_64BIT', '-D_GNU_SOURCE=', '-D__user='];
  return [
    '-O2',
    '-march=x86-64-v2',
    '-fno-strict-aliasing',
    ...defines,
    ...folders.flatMap((f) => ['-I', f]),
  ];
}

describe('a page state change of four pages in two ranges', () => {
  const text = finish(selftestText(exportedFrom(shipped('psc-batch.ghcb'), ['linux-7.2'])));

  test('is written into the GHCB page word by word, the valid bitmap too, at the addresses of the selftest', () => {
    expect(text).toMatch(/ghcb\[0x390 \/ 8\] = 0x80000010ULL; \/\* swExitCode \*\//);
    expect(text).toMatch(/ghcb\[0x3a8 \/ 8\] = ghcb_gpa \+ 0x800; \/\* swScratch \*\//);
    // Bits 114 to 117 of the bitmap, of which the GHCB page keeps the high half at 0x3f8: 2, 3, 4 and 5 of byte 14.
    expect(text).toMatch(/ghcb\[0x3f8 \/ 8\] = 0x3c000000000000ULL; \/\* validBitmap \*\//);
    expect(text).toMatch(/page_request\(ghcb_gpa\);\n\tcheck_page\(ghcb, 0x0ULL, 0x0ULL, 2\);/);
  });

  test('leaves to userspace for each range, with the answer that the VMM gave', () => {
    expect(text.match(/expect_exit\(vcpu, KVM_EXIT_HYPERCALL\);/g)).toHaveLength(4);
    expect(text).toMatch(
      /args\[1\], 0x3ULL\);\n.*args\[2\], 0x10ULL\);\n\tconvert\(vm, run\);\n\trun->hypercall\.ret = 0x0ULL;/,
    );
    expect(text).toContain('run->hypercall.ret = 0x16ULL;');
  });
});

test('an act that no selftest can do stands in a comment that names it', () => {
  const text =
    'ghcb-scenario 1\nvm vcpus=1\nlaunch standard\nv0 hv-features form=msr\ninject rmpupdate code=1\nkvm reclaim gfn=0x120\nend ghcb-scenario\n';
  const c = finish(selftestText(exportedFrom(scenarioOf(text), ['linux-7.2'])));
  expect(c).toContain('/* inject rmpupdate code=1: no selftest can do this */');
  expect(c).toContain('/* kvm reclaim gfn=0x120: no selftest can do this */');
  expect(c).toContain('msr_request(0x80ULL);');
});

test('the text of a scenario does not end the comment that holds it', () => {
  const scenario = { lines: [{ kind: 'title', text: 'a */ int x; /* ??/' }, { kind: 'launch' }] } as const;
  const c = finish(selftestText(exportedFrom(scenario, ['linux-7.2'])));
  expect(c.slice(0, c.indexOf('#include')).match(/\*\//g)).toHaveLength(1);
});
