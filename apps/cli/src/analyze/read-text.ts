import { createReadStream } from 'node:fs';

export interface ReadText {
  readonly text: string;
  readonly bytes: number;
}
export interface UnreadableText {
  readonly code: 'FILE_UNREADABLE' | 'TEXT_INVALID' | 'TOO_LARGE';
  readonly message: string;
}

/** A file, or with `-` standard input, as text. No more than `bytesMax` of it is ever held, also of a file without an end. */
export async function readText(file: string, bytesMax: number): Promise<ReadText | UnreadableText> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > bytesMax)
        return { code: 'TOO_LARGE', message: 'this is more than can be read at once' };
      chunks.push(chunk);
    }
  } catch (error) {
    return { code: 'FILE_UNREADABLE', message: (error as Error).message };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)), bytes };
  } catch {
    return { code: 'TEXT_INVALID', message: 'this is not UTF-8 text' };
  }
}
