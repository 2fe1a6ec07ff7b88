import { skuOf } from '@biz/commerce';
import type { GroupKind, Product, ProductGroup, ProductOption, ProductSubGroup } from '@biz/commerce';
import type { Option, OptionGroup, OptionResponse, OptionSubGroup, OptionType } from '@biz/kakao-dto';

const TYPES: Record<GroupKind, OptionType> = {
  choice: 'SELECT',
  choices: 'MULTI_SELECT',
  counts: 'COUNT',
  text: 'TEXT',
  numbers: 'NUMBERS',
  integer: 'INTEGER',
  date: 'DATE',
};

/** What is left of an option that takes from these stocks; `undefined` when none of them is counted. */
type StockOf = (skus: readonly string[]) => number | undefined;

/** A product in the guide's words; keys stand in the order of its sample, and absent fields stay absent. */
export function optionResponseOf(product: Product, stockOf: StockOf): OptionResponse {
  const carrier = stockCarrier(product);
  return present({
    id: product.kakaoId ?? product.id,
    name: product.name,
    price: product.price,
    min_quantity: product.minQuantity,
    max_quantity: product.maxQuantity,
    default_quantity: product.defaultQuantity,
    option_groups: product.groups.map((group) => groupOf(group, group === carrier ? [product.id] : [], stockOf)),
  });
}

/** The guide has no stock of a product as a whole: it is shown on the options every customer has to choose from. */
function stockCarrier({ groups }: Product): ProductGroup | undefined {
  return groups.find(({ kind, required }) => kind === 'choice' && required !== false);
}

function groupOf(group: ProductGroup, carried: readonly string[], stockOf: StockOf): OptionGroup {
  return present({
    id: group.id,
    name: group.name,
    option_sub_groups: group.subGroups?.map((subGroup) => subGroupOf(subGroup, carried, stockOf)),
    description: group.description,
    required: group.required,
    type: TYPES[group.kind],
    min_length: group.minLength,
    max_length: group.maxLength,
    min_value: group.minValue,
    max_value: group.maxValue,
    placeholder: group.placeholder,
    default_value: group.defaultValue,
  });
}

function subGroupOf(subGroup: ProductSubGroup, carried: readonly string[], stockOf: StockOf): OptionSubGroup {
  return present({
    id: subGroup.id,
    min_select: subGroup.minSelect,
    max_select: subGroup.maxSelect,
    default_option_id: subGroup.defaultOptionId,
    options: subGroup.options.map((option) => optionOf(option, stockOf([skuOf(subGroup, option), ...carried]))),
  });
}

function optionOf(option: ProductOption, stock: number | undefined): Option {
  return present({
    id: option.id,
    value: option.value,
    add_price: option.addPrice,
    min_quantity: option.minQuantity,
    max_quantity: option.maxQuantity,
    extra: option.extra,
    stock,
    relate_option_groups: option.leadsTo?.map(({ groupId, subGroupId }) => ({
      group_id: groupId,
      sub_group_id: subGroupId,
    })),
  });
}

function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
