/**
 * A run for another page as HTML: a frame, and below it the picture and the answer as text. Readers of feeds and mail show
 * no frames; they show these.
 */

export interface EmbedOf {
  readonly title: string;
  /** Of the frame: without chrome. */
  readonly frame: string;
  /** Of the whole page. */
  readonly link: string;
  /** The picture lies in a file beside the page. */
  readonly picture: { readonly file: string; readonly width: number; readonly description: string };
  /** The answer, or how the run ended, as lines of text. */
  readonly text: string;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

export function embedHtml({ title, frame, link, picture, text }: EmbedOf): string {
  return [
    `<iframe src="${escaped(frame)}" title="${escaped(title)}" width="100%" height="600" loading="lazy"></iframe>`,
    '<details>',
    '<summary>The same as picture and text</summary>',
    `<p><a href="${escaped(link)}"><img src="${escaped(picture.file)}" width="${Math.ceil(picture.width)}" alt="${escaped(picture.description)}"></a></p>`,
    `<pre>${escaped(text.trimEnd())}</pre>`,
    `<p><a href="${escaped(link)}">Open in vmgexit</a></p>`,
    '</details>',
    '',
  ].join('\n');
}
