/**
 * Turns files that code needs as text (SQL, page templates, the stylesheet) into modules, so that plain Node and the
 * bundle read them in the same way. `node gateway/generated-text.ts` writes them; a unit test fails when they are stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface TextModule {
  /** Constant that the module exports: file name without extension -> text. */
  readonly name: string;
  readonly directory: string;
  readonly extensions: readonly string[];
  readonly output: string;
}

export const textModules: readonly TextModule[] = [
  {
    name: 'migrationTexts',
    directory: 'store/migrations',
    extensions: ['.sql'],
    output: 'store/generated/migrations.ts',
  },
  {
    name: 'uiTexts',
    directory: 'ui/templates',
    extensions: ['.hbs', '.css'],
    output: 'ui/generated/texts.ts',
  },
];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function templateLiteral(text: string): string {
  return `\`${text.replace(/[\\`]|\$\{/g, (found) => `\\${found}`)}\``;
}

/** Source of the module, from the files as they are now. */
export function moduleSource({ name, directory, extensions }: TextModule): string {
  const files = readdirSync(here(directory))
    .filter((file) => extensions.some((extension) => file.endsWith(extension)))
    .sort();
  const members = files.map((file) => {
    const text = readFileSync(here(`${directory}/${file}`), 'utf8');
    return `  '${file}': ${templateLiteral(text)},\n`;
  });
  return `// Made by gateway/generated-text.ts from gateway/${directory}; do not edit.\nexport const ${name} = {\n${members.join('')}} as const;\n`;
}

/** Path of the module on disk. */
export function modulePath({ output }: TextModule): string {
  return here(output);
}

if (import.meta.main) {
  for (const textModule of textModules) writeFileSync(modulePath(textModule), moduleSource(textModule));
}
