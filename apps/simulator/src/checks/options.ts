import { FieldCheck, isFields } from './fields';
import { type Finding, shown, violation } from './violation';

const SECTION = '5.2 T1';
const TYPES = ['SELECT', 'MULTI_SELECT', 'TEXT', 'NUMBERS', 'INTEGER', 'DATE', 'COUNT'];
const WITH_OPTIONS = ['SELECT', 'MULTI_SELECT', 'COUNT'];

type Fields = Record<string, unknown>;

/** What T1 answers in `data` (옵션조회 API). */
export function checkOptions(data: unknown): Finding[] {
  if (!isFields(data)) return [violation('type', `data must be an object (guide ${SECTION})`)];
  const check = new FieldCheck(data, 'data', SECTION)
    .text('id')
    .text('name')
    .int('price', { optional: true, min: 0 })
    .int('min_quantity', { optional: true, min: 1 })
    .int('max_quantity', { optional: true, min: 1 })
    .int('default_quantity', { optional: true, min: 1 });
  const groups = check.list('option_groups').filter(isFields);
  return [...check.findings, ...groups.flatMap(checkGroup), ...checkIds(groups), ...checkRelations(groups)];
}

function checkGroup(group: Fields, at: number): Finding[] {
  const path = `data.option_groups[${at}]`;
  const check = new FieldCheck(group, path, SECTION)
    .text('id')
    .text('name')
    .boolean('required', { optional: true })
    .text('description', { optional: true })
    .text('type')
    .text('placeholder', { optional: true })
    .text('default_value', { optional: true });
  const type = String(group.type);
  if (!TYPES.includes(type))
    check.report('form', 'type', `found ${shown(group.type)}, must be one of ${TYPES.join(', ')}`);
  if (type === 'NUMBERS') check.int('min_length').int('max_length');
  if (type === 'INTEGER') check.int('min_value').int('max_value');
  if (!WITH_OPTIONS.includes(type)) {
    if (group.option_sub_groups !== undefined)
      check.report('forbidden', 'option_sub_groups', `does not belong to ${type}`);
    return check.findings;
  }
  const subGroups = check.list('option_sub_groups', { min: 1 }).filter(isFields);
  const nested = subGroups.flatMap((subGroup, index) => checkSubGroup(subGroup, `${path}.option_sub_groups[${index}]`));
  return [...check.findings, ...nested];
}

function checkSubGroup(subGroup: Fields, path: string): Finding[] {
  const check = new FieldCheck(subGroup, path, SECTION)
    .text('id')
    .int('min_select', { optional: true, min: 0 })
    .int('max_select', { optional: true, min: 1 })
    .text('default_option_id', { optional: true });
  const options = check.list('options', { min: 1 }).filter(isFields);
  const ids = options.map(({ id }) => id);
  if (new Set(ids).size < ids.length) check.report('unique', 'options', 'holds an id twice');
  const { default_option_id: preset } = subGroup;
  if (preset !== undefined && !ids.includes(preset))
    check.report('reference', 'default_option_id', 'is no option of it');
  return [
    ...check.findings,
    ...options.flatMap((option, at) => {
      const each = new FieldCheck(option, `${path}.options[${at}]`, SECTION)
        .text('id')
        .text('value')
        .int('min_quantity', { optional: true, min: 1 })
        .int('max_quantity', { optional: true, min: 1 })
        .int('stock', { optional: true, min: 0 })
        .text('extra', { optional: true });
      if (option.add_price !== undefined && typeof option.add_price !== 'number') {
        each.report('type', 'add_price', `must be a number, found ${shown(option.add_price)}`);
      }
      each.list('relate_option_groups', { optional: true });
      return each.findings;
    }),
  ];
}

/** Group ids are unique in the product, and so are sub-group ids. */
function checkIds(groups: Fields[]): Finding[] {
  const twice = (ids: unknown[]): unknown => ids.find((id, at) => ids.indexOf(id) !== at);
  const group = twice(groups.map(({ id }) => id));
  const subGroup = twice(groups.flatMap((each) => subGroupsOf(each).map(({ id }) => id)));
  return [
    ...(group === undefined ? [] : [violation('unique', `two option groups have the id ${shown(group)} (guide 5.2)`)]),
    ...(subGroup === undefined
      ? []
      : [violation('unique', `two sub-groups have the id ${shown(subGroup)} (guide 5.2)`)]),
  ];
}

/** A related option names a sub-group that exists; simple and related groups are not mixed. */
function checkRelations(groups: Fields[]): Finding[] {
  const findings: Finding[] = [];
  const related = new Set<unknown>();
  for (const group of groups) {
    for (const option of optionsOf(group)) {
      for (const relation of relationsOf(option)) {
        const target = groups.find(({ id }) => id === relation.group_id);
        const exists = target && subGroupsOf(target).some(({ id }) => id === relation.sub_group_id);
        if (!exists)
          findings.push(
            violation(
              'reference',
              `relate_option_groups of ${shown(option.id)} names ${shown(relation)}, which does not exist (guide 5.2)`,
            ),
          );
        related.add(group.id).add(relation.group_id);
      }
    }
  }
  const simple = groups.filter((group) => WITH_OPTIONS.includes(String(group.type)) && !related.has(group.id));
  if (related.size > 0 && simple.length > 0) {
    findings.push(
      violation('mixed', `simple group ${shown(simple[0]?.id)} stands beside related ones (guide 5.2, 주의사항)`),
    );
  }
  return findings;
}

export const subGroupsOf = (group: Fields): Fields[] => listOf(group.option_sub_groups);
export const optionsOf = (group: Fields): Fields[] => subGroupsOf(group).flatMap((each) => listOf(each.options));
export const relationsOf = (option: Fields): Fields[] => listOf(option.relate_option_groups);

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** What T2 answers (옵션선택 API). */
export function checkDraft(data: unknown): Finding[] {
  return typeof data === 'string' && data !== ''
    ? []
    : [violation('type', `data must be the temporary order id as a String, found ${shown(data)} (guide 5.2 T2)`)];
}
