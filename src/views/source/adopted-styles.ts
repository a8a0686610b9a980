/**
 * CodeMirror writes its rules into a `<style>` element, which a strict Content-Security-Policy refuses. In a shadow root it
 * uses a constructed style sheet instead, which needs no permission; this makes it do so in the document.
 */
import { StyleModule } from 'style-mod';

/** What style-mod asks of a shadow root. Where it keeps the rules of a root, it keeps them under a symbol of its own. */
const asShadowRoot = {
  ownerDocument: document,
  get adoptedStyleSheets() {
    return document.adoptedStyleSheets;
  },
  set adoptedStyleSheets(sheets) {
    document.adoptedStyleSheets = sheets;
  },
};

/** To be called before the first editor is made. */
export function adoptStyles(): void {
  StyleModule.mount(asShadowRoot as unknown as ShadowRoot, new StyleModule({}));
  for (const key of Object.getOwnPropertySymbols(asShadowRoot))
    Reflect.set(document, key, Reflect.get(asShadowRoot, key));
}
