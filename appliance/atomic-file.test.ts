import * as fs from 'node:fs';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { rewriteFileAtomic, writeFileAtomic } from './atomic-file.ts';
import type { FileSystem } from './file-system.ts';

const OLD = 'the old text\n';
const NEW = 'the new text, which is longer\n';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atomic-file-'));
  path = join(directory, 'file');
});

const modeOf = (file: string): number => statSync(file).mode & 0o7777;

/** A file system whose call number `last` is the last one that works, as if the machine stopped there. */
function stoppingAfter(last: number): FileSystem {
  let calls = 0;
  return new Proxy(fs, {
    get(target, name) {
      const original = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        calls += 1;
        if (calls > last) throw new Error('power cut');
        return original(...args);
      };
    },
  });
}

test('the file has exactly the mode that was asked for, whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    writeFileAtomic(fs, path, NEW, { mode: 0o644 });
  } finally {
    process.umask(before);
  }
  expect(modeOf(path)).toBe(0o644);
  expect(readFileSync(path, 'utf8')).toBe(NEW);
});

test('nothing but the file itself is left in the directory', () => {
  writeFileSync(join(directory, '.file.new'), 'left by a power cut');
  writeFileAtomic(fs, path, NEW, { mode: 0o600 });
  expect(readdirSync(directory)).toEqual(['file']);
});

test('a stop after any call leaves the old text or the new one', () => {
  const seen = new Set<string>();
  for (let last = 0; ; last++) {
    writeFileSync(path, OLD);
    let finished = true;
    try {
      writeFileAtomic(stoppingAfter(last), path, NEW, { mode: 0o600 });
    } catch {
      finished = false;
    }
    const text = readFileSync(path, 'utf8');
    seen.add(text);
    expect([OLD, NEW]).toContain(text);
    if (finished) break;
  }
  expect(seen).toEqual(new Set([OLD, NEW]));
});

test('a file being written is closed to others until it is complete', () => {
  const modes: number[] = [];
  const watched: FileSystem = {
    ...fs,
    fsyncSync: (file) => {
      fs.fsyncSync(file);
    },
    fchmodSync: (file, mode) => {
      modes.push(modeOf(join(directory, '.file.new')));
      fs.fchmodSync(file, mode);
    },
  };
  writeFileAtomic(watched, path, NEW, { mode: 0o644 });
  expect(modes).toEqual([0o600]);
});

test('a rewrite keeps mode and owner', () => {
  writeFileAtomic(fs, path, OLD, { mode: 0o640 });
  expect(rewriteFileAtomic(fs, path, () => NEW)).toBe(true);
  expect(modeOf(path)).toBe(0o640);
  expect(readFileSync(path, 'utf8')).toBe(NEW);
});

test('a rewrite that changes nothing does not touch the file', () => {
  writeFileAtomic(fs, path, OLD, { mode: 0o640 });
  const inode = statSync(path).ino;
  expect(rewriteFileAtomic(fs, path, (text) => text)).toBe(false);
  expect(statSync(path).ino).toBe(inode);
});

test('a rewrite does not bring back a deleted file', () => {
  expect(rewriteFileAtomic(fs, path, () => NEW)).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});
