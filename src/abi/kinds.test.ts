import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import { bytesToHex } from '../base/hex';
import { decodeText, encodeArguments } from './kind-text';
import { kindNamed, kinds, structLayouts, wordLayouts } from './kinds';

const wordOf = (bits: number) => fc.bigInt(0n, (1n << BigInt(bits)) - 1n);

describe.each(Object.entries(wordLayouts))('word %s', (_, layout) => {
  test('is whole again after decode and encode', () => {
    fc.assert(
      fc.property(wordOf(layout.bits), (word) => {
        const fields = layout.decode(word);
        expect(layout.encode(fields)).toBe(word);
        expect(layout.decode(layout.encode(fields))).toEqual(fields);
      }),
      { numRuns: 50 },
    );
  });

  test('is the same by halves, by rows and by bigint', () => {
    fc.assert(
      fc.property(wordOf(layout.bits), (word) => {
        const [lo, hi] = [Number(word & 0xffff_ffffn), Number(word >> 32n)];
        const fields = layout.decode(word);
        for (const { name, value, bits } of layout.explain(word)) {
          expect(BigInt(fields[name] ?? -1)).toBe(value);
          if (bits && bits[0] - bits[1] < 53) expect(BigInt(layout.field(lo, hi, name))).toBe(value);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('with no fields given is what the protocol demands', () => {
    const rows = layout.explain(layout.encode({}));
    expect(rows.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  test('tells of every bit that must not be set', () => {
    const all = layout.explain((1n << BigInt(layout.bits)) - 1n);
    for (const row of all) {
      const field = layout.fields[row.name];
      const allowed = field?.reserved === undefined && (field?.is === undefined || field.is === row.value);
      expect(row.problem === undefined, row.name).toBe(allowed);
    }
  });
});

describe.each(Object.entries(structLayouts))('structure %s', (_, layout) => {
  test('reads back what it wrote, field by field', () => {
    const bytes = fc.uint8Array({ minLength: layout.size, maxLength: layout.size });
    fc.assert(
      fc.property(bytes, (given) => {
        const rows = layout.explain(bytesView(given), -layout.start);
        const own = rows.filter(
          ({ name, bits }) => bits === undefined && layout.fields[name]?.alias === undefined,
        );
        const again = layout.encode(Object.fromEntries(own.map(({ name, value }) => [name, value])));
        expect(again).toEqual({ ok: true, value: Uint8Array.from(given) });
      }),
      { numRuns: 5 },
    );
  });

  test('has a meaning for every byte', () => {
    for (const field of Object.values(layout.fields)) expect(field.doc).not.toBe('');
  });
});

describe.each(Object.entries(kinds))('kind %s', (name, kind) => {
  test('never throws on bytes that nobody wrote for it', () => {
    if (kind.shape === 'word') {
      fc.assert(
        fc.property(wordOf(8 * kind.size), (word) => void kind.decode(word)),
        { numRuns: 20 },
      );
      return;
    }
    const bytes = fc.uint8Array({ minLength: kind.leastBytes, maxLength: kind.size });
    fc.assert(
      fc.property(bytes, (given) => {
        for (const { offset, size } of kind.decode(given))
          expect((offset ?? 0) + (size ?? 0)).toBeLessThan(2 ** 13);
      }),
      { numRuns: 5 },
    );
  });

  test('answers text that is no value with a problem', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void decodeText(name, text)),
      { numRuns: 20 },
    );
    expect(decodeText(name, 'certainly not').ok).toBe(false);
  });

  test('names the field it does not know', () => {
    const refused = encodeArguments(name, ['noSuchField=1']);
    expect(refused.ok ? '' : refused.error.message).toContain('noSuchField');
  });
});

test('a kind that nobody knows gets the nearest name', () => {
  expect(kindNamed('psc-entri')).toEqual({
    ok: false,
    error: { message: "no kind 'psc-entri'; did you mean 'psc-entry'?", place: 'psc-entri' },
  });
  expect(kindNamed('constructor').ok).toBe(false);
});

describe('encoding by name', () => {
  test.each([
    ['ghcb-msr', ['message=PSC_REQ', 'gfn=0x12345', 'operation=private'], 0x0010_0000_1234_5014n],
    ['ghcb-msr', ['info=0x12', 'gfn=0x7f1a4'], 0x0000_0000_7f1a_4012n],
    ['ghcb-msr', ['info=0x99', 'data=1'], 0x1099n],
    ['msr-psc-req', ['gfn=0x12345', 'operation=shared'], 0x0020_0000_1234_5014n],
    ['psc-entry', ['gfn=0x40000', 'operation=shared', 'pageSize=2M', 'curPage=256'], 0x0120_0000_4000_0100n],
    ['sev-features', ['snpActive=set', 'debugSwap=set'], 0x21n],
    ['snp-policy', ['smt=set'], 0x3_0000n],
  ])('%s %j', (kind, args, word) => {
    expect(encodeArguments(kind, args)).toEqual({ ok: true, value: word });
  });

  test.each([
    ['psc-entry', ['operation=privat'], "operation: 'privat' is not a number; did you mean 'private'?"],
    ['psc-entry', ['gfn=0x10000000000'], 'PSC entry: gfn: 0x10000000000 does not fit 40 bits'],
    ['ghcb-msr', ['message=PSC_RQ'], "message: no message 'PSC_RQ'; did you mean 'PSC_REQ'?"],
    ['ghcb-page', ['rxx=1'], "GHCB page: rxx: no such field; did you mean 'rax'?"],
    ['valid-bitmap', ['raxx=1'], "raxx: no such field; did you mean 'rax'?"],
    ['kvm-run', ['hypercal.ret=1'], 'hypercal: no such member of the union'],
    ['psc-entry', ['gfn'], "'gfn' is not name=value"],
  ])('%s %j is refused', (kind, args, message) => {
    expect(encodeArguments(kind, args)).toMatchObject({ ok: false, error: { message } });
  });

  test('a GHCB page marks what it is given', () => {
    const page = encodeArguments('ghcb-page', ['swExitCode=0x80000010', 'swScratch=0x1800', 'cpl=3']);
    if (!page.ok || typeof page.value === 'bigint') throw new Error('a page was expected');
    expect(bytesToHex(page.value.subarray(0x3f0, 0x400))).toBe('00000002000000000000000000002400');
    expect(page.value[0x0cb]).toBe(3);
  });

  test('a kvm_run takes the fields of its member', () => {
    const bytes = encodeArguments('kvm-run', [
      'exitReason=KVM_EXIT_HYPERCALL',
      'hypercall.nr=12',
      'hypercall.args[2]=0x10',
    ]);
    if (!bytes.ok || typeof bytes.value === 'bigint') throw new Error('bytes were expected');
    const view = bytesView(bytes.value);
    expect([view.u32(8), view.u64(32), view.u64(56)]).toEqual([3, 12n, 0x10n]);
  });

  test('byte fields take hex bytes', () => {
    const bytes = encodeArguments('launch-finish', ['hostData=aabb', 'idBlockEn=set']);
    if (!bytes.ok || typeof bytes.value === 'bigint') throw new Error('bytes were expected');
    expect([...bytes.value.subarray(16, 22)]).toEqual([1, 0, 0, 0xaa, 0xbb, 0]);
  });

  const inherited = Object.getOwnPropertyNames(Object.prototype);

  test.each(inherited)('%s is no value, no field and no kind, though every object answers to it', (word) => {
    const refusalOf = (kind: string, part: string): string => {
      const encoded = encodeArguments(kind, [part]);
      return encoded.ok ? 'encoded' : encoded.error.message;
    };
    expect(refusalOf('psc-entry', `gfn=${word}`)).toContain(`'${word}' is not a number`);
    expect(refusalOf('psc-entry', `operation=${word}`)).toContain(`'${word}' is not a number`);
    expect(refusalOf('launch-start', `policy.smt=${word}`)).toContain(`'${word}' is not a number`);
    for (const kind of ['psc-entry', 'ghcb-msr', 'ghcb-page', 'kvm-run', 'valid-bitmap', 'launch-start'])
      expect(refusalOf(kind, `${word}=1`), kind).toContain(`${word}: no such field`);
    expect(refusalOf('launch-start', `policy.${word}=1`)).toContain('no such field');
    expect(refusalOf('kvm-run', `hypercall.${word}=1`)).toContain('no such field');
    expect(refusalOf('kvm-run', `${word}.ret=1`)).toContain('no such member');
    expect(refusalOf(word, 'gfn=1')).toContain(`no kind '${word}'`);
  });
});
