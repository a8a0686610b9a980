/**
 * A drawing as an SVG file that needs nothing else: colours and faces resolved, title, description, and the scenario in
 * its metadata. Only elements and attributes that every reader of SVG knows: no CSS, no variables.
 */
import type { Paint, Picture, Shape } from '../../drawings/picture';

/** Namespace of what the page finds in its own files. */
export const PICTURE_NAMESPACE = 'urn:vmgexit:picture';

export interface PictureStyle {
  /** The colour of a token, as SVG attributes take it. */
  readonly colourOf: (token: Paint) => string;
  /** Families, comma between, of values and of prose. */
  readonly mono: string;
  readonly sans: string;
}

/** What the page needs to show the same again. */
export interface PictureSource {
  /** The text of the scenario; missing where the picture shows no run. */
  readonly scenario?: string;
  /** The part of a link from `#` on. */
  readonly address: string;
}

export function svgText(picture: Picture, style: PictureStyle, source: PictureSource): string {
  const { width, height, title, description, shapes } = picture;
  const writer = new Writer(style);
  const body = shapes.map((shape) => writer.shape(shape)).join('\n');
  const size = `width="${number(width)}" height="${number(height)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" version="1.1" ${size} viewBox="0 0 ${number(width)} ${number(height)}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    metadata(source),
    ...writer.defs(),
    `<rect ${size} fill="${style.colourOf('paper')}"/>`,
    body,
    '</svg>',
    '',
  ].join('\n');
}

function metadata({ scenario, address }: PictureSource): string {
  const text =
    scenario === undefined ? '' : `<v:scenario xml:space="preserve">${escaped(scenario)}</v:scenario>`;
  return `<metadata><v:source xmlns:v="${PICTURE_NAMESPACE}">${text}<v:address>${escaped(address)}</v:address></v:source></metadata>`;
}

class Writer {
  /** Hatches that were used, by their look. */
  private readonly hatches = new Map<string, string>();

  constructor(private readonly style: PictureStyle) {}

  /** The hatches that shapes used: to be asked when all are written. */
  defs(): readonly string[] {
    return this.hatches.size === 0 ? [] : [`<defs>${[...this.hatches.values()].join('')}</defs>`];
  }

  shape(shape: Shape): string {
    switch (shape.kind) {
      case 'group': {
        const inner = shape.shapes.map((one) => this.shape(one)).join('');
        return `<g transform="translate(${number(shape.x)} ${number(shape.y)})">${inner}</g>`;
      }
      case 'rect': {
        const { x, y, width, height, hatch } = shape;
        const box = attributes({ x, y, width: Math.max(0, width), height: Math.max(0, height) });
        const over = hatch ? `<rect${box} fill="url(#${this.hatch(hatch)})"/>` : '';
        return `<rect${box}${this.paint(shape)}/>${over}`;
      }
      case 'line': {
        const { x1, y1, x2, y2 } = shape;
        return `<line${attributes({ x1, y1, x2, y2 })}${this.paint(shape)}/>`;
      }
      case 'path':
        return `<path d="${escaped(shape.d)}"${this.paint(shape)}/>`;
      case 'circle':
        return `<circle${attributes({ cx: shape.x, cy: shape.y, r: shape.r })}${this.paint(shape)}/>`;
      case 'text':
        return this.text(shape);
    }
  }

  private text(shape: Extract<Shape, { kind: 'text' }>): string {
    const { x, y, text, fill = 'ink', size = 12, bold, anchor, halo, sans, slant, underlined } = shape;
    const { colourOf } = this.style;
    const look = [
      ` font-family="${escaped(sans ? this.style.sans : this.style.mono)}" font-size="${number(size)}"`,
      bold ? ' font-weight="700"' : '',
      anchor === undefined || anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
      underlined ? ' text-decoration="underline"' : '',
      slant === undefined ? '' : ` transform="rotate(${number(-slant)} ${number(x)} ${number(y)})"`,
      ' xml:space="preserve"',
    ].join('');
    const at = attributes({ x, y }) + look;
    const words = escaped(text);
    // A stroke painted first by an element of its own: not every reader knows paint-order.
    const behind =
      halo === undefined
        ? ''
        : `<text${at} fill="none" stroke="${colourOf(halo)}" stroke-width="5" stroke-linejoin="round">${words}</text>`;
    return `${behind}<text${at} fill="${colourOf(fill)}">${words}</text>`;
  }

  private paint(shape: Extract<Shape, { kind: 'rect' | 'line' | 'path' | 'circle' }>): string {
    const { fill, stroke, strokeWidth = 1, dash, opacity } = shape;
    const { colourOf } = this.style;
    const line =
      stroke === undefined
        ? ''
        : ` stroke="${colourOf(stroke)}" stroke-width="${number(strokeWidth)}"${dash ? ` stroke-dasharray="${dash}"` : ''}`;
    const inside = shape.kind === 'line' ? '' : ` fill="${fill === undefined ? 'none' : colourOf(fill)}"`;
    return `${inside}${line}${opacity === undefined ? '' : ` opacity="${number(opacity)}"`}`;
  }

  private hatch({ kind, paint }: { readonly kind: 'diagonal' | 'cross'; readonly paint: Paint }): string {
    const id = `${kind}-${paint}`;
    const d = kind === 'diagonal' ? 'M-1,7L7,-1M-1,1L1,-1M5,7L7,5' : 'M-1,7L7,-1M-1,-1L7,7';
    const colour = this.style.colourOf(paint);
    this.hatches.set(
      id,
      `<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse"><path d="${d}" fill="none" stroke="${colour}" stroke-opacity="0.6"/></pattern>`,
    );
    return id;
  }
}

const attributes = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${number(value)}"`)
    .join('');

/** Hundredths of a pixel are enough. */
const number = (value: number): string => String(Math.round(value * 100) / 100);

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML 1.0 takes it; characters that no XML text may hold become a replacement. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => entities[character] ?? character)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('\r', '&#13;');
}
