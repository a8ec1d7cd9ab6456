import type { LabelClass } from './label-classes.ts';
import type { Zone } from './zones.ts';

/** Where an end's addresses of one family lie. */
export interface Place {
  readonly id: number;
  readonly family: 4 | 6;
  /** Of its addresses of this family, sorted; `unknown`: it has no known address at all. */
  readonly zones: readonly Zone[] | 'unknown';
}

/** Ends that no policy can tell apart, over one address family: same labels, same place. The columns of all tables. */
export interface EndClass {
  readonly id: number;
  readonly label: LabelClass;
  /** Absent while no policy names networks: then the family has no meaning. */
  readonly place: Place | undefined;
}

/** All end classes; only ever added to. */
export class EndClasses {
  readonly all: EndClass[] = [];
  readonly places: Place[] = [];
  readonly #placeIds = new Map<string, Place>();
  readonly #ids = new Map<number, EndClass>();
  readonly #ofLabel: number[][] = [];
  readonly #ofPlace: number[][] = [];

  placeOf(family: 4 | 6, zones: readonly Zone[] | 'unknown'): Place {
    const sorted =
      zones === 'unknown' ? zones : [...new Set(zones)].toSorted((a, b) => a.id - b.id);
    const key = `${family} ${sorted === 'unknown' ? sorted : sorted.map(({ id }) => id).join()}`;
    const known = this.#placeIds.get(key);
    if (known) return known;
    const place = { id: this.places.length, family, zones: sorted };
    this.#placeIds.set(key, place);
    this.places.push(place);
    return place;
  }

  classOf(label: LabelClass, place: Place | undefined): EndClass {
    // Products of two counts stay far below 2 ** 53.
    const key = label.id * 2 ** 26 + (place ? place.id + 1 : 0);
    const known = this.#ids.get(key);
    if (known) return known;
    const added = { id: this.all.length, label, place };
    this.#ids.set(key, added);
    this.all.push(added);
    (this.#ofLabel[label.id] ??= []).push(added.id);
    if (place) (this.#ofPlace[place.id] ??= []).push(added.id);
    return added;
  }

  ofLabel(id: number): readonly number[] {
    return this.#ofLabel[id] ?? [];
  }

  ofPlace(id: number): readonly number[] {
    return this.#ofPlace[id] ?? [];
  }
}
