/**
 * `(a, b) = (SELECT ...)` for an UPDATE of the table known as `t`: gives the columns the values of a JSON object, and
 * leaves those that the object does not name as they are. Only the listed columns can change, whatever the object holds.
 */
export function columnsFromJson(columns: readonly string[], parameter: `$${number}`): string {
  return `(${columns.join(', ')}) = (
        SELECT ${columns.map((column) => `n.${column}`).join(', ')}
        FROM jsonb_populate_record(t, ${parameter}::jsonb) AS n
      )`;
}

/** Text for a LIKE pattern that finds what contains `part`, letter for letter. */
export function containing(part: string): string {
  return `%${part.replace(/[\\%_]/g, '\\$&')}%`;
}

/** The value of a column of JSON: LiteLLM's older writers stored it as a text in JSON. */
export function jsonOf(column: string): string {
  return `CASE jsonb_typeof(${column}) WHEN 'string' THEN (${column} #>> '{}')::jsonb ELSE ${column} END`;
}

/** The same as a column of its name. */
export function unwrapped(column: string): string {
  return `${jsonOf(column)} AS ${column}`;
}
