/** The smallest record that the journal takes, and the database that stores it. */
export interface TestRow {
  readonly rowId: string;
  readonly cost: number;
}

export const rowCodec = {
  encode: ({ rowId, cost }: TestRow): string => `${rowId}=${cost}`,
  decode(text: string): TestRow {
    const [rowId = '', cost] = text.split('=');
    return { rowId, cost: Number(cost) };
  },
};

/** What the test's log was told. */
export class TestLog {
  readonly lines: { readonly level: string; readonly message: string; readonly entry: object }[] = [];
  readonly #add = (level: string) => (entry: object, message: string) =>
    void this.lines.push({ level, message, entry });
  readonly logger = { error: this.#add('error'), warn: this.#add('warn'), info: this.#add('info') } as never;

  messages(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}

/** Stores a row once, under its id: the first that comes stays. */
export class RowStore {
  readonly rows = new Map<string, number>();
  /** The ids of each batch that arrived. */
  readonly batches: string[][] = [];
  away = false;

  readonly write = async (rows: readonly TestRow[]): Promise<void> => {
    if (this.away) throw new Error('the database is away');
    this.batches.push(rows.map(({ rowId }) => rowId));
    for (const { rowId, cost } of rows) if (!this.rows.has(rowId)) this.rows.set(rowId, cost);
  };
}
