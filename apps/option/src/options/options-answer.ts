import { CountedLeft } from '@biz/commerce';
import type { Left, Offer, Product, SkuPlaces } from '@biz/commerce';
import { optionResponseOf } from './option-response';

/** An answer of T1, cut where the pieces left of an option stand. */
interface Template {
  bytes: Buffer;
  /** Where in `bytes` each counter goes, in their order. */
  cuts: readonly number[];
  /** The skus that the option of each counter takes from. */
  skus: readonly (readonly string[])[];
  /** The same as places in the list of counts it was last filled from. */
  resolved?: { of: SkuPlaces; places: readonly (readonly number[])[] };
}

/** Nothing in a product is null, and inside a text the quotes would be escaped. */
const CUT = ',"stock":null';
const LABEL = ',"stock":';
/** Of a count: an integer of PostgreSQL. */
const MAX_DIGITS = 11;

const templates = new WeakMap<Product, Template>();

/**
 * The answer of T1 as JSON.
 *
 * All but the stock of a product stays the same for as long as its definition does, so it is written once: of twenty
 * thousand articles, writing is most of the work.
 */
export function optionsAnswer({ product, left }: Offer): Buffer {
  const template = templateOf(product);
  const { bytes, cuts } = template;
  const stocks = stocksOf(template, left);
  const answer = Buffer.allocUnsafe(bytes.length + cuts.length * (LABEL.length + MAX_DIGITS));
  let [end, from] = [0, 0];
  cuts.forEach((cut, at) => {
    end += bytes.copy(answer, end, from, cut);
    from = cut;
    const stock = stocks[at];
    if (stock !== undefined) end += answer.write(`${LABEL}${stock}`, end, 'latin1');
  });
  end += bytes.copy(answer, end, from);
  return answer.subarray(0, end);
}

function templateOf(product: Product): Template {
  const known = templates.get(product);
  if (known !== undefined) return known;
  const skus: (readonly string[])[] = [];
  const data = optionResponseOf(product, (those) => {
    skus.push(those);
    // JSON has no NaN and writes null.
    return NaN;
  });
  const parts = JSON.stringify({ status: 200, data }).split(CUT);
  let end = 0;
  const cuts = parts.slice(0, -1).map((part) => (end += Buffer.byteLength(part)));
  const template = { bytes: Buffer.from(parts.join('')), cuts, skus };
  templates.set(product, template);
  return template;
}

/** What is left for each counter, the least of its stocks. */
function stocksOf(template: Template, left: Left): (number | undefined)[] {
  if (!(left instanceof CountedLeft)) return template.skus.map((skus) => leastOf(skus.map((sku) => left.get(sku))));
  const { places: of, counts } = left;
  if (template.resolved?.of !== of) {
    const places = template.skus.map((skus) => skus.flatMap((sku) => of.get(sku) ?? []));
    template.resolved = { of, places };
  }
  return template.resolved.places.map((places) =>
    places.length === 1 ? counts[places[0] ?? 0] : leastOf(places.map((place) => counts[place])),
  );
}

function leastOf(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
