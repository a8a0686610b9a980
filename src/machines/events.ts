/**
 * The events of a statechart, declared once: their names and the facts that each carries. From the declaration
 * follow the TypeScript type, the encoding in recordings and the walk over every guard outcome.
 */

/** `flag` is a boolean; a list of words is an enumeration; numbers are the values worth walking. */
export type FactKind = 'flag' | readonly string[] | readonly number[];

export type EventDeclarations = Readonly<Record<string, Readonly<Record<string, FactKind>>>>;

type FactValue<K> = K extends 'flag' ? boolean : K extends readonly (infer V)[] ? V : never;

/** The union of event objects of a declaration. All values are JSON. */
export type EventOf<D extends EventDeclarations> = {
  [N in keyof D & string]: { readonly type: N } & { readonly [F in keyof D[N]]: FactValue<D[N][F]> };
}[keyof D & string];

export interface AnyEvent {
  readonly type: string;
  readonly [fact: string]: unknown;
}

export function events<const D extends EventDeclarations>(declarations: D): D {
  return declarations;
}

function valuesOf(kind: FactKind): readonly (boolean | string | number)[] {
  return kind === 'flag' ? [false, true] : kind;
}

/** Every event of the declaration with every combination of its facts. */
export function* allEvents(declarations: EventDeclarations): Generator<AnyEvent> {
  for (const [type, facts] of Object.entries(declarations)) {
    let combinations: AnyEvent[] = [{ type }];
    for (const [fact, kind] of Object.entries(facts)) {
      combinations = combinations.flatMap((event) =>
        valuesOf(kind).map((value) => ({ ...event, [fact]: value })),
      );
    }
    yield* combinations;
  }
}

/** Stands for a fact that an event lacks: an earlier build recorded it before the fact was declared. */
export const MISSING_FACT = 0x3fff_ffff;

/** An event from its facts as small integers in declared order, as a timeline keeps them. */
export function eventFromCodes(
  declarations: EventDeclarations,
  type: string,
  codes: readonly number[],
): AnyEvent {
  const event: Record<string, unknown> = { type };
  Object.entries(declarations[type] ?? {}).forEach(([fact, kind], i) => {
    const code = codes[i] ?? 0;
    if (code === MISSING_FACT) return;
    if (kind === 'flag') event[fact] = code === 1;
    else event[fact] = typeof kind[0] === 'number' ? code : kind[code];
  });
  return event as unknown as AnyEvent;
}
