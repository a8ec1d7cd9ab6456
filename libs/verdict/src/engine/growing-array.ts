/** Numbers in a typed array that grows. `values` is replaced when it does: read it anew after a push. */
export class GrowingArray {
  values: Int32Array;
  length = 0;

  constructor(capacity = 1_024) {
    this.values = new Int32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** A copy of the first `length`. */
  copy(length: number): GrowingArray {
    const copy = new GrowingArray(Math.max(length, 1));
    copy.values.set(this.values.subarray(0, length));
    copy.length = length;
    return copy;
  }
}
