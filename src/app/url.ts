/**
 * Links: what stands behind `#` of an address, read and written. Read for ever, repaired where a mail client spoilt one,
 * and written with `A-Za-z0-9-_.~/?&=,:` only.
 */
import { MAX_REMARKS } from '../base/limits';
import { fromBase64Url, toBase64Url } from '../views/shared/base64url';
import { panelLinkedAs, panelNamed, panelOf, type ViewId } from './panels';

/** What the page shows. */
export type Target =
  | { readonly kind: 'front' }
  | { readonly kind: 'scenario'; readonly slug: string }
  /** A scenario inside the link: number of the codec, then what it packed. */
  | { readonly kind: 'packed'; readonly codec: number; readonly payload: string }
  /** A recording that ships with the page. */
  | { readonly kind: 'recording'; readonly slug: string }
  /** A screen of a lesson, from 1: of one that ships, or of one that the link carries. */
  | {
      readonly kind: 'lesson';
      readonly of: { readonly slug: string } | { readonly codec: number; readonly payload: string };
      readonly screen: number;
    }
  /** A place in a view with links of its own. */
  | { readonly kind: 'view'; readonly view: ViewId; readonly path: readonly string[] };

/** A run beside the one that is linked to: what it is of, and its profile where it is another one. */
export interface Beside {
  readonly target: Target;
  readonly specs?: readonly string[];
}

export type LessonTarget = Extract<Target, { kind: 'lesson' }>;

/** How it is shown. Everything may be missing. */
export interface Showing {
  /** Position: steps taken. */
  readonly step?: number;
  readonly view?: string;
  /** Profiles, as written: `linux-7.2:ap.doubleCreate=reject`. */
  readonly profiles?: readonly string[];
  /** `page:0x120`. */
  readonly selection?: string;
  /** Steps that are looked for, as typed. */
  readonly filter?: string;
  /** What stands beside the run. */
  readonly beside?: Beside;
  /** Names that are pinned to the rail. */
  readonly pins?: readonly string[];
  readonly chrome?: boolean;
  /** Views that have a tab, and `inspector`: for a page that frames this one. All of them where nothing is said. */
  readonly panels?: readonly string[];
  /** Nothing can be changed: for a page that frames this one. */
  readonly edit?: boolean;
  readonly theme?: 'light' | 'dark';
  /** By run of the sender a few bits of each step (step-checks.ts). */
  readonly checks?: readonly string[];
  /** What the sender's engine said: its version and the first digits of the digest. */
  readonly engine?: { readonly version: string; readonly digest: string };
}

export interface Address {
  readonly target: Target;
  readonly showing: Showing;
  /** What was mended or skipped, one sentence each. */
  readonly remarks: readonly string[];
}

const front: Target = { kind: 'front' };
const SLUG = /^[a-z0-9-]{1,200}$/;
const LONGEST_QUOTED = 80;

/** What stands in a link, in a sentence; a long word is cut. */
export const quoted = (word: string): string =>
  `"${word.length > LONGEST_QUOTED ? `${word.slice(0, LONGEST_QUOTED)}…` : word}"`;

/** Undoes what mail clients do to links, and says what it undid. */
function repair(raw: string): { text: string; remarks: string[] } {
  const remarks: string[] = [];
  let text = raw.replace(/^#/, '');
  const step = (what: string, pattern: RegExp, by: string) => {
    const next = text.replace(pattern, by);
    if (next !== text) remarks.push(`The link was mended: ${what}.`);
    text = next;
  };
  step('blanks and line ends were taken out', /(?:%20|%0[AaDd9]|\s)+/g, '');
  step('"&amp;" became "&"', /&amp;/g, '&');
  step('quoted-printable "=3D" became "="', /=3D/g, '=');
  const end = endWithoutMarks(text);
  if (end < text.length) remarks.push('The link was mended: characters after its end were taken off.');
  return { text: text.slice(0, end), remarks };
}

/** Where a link ends when the marks that a sentence puts behind it are taken off, from the end on: `)`, `.`, `%3E`. */
function endWithoutMarks(text: string): number {
  let end = text.length;
  for (;;) {
    if (/[>)\]}"'.,;!]/.test(text.charAt(end - 1))) end--;
    else if (text.slice(Math.max(0, end - 3), end).toUpperCase() === '%3E') end -= 3;
    else return end;
  }
}

