/** Small pieces of C. */
import { hex } from '../../base/hex';

const COLUMNS = 96;

/** A text inside a comment: neither its end nor a trigraph, on one line. */
const inComment = (text: string): string =>
  text.replace(/\s+/g, ' ').replaceAll('*/', '* /').replaceAll('/*', '/ *').replaceAll('??', '? ?');

/** A comment on one line, cut where it would be too long. */
export function comment(text: string): string {
  const plain = inComment(text);
  return `/* ${plain.length > COLUMNS ? `${plain.slice(0, COLUMNS)}...` : plain} */`;
}

/** A comment of several lines, with stars at their left. */
export const blockComment = (lines: readonly string[]): string[] => [
  '/*',
  ...lines.map((line) => ` * ${inComment(line)}`.trimEnd()),
  ' */',
];

/** An unsigned 64-bit constant. */
export const u64 = (value: bigint): string => `${hex(value)}ULL`;

export const tabbed = (lines: readonly string[]): string[] =>
  lines.map((line) => (line === '' ? '' : `\t${line}`));

/** A function with this body. */
export const functionText = (head: string, body: readonly string[]): string[] => [
  head,
  '{',
  ...tabbed(body),
  '}',
  '',
];
