// Many times, said in a few numbers.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `55.1 (52.0 to 71.3)`: median, fastest and slowest. */
export function spread(numbers) {
  return `${fixed(median(numbers))} (${fixed(Math.min(...numbers))} to ${fixed(Math.max(...numbers))})`;
}

/** Three digits or so: 1234, 123, 12.3, 1.23. */
export function fixed(number) {
  return number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : 2);
}

/** Rows of cells, aligned, the first column to the left. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column]))).join("  ").trimEnd(),
  );
}
