import { expect, test } from 'vitest';
import { embedHtml } from './embed';

test('what a person wrote is text and values of attributes, never markup', () => {
  const evil = '"></iframe><script>alert(1)</script>&';
  const html = embedHtml({
    title: evil,
    frame: `https://example.org/#/s/x?k=1&chrome=0${evil}`,
    link: 'https://example.org/#/s/x?k=1&v=pages',
    picture: { file: 'x.svg', width: 900.5, description: evil },
    text: evil,
  });
  expect(html).not.toContain('<script');
  expect(html.match(/<iframe/g)).toHaveLength(1);
  expect(html).toContain('k=1&amp;v=pages');
  expect(html).toContain('<img src="x.svg" width="901"');
  // Readers that show no frames and no details show what is inside.
  expect(html).toMatch(/<details>[\s\S]*<img [\s\S]*<pre>[\s\S]*<\/details>/);
});
