import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { pathText } from '@picket/kernel';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { jsonFault } from '../platform/json-fault.ts';
import { Refused } from './refused.ts';

const unzip = promisify(gunzip);

/** Reads, bounds, decompresses and checks a body. Throws Refused with every problem. */
export async function bodyOf<T>(
  request: FastifyRequest,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<T> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'identity')
    throw new Refused(400, 'INVALID', 'content-encoding: gzip or none is allowed');
  const raw = await read(request.raw, maxBytes);
  const text = encoding === 'gzip' ? await inflate(raw, maxBytes) : raw;
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch {
    throw new Refused(400, 'INVALID', 'The body is not JSON');
  }
  const fault = text.includes('\\u') ? jsonFault(json) : undefined;
  if (fault) throw new Refused(400, 'INVALID', `${pathText(fault.path)}: ${fault.message}`);
  const protocol = (json as { protocol?: unknown } | null)?.protocol;
  if (typeof protocol === 'string' && protocol.split('.')[0] !== '1')
    throw new Refused(
      400,
      'UNSUPPORTED_PROTOCOL',
      `This hub speaks protocol 1, not ${protocol.slice(0, 16)}`,
    );
  const result = schema.safeParse(json);
  if (!result.success)
    throw new Refused(400, 'INVALID', z.prettifyError(result.error).slice(0, 2_000));
  return result.data;
}

async function read(stream: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) break;
    chunks.push(chunk);
  }
  if (size > maxBytes) {
    // The rest is read and thrown away, so that the sender gets to see the refusal.
    stream.resume();
    throw new Refused(413, 'TOO_LARGE', `The body is larger than ${maxBytes} bytes`);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

async function inflate(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Refused(
        413,
        'TOO_LARGE',
        `The body is larger than ${maxBytes} bytes when decompressed`,
      );
    throw new Refused(400, 'INVALID', 'The body is not gzip');
  }
}
