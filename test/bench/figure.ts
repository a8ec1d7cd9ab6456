/** One measured value, in the shape that every bench of the project prints. */
export interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What the value must be, such as `<= 6`; absent where it only informs. */
  readonly aim?: string;
  /** CPU seconds of the processes that were measured, by name. */
  readonly cpuSeconds?: Readonly<Record<string, number>>;
  /** The same work by something plain in the same run. */
  readonly comparator?: Readonly<Record<string, number | string>>;
}

/** Prints figures of one bench as JSON lines on standard output; what is said besides goes to standard error. */
export function figuresOf(bench: string): (figure: Figure) => void {
  return ({ metric, value, unit, ...more }) => {
    const line = { bench, metric, value: round(value), unit, ...more };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Four significant digits are more than a run repeats. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
