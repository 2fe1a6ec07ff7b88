import { listOf, optionsOf, relationsOf, subGroupsOf } from './options';

type Fields = Record<string, unknown>;

/** A valid selection (T2) for what T1 offered: the first option in stock of every required group, along the related path. */
export function chooseOptions(product: Fields, today: Date, quantity?: number): Fields {
  const groups = listOf(product.option_groups);
  const dependent = new Set(
    groups.flatMap((group) => optionsOf(group).flatMap(relationsOf)).map(({ group_id }) => group_id),
  );
  const path = new Map<unknown, unknown>();
  const selected: Fields[] = [];
  for (const group of groups) {
    const onPath = dependent.has(group.id);
    if (onPath ? !path.has(group.id) : group.required === false) continue;
    const subGroup = subGroupsOf(group).find(({ id }) => !onPath || id === path.get(group.id));
    if (subGroup) selected.push(...fromSubGroup(group, subGroup, path));
    else if (group.required !== false) selected.push({ option_group_id: group.id, text: writtenAnswer(group, today) });
  }
  return {
    id: product.id,
    name: product.name,
    ...(product.price !== undefined && { price: product.price }),
    quantity: quantity ?? product.default_quantity ?? product.min_quantity ?? 1,
    option_groups: selected,
  };
}

function fromSubGroup(group: Fields, subGroup: Fields, path: Map<unknown, unknown>): Fields[] {
  const wanted = group.type === 'MULTI_SELECT' ? Number(subGroup.min_select ?? 1) : 1;
  const inStock = listOf(subGroup.options).filter(({ stock }) => stock === undefined || Number(stock) > 0);
  const first = inStock.filter(({ id }) => id === subGroup.default_option_id);
  return [...first, ...inStock.filter((option) => !first.includes(option))].slice(0, wanted).map((option) => {
    for (const relation of relationsOf(option)) path.set(relation.group_id, relation.sub_group_id);
    return {
      option_group_id: group.id,
      option_id: option.id,
      ...(option.add_price !== undefined && { add_price: option.add_price }),
      ...(group.type === 'COUNT' && {
        quantity: Math.max(Number(subGroup.min_select ?? 1), Number(option.min_quantity ?? 1)),
      }),
      ...(option.extra !== undefined && { extra: option.extra }),
    };
  });
}

function writtenAnswer(group: Fields, today: Date): string {
  const { default_value: preset } = group;
  if (typeof preset === 'string' && preset !== '') return preset;
  switch (group.type) {
    case 'NUMBERS':
      return '01012345678901234567890'
        .slice(0, Number(group.min_length ?? 1))
        .padEnd(Number(group.min_length ?? 1), '0');
    case 'INTEGER':
      return String(Number(group.min_value ?? 1));
    case 'DATE':
      return new Date(today.getTime() + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
    default:
      return '테스트';
  }
}
