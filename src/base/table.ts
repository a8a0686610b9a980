/** Tables keyed by words that came from outside: only what was put in is found, never what every object inherits. */

/** The value under `name`, unless it is inherited: no table has a `constructor` that nobody declared. */
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** A table of these entries that inherits nothing; `__proto__` is a name like any other. */
export const tableOf = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => {
  const table = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) table[name] = value;
  return table;
};
