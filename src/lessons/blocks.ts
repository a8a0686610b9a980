/** The fenced blocks of a lesson, each from its lines. */
import { parseInteger } from '../base/hex';
import { didYouMean } from '../base/text';
import { fieldsOf, type Field, type Problems, type Times } from './fields';
import {
  inspectorTabs,
  lessonViews,
  type Alternative,
  type CheckBlock,
  type CompareBlock,
  type PredictBlock,
  type ShowBlock,
  type TryBlock,
  type Where,
  type Written,
} from './lesson';

/** The text between two fences. */
export interface Fenced {
  readonly text: string;
  /** Of its first line, from 1. */
  readonly firstLine: number;
}

type Keywords = Readonly<Record<string, Times>>;

/** The fields of a block, by keyword. */
class Fields {
  private readonly all: readonly Field[];

  constructor(
    name: string,
    readonly fenced: Fenced,
    keywords: Keywords,
    readonly problems: Problems,
  ) {
    this.all = fieldsOf(name, fenced.text, fenced.firstLine, keywords, problems);
  }

  /** Line of the opening fence. */
  get line(): number {
    return this.fenced.firstLine - 1;
  }

  many(keyword: string): readonly Written[] {
    return this.all
      .filter((field) => field.keyword === keyword && this.says(field))
      .map(({ text, line }) => ({ text, line }));
  }

  one(keyword: string): Written | undefined {
    return this.many(keyword)[0];
  }

  /** Fields of several keywords in the order in which they stand. */
  inOrder(): readonly Field[] {
    return this.all;
  }

  private says({ keyword, text, line }: Field): boolean {
    if (text === '') this.problems.report(line, `'${keyword}' says nothing`);
    return text !== '';
  }
}

const placeKeywords: Keywords = {
  before: 'maybe',
  after: 'maybe',
  step: 'maybe',
  finding: 'maybe',
  filter: 'maybe',
  start: 'maybe',
  end: 'maybe',
  divergence: 'maybe',
};

/** What a screen chooses for itself and those behind it. */
export interface Chosen {
  readonly scenario?: Written;
  readonly profiles?: readonly Written[];
  readonly where?: Where;
}

export function readGoto(fenced: Fenced, problems: Problems): Chosen {
  const fields = new Fields(
    'goto',
    fenced,
    { scenario: 'maybe', under: 'maybe', ...placeKeywords },
    problems,
  );
  const scenario = fields.one('scenario');
  const under = fields.one('under');
  const places = fields.inOrder().filter(({ keyword }) => Object.hasOwn(placeKeywords, keyword));
  if (places[1])
    problems.report(places[1].line, `'goto' goes to one place; '${places[0]?.keyword}' names one already`);
  const where = places[0] && whereOf(places[0], problems);
  return { ...(scenario && { scenario }), ...(under && { profiles: words(under) }), ...(where && { where }) };
}

/** The words of a line, each with the line. */
export const words = ({ text, line }: Written): readonly Written[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => ({ text: word, line }));

function whereOf({ keyword, text, line }: Field, problems: Problems): Where | undefined {
  switch (keyword) {
    case 'before':
    case 'after':
      if (text === '') break;
      return { at: keyword, act: { text, line } };
    case 'step':
      if (!/^\d{1,9}$/.test(text)) break;
      return { at: 'step', step: Number(text), line };
    case 'finding':
      if (!/^[1-9]\d{0,8}$/.test(text)) break;
      return { at: 'finding', number: Number(text), line };
    case 'filter':
      if (text === '') break;
      return { at: 'filter', filter: { text, line } };
    case 'start':
    case 'end':
    case 'divergence':
      if (text !== '') break;
      return { at: keyword, line };
  }
  problems.report(line, `'${keyword} ${text}'`.slice(0, 120) + ` is no place: ${placeForms}`);
  return undefined;
}

const placeForms = 'before ACT, after ACT, step N, finding N, filter FILTER, start, end, divergence';

