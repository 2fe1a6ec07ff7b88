/** What is left of each sku that is counted. */
export interface Left {
  get(sku: string): number | undefined;
}

/** Where each sku stands in a list of counts; one object for as long as the skus are the same. */
export type SkuPlaces = ReadonlyMap<string, number>;

/** Counts in the order of their skus, as they were read: of twenty thousand only the numbers change. */
export class CountedLeft implements Left {
  constructor(
    readonly places: SkuPlaces,
    readonly counts: readonly number[],
  ) {}

  get(sku: string): number | undefined {
    const place = this.places.get(sku);
    return place === undefined ? undefined : this.counts[place];
  }
}
