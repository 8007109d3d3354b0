/** A cell and what ends it, as RFC 4180 has it: in quotes, where a quote stands twice, or bare. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** The lines of a CSV text, each as its cells; an empty one at the end is none. */
export function csvLines(text: string): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let line: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length || line.length > 0) {
    const at = CELL.lastIndex;
    const [, quoted, bare = '', end] = CELL.exec(text) ?? [];
    if (end === undefined)
      throw new Error(`a quote is not closed, or stands where none may, at character ${at}`);
    line.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

/** The lines below the header, by its names. */
export function csvRecords(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = [], ...lines] = csvLines(text);
  return lines.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])));
}