export function readPredict(fenced: Fenced, problems: Problems): PredictBlock | undefined {
  const fields = new Fields(
    'predict',
    fenced,
    {
      ask: 'once',
      of: 'maybe',
      whether: 'maybe',
      act: 'maybe',
      under: 'maybe',
      or: 'often',
      call: 'often',
      because: 'maybe',
    },
    problems,
  );
  const ask = fields.one('ask');
  const [of, whether] = [fields.one('of'), fields.one('whether')];
  if (!of === !whether)
    problems.report(fields.line, `'predict' needs one line 'of NAME' or 'whether FILTER'`);
  const others = fields.many('or').flatMap((written) => alternativeOf(written, problems));
  if (others.length === 0)
    problems.report(
      fields.line,
      `'predict' needs a line 'or under PROFILE', 'or instead ACT' or 'or first ACT': what follows there is another choice`,
    );
  const calls = fields.many('call').flatMap(({ text, line }) => {
    const at = text.indexOf(': ');
    if (at > 0) return [{ value: text.slice(0, at), words: text.slice(at + 2).trim(), line }];
    problems.report(line, `'call' needs a value, a colon and words: call ok: the guest goes on`);
    return [];
  });
  const written = of ?? whether;
  if (!ask || !written || others.length === 0) return undefined;
  return {
    kind: 'predict',
    line: fields.line,
    ask: ask.text,
    of: { what: of ? 'value' : 'whether', written },
    act: fields.one('act'),
    under: fields.one('under'),
    others,
    calls,
    because: fields.one('because')?.text,
  };
}

const alternativeKinds = ['under', 'instead', 'first'] as const;

function alternativeOf({ text, line }: Written, problems: Problems): readonly Alternative[] {
  const [word = ''] = text.split(/\s/, 1);
  const rest = text.slice(word.length).trim();
  const kind = alternativeKinds.find((one) => one === word);
  if (kind && rest !== '') return [{ kind, written: { text: rest, line } }];
  problems.report(
    line,
    `'or' goes on with under PROFILE, instead ACT or first ACT${didYouMean(word, alternativeKinds)}`,
  );
  return [];
}

export function readTry(fenced: Fenced, problems: Problems): TryBlock | undefined {
  const fields = new Fields(
    'try',
    fenced,
    { task: 'once', until: 'once', solution: 'often', hint: 'often' },
    problems,
  );
  const [task, until] = [fields.one('task'), fields.one('until')];
  const solution = fields.many('solution');
  if (solution.length === 0)
    problems.report(fields.line, `'try' needs a line 'solution ACT', so that it can be checked`);
  if (!task || !until) return undefined;
  const hints = fields.many('hint').map(({ text }) => text);
  return { kind: 'try', line: fields.line, task: task.text, until, solution, hints };
}

export function readCheck(fenced: Fenced, problems: Problems): CheckBlock {
  const fields = new Fields('check', fenced, { expect: 'often', some: 'often', none: 'often' }, problems);
  const claims = (['expect', 'some', 'none'] as const).flatMap((kind) =>
    fields.many(kind).map((written) => ({ kind, written })),
  );
  if (claims.length === 0)
    problems.report(fields.line, `'check' claims nothing: expect, some or none, and a filter`);
  return { kind: 'check', line: fields.line, claims: claims.sort((a, b) => a.written.line - b.written.line) };
}

export function readCompare(fenced: Fenced, problems: Problems): CompareBlock & Chosen {
  const fields = new Fields('compare', fenced, { under: 'once', differ: 'maybe', same: 'maybe' }, problems);
  const profiles = fields.many('under').flatMap(words);
  if (profiles.length === 1) problems.report(fields.line, `'compare' needs two profiles: under A B`);
  const differ = !fields.inOrder().some(({ keyword }) => keyword === 'same');
  const where: Where = { at: differ ? 'divergence' : 'start', line: fields.line };
  return { kind: 'compare', line: fields.line, differ, where, ...(profiles.length > 0 && { profiles }) };
}

export function readShow(fenced: Fenced, problems: Problems): ShowBlock {
  const fields = new Fields(
    'show',
    fenced,
    { view: 'maybe', page: 'maybe', inspector: 'maybe', zoom: 'maybe' },
    problems,
  );
  const [page, zoom] = [fields.one('page'), fields.one('zoom')];
  const gfn = page && parseInteger(page.text);
  if (page && (gfn === undefined || gfn > 0xff_ffff_ffffn))
    problems.report(page.line, `'${page.text.slice(0, 40)}' is no guest frame number, such as 0x120`);
  if (zoom && !/^[1-9]$/.test(zoom.text))
    problems.report(zoom.line, 'zoom is a number from 1 to 9: doublings');
  return {
    kind: 'show',
    line: fields.line,
    view: oneOf(fields.one('view'), 'view', lessonViews, problems),
    page: gfn === undefined ? undefined : Number(gfn),
    inspector: oneOf(fields.one('inspector'), 'tab of the inspector', inspectorTabs, problems),
    zoom: zoom && /^[1-9]$/.test(zoom.text) ? Number(zoom.text) : undefined,
  };
}

function oneOf<T extends string>(
  written: Written | undefined,
  what: string,
  known: readonly T[],
  problems: Problems,
): T | undefined {
  const found = known.find((one) => one === written?.text);
  if (written && found === undefined) problems.unknown(written.line, written.text, what, known);
  return found;
}
