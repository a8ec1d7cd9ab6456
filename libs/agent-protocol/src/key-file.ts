import { KEY_STATEMENTS_MAX, KeyStatement } from './key-statement.ts';

/** What a hub signs with, in one text: so that a key never goes without its history, whatever carries it. */
export interface KeyFile {
  /** The private key that signs now, PEM. */
  readonly pem: string;
  /** How the fleet comes from the first key to the ones that count now, oldest first. */
  readonly statements: readonly KeyStatement[];
}

const END = /^-----END [A-Z ]*PRIVATE KEY-----$/m;

/** Reads a PEM that may be followed by statements, a line of JSON each. Throws an error that names the line. */
export function readKeyFile(text: string): KeyFile {
  const end = END.exec(text);
  if (!end) throw new Error('holds no private key in PEM');
  const pem = text.slice(0, end.index + end[0].length);
  const first = pem.split('\n').length + 1;
  const statements = text
    .slice(pem.length)
    .split('\n')
    .slice(1)
    .map((line, index) => ({ line: line.trim(), number: first + index }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => readStatement(line, number));
  if (statements.length > KEY_STATEMENTS_MAX)
    throw new Error(
      `holds ${statements.length} statements; at most ${KEY_STATEMENTS_MAX} are allowed`,
    );
  return { pem: `${pem}\n`, statements };
}

export function writeKeyFile({ pem, statements }: KeyFile): string {
  return `${pem.trimEnd()}\n${statements.map((each) => `${JSON.stringify(each)}\n`).join('')}`;
}

function readStatement(line: string, number: number): KeyStatement {
  try {
    return KeyStatement.parse(JSON.parse(line));
  } catch (cause) {
    throw new Error(`line ${number} is no key statement`, { cause });
  }
}