export function parseAddress(hash: string): Address {
  const { text, remarks } = repair(hash);
  const question = text.indexOf('?');
  const path = question < 0 ? text : text.slice(0, question);
  const query = question < 0 ? '' : text.slice(question + 1);
  const target = parseTarget(path.replace(/^\//, '').split('/'));
  if (!target)
    remarks.push(`This version does not know links of the kind ${quoted(path)}; the front page is shown.`);
  const showing = parseShowing(query, remarks);
  return { target: target ?? front, showing, remarks: [...new Set(remarks)].slice(0, MAX_REMARKS) };
}

function parseTarget([kind = '', ...rest]: readonly string[]): Target | undefined {
  const first = rest[0] ?? '';
  switch (kind) {
    case '':
      return front;
    case 's':
      return SLUG.test(first) ? { kind: 'scenario', slug: first } : undefined;
    case 'r':
      return SLUG.test(first) ? { kind: 'recording', slug: first } : undefined;
    case 'x': {
      const packed = packedOf(first);
      return packed && { kind: 'packed', ...packed };
    }
    case 'l':
      return lessonOf(rest);
    default: {
      const panel = panelLinkedAs(kind);
      return panel && { kind: 'view', view: panel.id, path: rest.filter((part) => part !== '') };
    }
  }
}

function packedOf(text: string): { readonly codec: number; readonly payload: string } | undefined {
  const packed = /^(\d+)\.([A-Za-z0-9_-]+)$/.exec(text);
  return packed ? { codec: Number(packed[1]), payload: packed[2] ?? '' } : undefined;
}

/** `NAME/SCREEN`, or `x/PAYLOAD/SCREEN`; without a screen the first. */
function lessonOf([name = '', ...rest]: readonly string[]): Target | undefined {
  const of = name === 'x' ? packedOf(rest[0] ?? '') : SLUG.test(name) ? { slug: name } : undefined;
  const screen = (name === 'x' ? rest[1] : rest[0]) ?? '';
  return of && { kind: 'lesson', of, screen: /^[1-9]\d{0,3}$/.test(screen) ? Number(screen) : 1 };
}

function parseShowing(query: string, remarks: string[]): Showing {
  const showing: { -readonly [K in keyof Showing]: Showing[K] } = {};
  for (const part of query.split('&').filter((p) => p !== '')) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    if (key === 'k') {
      if (/^\d+$/.test(value)) showing.step = Number(value);
      else remarks.push(`${quoted(`k=${value}`)} is no step; the link opens at the start.`);
    } else if (key === 'v') showing.view = value;
    else if (key === 'r') showing.profiles = profilesOf(value);
    else if (key === 'b') {
      const target = parseTarget(value.split('/'));
      if (target && isText(target)) showing.beside = { ...showing.beside, target };
      else remarks.push('What the link compares with is damaged; it was left out.');
    } else if (key === 'rb') {
      if (showing.beside) showing.beside = { ...showing.beside, specs: profilesOf(value) };
    } else if (key === 'sel') showing.selection = value;
    else if (key === 'f') {
      const filter = fromBase64Url(value);
      if (filter !== undefined) showing.filter = filter;
      else remarks.push('The filter in the link is damaged; it was left out.');
    } else if (key === 'p') {
      const pins = fromBase64Url(value);
      if (pins !== undefined) showing.pins = pins.split('\n').filter((pin) => pin !== '');
      else remarks.push('What is pinned in the link is damaged; it was left out.');
    } else if (key === 'chrome') showing.chrome = value !== '0';
    else if (key === 'edit') showing.edit = value !== '0';
    else if (key === 'panels') {
      const panels = panelsOf(value, remarks);
      if (panels.length > 0) showing.panels = panels;
    } else if (key === 'theme' && (value === 'light' || value === 'dark')) showing.theme = value;
    else if (key === 'c') {
      // A damaged check checks nothing; the digest still does.
      const checks = value.split(',').filter((check) => /^\d{1,5}\.[\w-]{1,80}$/.test(check));
      if (checks.length > 0) showing.checks = checks;
    } else if (key === 'e') {
      const [, version, digest] = /^(.+)\.([0-9a-f]{8})$/.exec(value) ?? [];
      if (version !== undefined && digest !== undefined) showing.engine = { version, digest };
      else remarks.push('The end of the link is missing; it cannot be checked against what the sender saw.');
    } else remarks.push(`This version does not know ${quoted(key)} in a link; it was skipped.`);
  }
  return showing;
}

/** `ladder,pages,inspector`: those that the page has. */
function panelsOf(value: string, remarks: string[]): readonly string[] {
  const names = value.split(',').filter((name) => name !== '');
  const [unknown, known] = [false, true].map((is) =>
    names.filter((name) => (name === 'inspector' || panelNamed(name) !== undefined) === is),
  );
  for (const name of unknown ?? [])
    remarks.push(`This version has no panel called ${quoted(name)}; it was skipped.`);
  return known ?? [];
}

/** Profiles as a link names them. */
const profilesOf = (value: string): readonly string[] =>
  value
    .replace(/%(?:2B|2C|2F|3A|3D|7E)/gi, decodeURIComponent) // some chats write the punctuation so
    .replaceAll('~', '+')
    .split(',')
    .filter((p) => p !== '');

const profilesText = (specs: readonly string[] | undefined): string | undefined =>
  specs?.join(',').replaceAll('+', '~'); // `+` is a blank to some readers of links

/** Whether a target is a text of its own, and no place of the page. */
const isText = ({ kind }: Target): boolean =>
  kind === 'scenario' || kind === 'packed' || kind === 'recording';

function targetText(target: Target): string {
  switch (target.kind) {
    case 'front':
      return '/';
    case 'scenario':
      return `/s/${target.slug}`;
    case 'recording':
      return `/r/${target.slug}`;
    case 'packed':
      return `/x/${target.codec}.${target.payload}`;
    case 'lesson': {
      const { of, screen } = target;
      return 'slug' in of ? `/l/${of.slug}/${screen}` : `/l/x/${of.codec}.${of.payload}/${screen}`;
    }
    case 'view':
      return ['', panelOf(target.view).link?.prefix ?? '', ...target.path].join('/');
  }
}

/** The address with its `#`; `e` stands last, so that a link that was cut off is noticed. */
export function printAddress(target: Target, showing: Showing = {}): string {
  const parts: string[] = [];
  const add = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== '') parts.push(`${key}=${value}`);
  };
  add('r', profilesText(showing.profiles));
  add('k', showing.step?.toString());
  add('v', showing.view);
  add('sel', showing.selection);
  add('f', showing.filter === undefined ? undefined : toBase64Url(showing.filter));
  add('b', showing.beside && targetText(showing.beside.target).slice(1));
  add('rb', profilesText(showing.beside?.specs));
  add('p', showing.pins === undefined ? undefined : toBase64Url(showing.pins.join('\n')));
  add('chrome', showing.chrome === false ? '0' : undefined);
  add('panels', showing.panels?.join(','));
  add('edit', showing.edit === false ? '0' : undefined);
  add('theme', showing.theme);
  add('c', showing.checks?.join(','));
  add('e', showing.engine && `${showing.engine.version}.${showing.engine.digest}`);
  return `#${targetText(target)}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
}
