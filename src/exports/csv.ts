/** Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet. */

/** A spreadsheet takes a cell that begins so for a formula; behind a blank or a line end it may still do. */
const formula = /^[\s]*[=+\-@]|^[\t\r]/;

/** A cell: an apostrophe in front of what would be a formula, quotes around what needs them. */
export function csvCell(text: string): string {
  const plain = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** The first row is the head; each ends with CR LF. */
export const csvText = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
