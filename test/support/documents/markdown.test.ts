import { describe, expect, it } from '@jest/globals';

import { parseMarkdown } from './markdown.ts';

const text = `# The first, of \`two\`

See [here](other.md#part) and [\`code\`](lib), but not \`[there](nowhere)\`.
In \`a/b.yaml\`:

\`\`\`yaml
kind: A   # [no link](x)
\`\`\`

~~~sh
one
\`\`\`
two
~~~
`;

describe('parseMarkdown', () => {
  it('finds blocks with their language, line and file', () => {
    expect(parseMarkdown('x.md', text).blocks).toEqual([
      { language: 'yaml', text: 'kind: A   # [no link](x)', line: 7, file: 'a/b.yaml' },
      { language: 'sh', text: 'one\n```\ntwo', line: 11, file: undefined },
    ]);
  });

  it('finds links outside of code, and the anchors of headings', () => {
    const { links, anchors } = parseMarkdown('x.md', text);

    expect(links).toEqual(['other.md#part', 'lib']);
    expect([...anchors]).toEqual(['the-first-of-two']);
  });

  it('refuses a block without an end', () => {
    expect(() => parseMarkdown('x.md', '```sh\none\n')).toThrow('starts at line 1');
  });
});
