import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A code block of a document. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** The file that the sentence above says it belongs into, such as "In `dev.yaml`:". */
  readonly file: string | undefined;
}

/** One document of the repository. */
export interface MarkdownFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Targets of its links, without those inside code. */
  readonly links: readonly string[];
  /** Anchors of its headings, as forges make them. */
  readonly anchors: ReadonlySet<string>;
}

const SKIPPED = /(^|\/)(node_modules|dist|\.picket|\.nx|\.cache|\.git)(\/|$)/;

/** Every document below the root, in the order of their paths. */
export function readMarkdownFiles(root: string): MarkdownFile[] {
  return globSync('**/*.md', { cwd: root, exclude: (name) => SKIPPED.test(name) })
    .filter((name) => !SKIPPED.test(name))
    .toSorted()
    .map((name) => parseMarkdown(name, readFileSync(path.join(root, name), 'utf8')));
}

export function parseMarkdown(name: string, text: string): MarkdownFile {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let fence: { mark: string; language: string; from: number } | undefined;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const [, mark, language] = /^\s*(`{3,}|~{3,})(\S*)/.exec(line) ?? [];
    if (!fence && mark !== undefined) fence = { mark, language: language ?? '', from: index + 1 };
    else if (fence && mark?.startsWith(fence.mark)) {
      const above = lines.slice(0, fence.from - 1).findLast((each) => each.trim() !== '') ?? '';
      blocks.push({
        language: fence.language,
        text: lines.slice(fence.from, index).join('\n'),
        line: fence.from + 1,
        file: /`([\w./-]+)`:$/.exec(above.trimEnd())?.[1],
      });
      fence = undefined;
    } else if (!fence) prose.push(line);
  }
  if (fence) throw new Error(`${name}: a code block that starts at line ${fence.from} has no end`);
  const plain = prose.join('\n').replaceAll(/`[^`\n]*`/g, 'code');
  return {
    path: name,
    blocks,
    links: [...plain.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g)].map(([, target]) => target ?? ''),
    anchors: new Set(prose.filter((line) => /^#{1,6} /.test(line)).map(anchorOf)),
  };
}

function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ +/, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
