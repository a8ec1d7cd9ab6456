export function keepLog(text: string | Buffer): void;
export function forgetLogs(): void;
export function readLogs(): { length: number; secrets: string[] };
export function secretsIn(line: string): string[];
