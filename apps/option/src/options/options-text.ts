import type { Offer, Product } from '@biz/commerce';
import { optionResponseOf } from './option-response';

/** The JSON of a product, cut where the pieces left of an option stand. */
interface Template {
  /** One more than there are counters. */
  parts: string[];
  counters: readonly (readonly string[])[];
}

/** Nothing in a product is null, and inside a text the quotes would be escaped. */
const CUT = ',"stock":null';

const templates = new WeakMap<Product, Template>();

/**
 * The `data` of T1 as JSON.
 *
 * All but the stock of a product stays the same for as long as its definition does, so it is written once: of twenty
 * thousand articles, writing is most of the work.
 */
export function optionsText({ product, left }: Offer): string {
  const { parts, counters } = templateOf(product);
  let text = parts[0] ?? '';
  for (let at = 0; at < counters.length; at++) {
    const stock = leastOf(counters[at] ?? [], left);
    if (stock !== undefined) text += `,"stock":${stock}`;
    text += parts[at + 1] ?? '';
  }
  return text;
}

function templateOf(product: Product): Template {
  const known = templates.get(product);
  if (known !== undefined) return known;
  const counters: (readonly string[])[] = [];
  const response = optionResponseOf(product, (skus) => {
    counters.push(skus);
    // JSON has no NaN and writes null.
    return NaN;
  });
  const template = { parts: JSON.stringify(response).split(CUT), counters };
  templates.set(product, template);
  return template;
}

function leastOf(skus: readonly string[], left: ReadonlyMap<string, number>): number | undefined {
  let least: number | undefined;
  for (const sku of skus) {
    const stock = left.get(sku);
    if (stock !== undefined && (least === undefined || stock < least)) least = stock;
  }
  return least;
}
