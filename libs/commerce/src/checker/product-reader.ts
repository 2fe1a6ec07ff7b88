import { StrictFields } from '@biz/platform';
import type { Problem } from '@biz/platform';
import type { Product, ProductGroup, ProductOption, ProductSubGroup } from '../products/product.dto';
import { GROUP_KINDS, PRODUCT_KINDS } from '../products/product.dto';
import type { ProductAgreement, ShippingArea, ShippingRule } from '../products/product-terms.dto';

/** Won and pieces; KakaoPay and Kakao's int end at 32 bits, so every product and sum of ours fits them and 2^53. */
export const MAX_AMOUNT = 2_147_483_647;

const WON = { min: 0, max: MAX_AMOUNT };
const WON_EITHER_WAY = { min: -MAX_AMOUNT, max: MAX_AMOUNT };
const PIECES = { min: 0, max: MAX_AMOUNT };
const AT_LEAST_ONE = { min: 1, max: MAX_AMOUNT };
const TITLE = { max: 100 };
const TEXT = { max: 1_000 };
const POSTAL_CODE = { max: 6 };
/** Each draft keeps the terms of its product: no list of them may grow without end. */
const MAX_LIST = 200;

/** Reads JSON of unknown origin as a product; what does not fit is left out and told, and so are unknown fields and nulls. */
export function readProduct(input: unknown): { product: Product; problems: Problem[] } {
  const problems: Problem[] = [];
  const from = new StrictFields(input, '', problems);
  const product: Product = from.present({
    id: from.neededId('id', TITLE),
    kakaoId: from.id('kakaoId', TITLE),
    name: from.neededLine('name', TITLE),
    kind: from.oneOf('kind', PRODUCT_KINDS),
    price: from.integer('price', WON),
    minQuantity: from.integer('minQuantity', AT_LEAST_ONE),
    maxQuantity: from.integer('maxQuantity', AT_LEAST_ONE),
    defaultQuantity: from.integer('defaultQuantity', AT_LEAST_ONE),
    stock: from.integer('stock', PIECES),
    useShipping: from.flag('useShipping'),
    shipping: from.inner('shipping', readShipping),
    taxFreeAmount: from.integer('taxFreeAmount', WON),
    agreements: from.list('agreements', readAgreement, MAX_LIST),
    productUrls: from.addresses('productUrls', MAX_LIST),
    groups: from.list('groups', readGroup) ?? from.missing('groups', []),
  });
  return { product, problems };
}

function readGroup(from: StrictFields): ProductGroup {
  return from.present({
    id: from.neededId('id', TITLE),
    name: from.neededLine('name', TITLE),
    kind: from.oneOf('kind', GROUP_KINDS),
    description: from.line('description', TEXT),
    required: from.flag('required'),
    subGroups: from.list('subGroups', readSubGroup),
    minLength: from.integer('minLength', PIECES),
    maxLength: from.integer('maxLength', PIECES),
    minValue: from.integer('minValue', WON_EITHER_WAY),
    maxValue: from.integer('maxValue', WON_EITHER_WAY),
    placeholder: from.line('placeholder', TEXT),
    defaultValue: from.line('defaultValue', TEXT),
  });
}

function readSubGroup(from: StrictFields): ProductSubGroup {
  return from.present({
    // Ids made of a whole path are longer than a title.
    id: from.neededId('id', TEXT),
    minSelect: from.integer('minSelect', PIECES),
    maxSelect: from.integer('maxSelect', PIECES),
    defaultOptionId: from.id('defaultOptionId', TITLE),
    options: from.list('options', readOption) ?? from.missing('options', []),
  });
}

function readOption(from: StrictFields): ProductOption {
  return from.present({
    id: from.neededId('id', TITLE),
    value: from.neededLine('value', TITLE),
    addPrice: from.integer('addPrice', WON_EITHER_WAY),
    taxFreeAmount: from.integer('taxFreeAmount', WON_EITHER_WAY),
    minQuantity: from.integer('minQuantity', PIECES),
    maxQuantity: from.integer('maxQuantity', PIECES),
    stock: from.integer('stock', PIECES),
    sku: from.id('sku', TEXT),
    extra: from.text('extra', TEXT),
    leadsTo: from.list('leadsTo', (link) =>
      link.present({
        groupId: link.neededId('groupId', TITLE),
        subGroupId: link.neededId('subGroupId', TEXT),
      }),
    ),
  });
}

function readShipping(from: StrictFields): ShippingRule {
  return from.present({
    fee: from.neededInteger('fee', WON),
    freeFrom: from.integer('freeFrom', AT_LEAST_ONE),
    taxFree: from.flag('taxFree'),
    areas: from.list('areas', readArea, MAX_LIST),
  });
}

function readArea(from: StrictFields): ShippingArea {
  return from.present({
    name: from.line('name', TITLE),
    from: from.neededId('from', POSTAL_CODE),
    to: from.neededId('to', POSTAL_CODE),
    extra: from.neededInteger('extra', WON),
  });
}

function readAgreement(from: StrictFields): ProductAgreement {
  return from.present({
    company: from.neededLine('company', TEXT),
    title: from.neededLine('title', TEXT),
    url: from.address('url'),
  });
}
