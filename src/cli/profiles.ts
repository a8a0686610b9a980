/** `profiles`: the kernel generations, every facet with its values, and where each is known from. */
import { sourceText } from '../abi/source';
import { alignColumns, wrap } from '../base/text';
import { facetDoc, facetNames, fallbackOf, valueDoc, valuesOf } from '../profiles/facets';
import { profileIds, profileTexts, sourceIn, valueIn } from '../profiles/profiles';
import { fine, jsonPretty, readWords, UsageError, type Output } from './io';

function asJson(): unknown {
  return {
    profiles: profileIds.map((id) => ({
      id,
      ...profileTexts[id],
      facets: Object.fromEntries(
        facetNames.map((name) => [name, { value: valueIn(id, name), ...sourceIn(id, name) }]),
      ),
    })),
    facets: facetNames.map((name) => ({
      name,
      doc: facetDoc(name),
      values: valuesOf(name).map((value) => ({ value, doc: valueDoc(name, value) })),
      shownAs: fallbackOf(name),
    })),
  };
}

function asText(): string {
  const generations = profileIds.flatMap((id) => {
    const { title, date, description, neverExistedAsCode } = profileTexts[id];
    const badge = neverExistedAsCode ? ' (never existed as code)' : '';
    return [`${id}  ${title}, ${date}${badge}`, ...wrap(description, 96).map((line) => `    ${line}`)];
  });
  const facets = facetNames.flatMap((name) => {
    const rows = profileIds.map((id) => [
      id,
      valueIn(id, name),
      sourceIn(id, name).confidence,
      sourceText(sourceIn(id, name)),
    ]);
    const lines = alignColumns(rows.map(([id = '', value = '', , source = '']) => [id, value, source]));
    const text = ['', `${name}: ${facetDoc(name)}`, ...lines.map((line) => `    ${line}`)];
    const fallback = fallbackOf(name);
    if (!fallback) return text;
    const { value, like, because } = fallback;
    return [...text, `    unspecified is shown as ${value}, as in ${like}: ${because}`];
  });
  return [...generations, ...facets].join('\n');
}

export function profiles(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { json: 'flag' });
  if (plain.length > 0) throw new UsageError('profiles takes no word');
  return fine(options.has('json') ? jsonPretty(asJson()) : asText());
}
