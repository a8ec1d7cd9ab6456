/** What a script can rely on; `picket --help` and the README list them. */
export const exitCode = { ok: 0, different: 1, badInput: 2, refused: 3, unreachable: 4 } as const;

/** Ends the program with a message for people and a code for scripts. */
export class Failure extends Error {
  readonly code: number;

  constructor(code: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
