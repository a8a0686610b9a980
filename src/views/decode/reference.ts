/** Every layout of the registry as rows of the reference: generated from the declarations, nothing written by hand. */
import { hex } from '../../base/hex';
import { structLayouts, wordLayouts } from '../../abi/kinds';
import type { FieldDeclaration } from '../../abi/layout';
import type { Source } from '../../abi/source';

export interface ReferenceField {
  readonly name: string;
  /** `+0x390/8`, `[55:52]`, or both. */
  readonly place: string;
  readonly doc: string;
  /** Constants and names of values, in one line. */
  readonly values: string;
  readonly source: Source;
}

export interface ReferenceLayout {
  readonly kind: string;
  readonly title: string;
  readonly size: string;
  readonly source: Source;
  readonly fields: readonly ReferenceField[];
}

const bitsText = ([hi, lo]: readonly [number, number]): string => `[${hi === lo ? hi : `${hi}:${lo}`}]`;

function valuesOf(field: FieldDeclaration): string {
  const names = Object.entries(field.names ?? {}).map(([value, name]) => `${hex(Number(value))} ${name}`);
  if (field.is !== undefined) names.unshift(`always ${hex(field.is)}`);
  if (field.reserved) names.unshift('must be zero');
  return names.join(', ');
}

const fieldOf = (name: string, place: string, field: FieldDeclaration, source: Source): ReferenceField => ({
  name,
  place,
  doc: field.doc,
  values: valuesOf(field),
  source: field.source ?? source,
});

const words = Object.entries(wordLayouts).map(([kind, { title, source, bits, fields }]): ReferenceLayout => ({
  kind,
  title,
  size: `${bits} bits`,
  source,
  fields: Object.entries(fields).map(([name, field]) => fieldOf(name, bitsText(field.bits), field, source)),
}));

const structs = Object.entries(structLayouts).map(
  ([kind, { title, source, size, fields }]): ReferenceLayout => ({
    kind,
    title,
    size: `${size} bytes`,
    source,
    fields: Object.entries(fields).flatMap(([name, field]) => {
      const times = field.array === undefined ? '' : ` × ${field.array}`;
      const place = `+${hex(field.at)}/${field.size}${times}`;
      const inner = Object.entries(field.word?.fields ?? {}).map(([part, bits]) =>
        fieldOf(`${name}.${part}`, `${place}${bitsText(bits.bits)}`, bits, field.word?.source ?? source),
      );
      return [fieldOf(name, place, field, source), ...inner];
    }),
  }),
);

export const referenceLayouts: readonly ReferenceLayout[] = [...structs, ...words];

export interface Hit {
  readonly layout: ReferenceLayout;
  readonly field: ReferenceField;
}

/** Fields whose layout, name, meaning or values hold every word of the search. */
export function search(text: string): Hit[] {
  const wanted = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (wanted.length === 0) return [];
  return referenceLayouts.flatMap((layout) =>
    layout.fields
      .filter((field) => {
        const all = `${layout.kind} ${layout.title} ${field.name} ${field.doc} ${field.values}`.toLowerCase();
        return wanted.every((word) => all.includes(word));
      })
      .map((field) => ({ layout, field })),
  );
}

/** The row name `args[1]` or `hypercall.ret` as the declaration has it, and the kind that declares it. */
export function declaredIn(kind: string, row: string): { kind: string; field: string } {
  const plain = row.replace(/\[\d+\]/g, '');
  if (kind !== 'kvm-run') return { kind, field: plain };
  const [member = '', ...rest] = plain.split('.');
  const own = `kvm-run-${member.replaceAll('_', '-')}`;
  return rest.length > 0 && Object.hasOwn(structLayouts, own)
    ? { kind: own, field: rest.join('.') }
    : { kind, field: plain };
}
