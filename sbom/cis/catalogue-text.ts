import { type Catalogue, PROFILE } from './catalogue.ts';
import { PRODUCTS, type ScapContent } from './content.ts';
import { readScap } from './scap-document.ts';

/** The catalogue as it follows from the content, in the form of its file. */
export async function catalogueText(content: ScapContent): Promise<string> {
  const catalogue: Record<string, Catalogue[string]> = {};
  for (const product of PRODUCTS) {
    const { benchmark } = await readScap(content.file(product));
    const selected = [...(benchmark.profiles.get(PROFILE) ?? [])].sort();
    const rules = selected.map((id) => [id, benchmark.rules.get(id)?.title]);
    catalogue[product] = {
      version: benchmark.version,
      date: benchmark.date,
      rules: Object.fromEntries(rules),
    };
  }
  return `${JSON.stringify(catalogue, null, 2)}\n`;
}
