/** Sorts ascending, in place. What one step writes is short and mostly ascending already. */
export function sortAscending(values: Int32Array | Float64Array): void {
  if (values.length > 48) {
    values.sort();
    return;
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    let at = i - 1;
    while (at >= 0 && (values[at] as number) > value) {
      values[at + 1] = values[at] as number;
      at--;
    }
    values[at + 1] = value;
  }
}
