/**
 * What is inside a picture of this page, read from the text of its file. Nothing of the file is ever put into the page:
 * the two elements of its metadata are looked for, wherever another program has moved them.
 */
import { ok, problem, type Result } from '../../base/result';
import { PICTURE_NAMESPACE, type PictureSource } from './svg';

/** @returns an error where the file is a picture of something else */
export function readPicture(text: string): Result<PictureSource> {
  const at = text.indexOf(PICTURE_NAMESPACE);
  if (at < 0)
    return problem('This SVG is no picture of this page, or another program has taken its scenario out.');
  // The declaration stands in the start tag of `source`, or of an element around it.
  const scenario = elementText(text, 'scenario');
  const address = elementText(text, 'address');
  if (scenario === undefined && address === undefined)
    return problem('The picture names this page, but holds neither a scenario nor an address.');
  return ok({ ...(scenario === undefined ? {} : { scenario }), address: address ?? '#/' });
}

/** The text of the first element of a name, whatever its prefix; elements inside it do not count as text. */
function elementText(text: string, name: string): string | undefined {
  const start = new RegExp(`<(?:[\\w-]{1,40}:)?${name}(?:\\s[^<>]{0,400})?>`).exec(text);
  if (!start) return undefined;
  const from = start.index + start[0].length;
  let [value, at] = ['', from];
  while (at < text.length) {
    const next = text.indexOf('<', at);
    if (next < 0) return undefined;
    value += unescaped(text.slice(at, next));
    if (!text.startsWith('<![CDATA[', next)) return text.startsWith('</', next) ? value : undefined;
    const end = text.indexOf(']]>', next);
    if (end < 0) return undefined;
    value += text.slice(next + '<![CDATA['.length, end);
    at = end + ']]>'.length;
  }
  return undefined;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,8}));/g,
    (whole, decimal, hexadecimal, name) => {
      if (name !== undefined)
        return Object.hasOwn(named, String(name)) ? (named[String(name)] ?? whole) : whole;
      const code = decimal === undefined ? Number.parseInt(String(hexadecimal), 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
