import { expect, test } from 'vitest';
import { hashOf, headerFiles, inlineScripts, policy } from './plugin';

test('an inline script is allowed by its hash, a script with a source by its origin', () => {
  const html = '<script>alert(1)</script><script type="module" src="./a.js"></script>';
  expect(inlineScripts(html)).toEqual(['alert(1)']);
  // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
  expect(hashOf('alert(1)')).toBe("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
});

test('nothing is allowed that a strict policy forbids', () => {
  const text = policy([hashOf('x')]);
  expect(text).not.toMatch(/unsafe|\*|https?:|nonce/);
  expect(text).toMatch(/^default-src 'self'; script-src 'self' 'sha256-[^']+'; style-src 'self';/);
  expect(text).toContain("require-trusted-types-for 'script'");
});

test('each host gets the same headers', () => {
  const files = Object.values(headerFiles([hashOf('x')]));
  expect(files).toHaveLength(3);
  for (const text of files) {
    expect(text).toContain(`${policy([hashOf('x')])}; frame-ancestors 'self'`);
    for (const name of ['X-Content-Type-Options', 'Referrer-Policy', 'Cross-Origin-Resource-Policy'])
      expect(text).toContain(name);
  }
});
