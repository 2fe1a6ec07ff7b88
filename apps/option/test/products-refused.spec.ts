import { checkProduct } from '@biz/commerce';
import type { Product, ProductGroup, ProductOption, ProductSubGroup } from '@biz/commerce';
import fc from 'fast-check';
import { anyProduct } from './any-product';
import type { Dice } from './any-selection';

/** A place in a product, and what stands there. */
interface Place<T> {
  path: string;
  at: T;
}

const groupsOf = ({ groups }: Product): Place<ProductGroup>[] =>
  groups.map((at, index) => ({ path: `groups[${index}]`, at }));
const subGroupsOf = (product: Product): (Place<ProductSubGroup> & { group: ProductGroup })[] =>
  groupsOf(product).flatMap(({ path, at }) =>
    (at.subGroups ?? []).map((subGroup, index) => ({ path: `${path}.subGroups[${index}]`, at: subGroup, group: at })),
  );
const optionsOf = (product: Product): (Place<ProductOption> & { group: ProductGroup; subGroup: ProductSubGroup })[] =>
  subGroupsOf(product).flatMap(({ path, at, group }) =>
    at.options.map((option, index) => ({ path: `${path}.options[${index}]`, at: option, group, subGroup: at })),
  );

/** Breaks one rule somewhere in a product and says where; nothing when the product gives no occasion. */
type Break = (product: Product, dice: Dice) => string | undefined;

const somewhere =
  <T>(places: (product: Product) => T[], change: (place: T, product: Product) => string): Break =>
  (product, dice) => {
    const all = places(product);
    return all.length === 0 ? undefined : change(all[dice(all.length)]!, product);
  };
const inGroup = (fits: (group: ProductGroup) => boolean, change: (group: ProductGroup) => string): Break =>
  somewhere(
    (product) => groupsOf(product).filter(({ at }) => fits(at)),
    ({ path, at }) => `${path}.${change(at)}`,
  );
const isForm = ({ subGroups }: ProductGroup): boolean => subGroups === undefined;
const linked = (product: Product) => optionsOf(product).filter(({ at }) => at.leadsTo !== undefined);

const BREAKS: Record<string, Break> = {
  'no id': (product) => {
    Reflect.deleteProperty(product, 'id');
    return 'id';
  },
  'a name that is blank': (product) => ((product.name = ' '), 'name'),
  'an unknown kind': (product) => ((product.kind = 'gift' as never), 'kind'),
  'a price below nothing': (product) => ((product.price = -1), 'price'),
  'a price of a non-commerce product': (product) =>
    product.kind === 'commerce' ? undefined : ((product.price = 0), 'price'),
  'min over max pieces': (product) => ((product.minQuantity = (product.maxQuantity ?? 1) + 1), 'minQuantity'),
  'a first quantity out of bounds': (product) => (
    (product.defaultQuantity = (product.maxQuantity ?? 1) + 1),
    'defaultQuantity'
  ),
  'nothing asked by a non-commerce product': (product) =>
    product.kind === 'commerce' ? undefined : ((product.groups = []), 'groups'),
  'two groups of one id': (product) => {
    if (product.groups.length < 2) return undefined;
    const id = product.groups[0]!.id;
    if (product.groups[0]!.subGroups && product.groups.at(-1)!.subGroups) return undefined;
    product.groups.at(-1)!.id = id;
    return `groups[${product.groups.length - 1}].id`;
  },
  'a group without a name': inGroup(
    () => true,
    (group) => ((group.name = ''), 'name'),
  ),
  'a selection without sub-groups': inGroup(
    ({ subGroups, kind }) => subGroups !== undefined && kind !== 'choice',
    (group) => (delete group.subGroups, 'subGroups'),
  ),
  'a form with sub-groups': inGroup(
    isForm,
    (group) => ((group.subGroups = [{ id: 'new', options: [{ id: 'a', value: 'a' }] }]), 'subGroups'),
  ),
  'numbers without a length': inGroup(
    ({ kind }) => kind === 'numbers',
    (group) => (delete group.maxLength, 'maxLength'),
  ),
  'numbers of no digit': inGroup(
    ({ kind }) => kind === 'numbers',
    (group) => ((group.minLength = 0), 'minLength'),
  ),
  'min over max length': inGroup(
    ({ kind }) => kind === 'numbers',
    (group) => ((group.minLength = group.maxLength! + 1), 'minLength'),
  ),
  'an integer without a bound': inGroup(
    ({ kind }) => kind === 'integer',
    (group) => (delete group.minValue, 'minValue'),
  ),
  'min over max value': inGroup(
    ({ kind }) => kind === 'integer',
    (group) => ((group.minValue = group.maxValue! + 1), 'minValue'),
  ),
  'a default that is no number': inGroup(
    ({ kind }) => kind === 'integer',
    (group) => ((group.defaultValue = '하나'), 'defaultValue'),
  ),
  'a default with too many digits': inGroup(
    ({ kind }) => kind === 'numbers',
    (group) => ((group.defaultValue = '1'.repeat(group.maxLength! + 1)), 'defaultValue'),
  ),
  'a default that is no day': inGroup(
    ({ kind }) => kind === 'date',
    (group) => ((group.defaultValue = '20260230'), 'defaultValue'),
  ),
  'a default of a selection': inGroup(
    (group) => !isForm(group),
    (group) => ((group.defaultValue = 'S'), 'defaultValue'),
  ),
  'a length of a text': inGroup(
    ({ kind }) => kind === 'text',
    (group) => ((group.maxLength = 5), 'maxLength'),
  ),
  'a placeholder of a text': inGroup(
    ({ kind }) => kind === 'text',
    (group) => ((group.placeholder = 'a'), 'placeholder'),
  ),
  'two sub-groups of one id': (product) => {
    const all = subGroupsOf(product).filter(
      ({ at }) =>
        !linked(product).some(({ at: { leadsTo } }) => leadsTo?.some(({ subGroupId }) => subGroupId === at.id)),
    );
    if (all.length < 2) return undefined;
    all[1]!.at.id = all[0]!.at.id;
    return `${all[1]!.path}.id`;
  },
  'a sub-group without options': somewhere(
    (product) => subGroupsOf(product).filter(({ group }) => group.kind !== 'choice'),
    ({ path, at }) => ((at.options = []), `${path}.options`),
  ),
  'a default option that is none': somewhere(
    subGroupsOf,
    ({ path, at }) => ((at.defaultOptionId = 'no such'), `${path}.defaultOptionId`),
  ),
  'min over max of a selection': somewhere(
    (product) => subGroupsOf(product).filter(({ group }) => group.kind !== 'choice'),
    ({ path, at }) => ((at.minSelect = (at.maxSelect ?? 1) + 1), `${path}.minSelect`),
  ),
  'several of a choice': somewhere(
    (product) => subGroupsOf(product).filter(({ group }) => group.kind === 'choice'),
    ({ path, at }) => ((at.maxSelect = 2), `${path}.maxSelect`),
  ),
  'more choices than options': somewhere(
    (product) => subGroupsOf(product).filter(({ group }) => group.kind === 'choices'),
    ({ path, at }) => ((at.maxSelect = at.options.length + 1), `${path}.maxSelect`),
  ),
  'no choice needed of a group that is': somewhere(
    (product) => subGroupsOf(product).filter(({ group }) => group.kind !== 'choice' && group.required !== false),
    ({ path, at }) => ((at.minSelect = 0), `${path}.minSelect`),
  ),
  'two options of one id': somewhere(
    (product) => subGroupsOf(product).filter(({ at }) => at.options.length > 1),
    ({ path, at }) => ((at.options[1]!.id = at.options[0]!.id), `${path}.options[1].id`),
  ),
  'an option without a value': somewhere(optionsOf, ({ path, at }) => ((at.value = ''), `${path}.value`)),
  'half a won': somewhere(
    (product) => (product.kind === 'commerce' ? optionsOf(product) : []),
    ({ path, at }) => ((at.addPrice = 0.5), `${path}.addPrice`),
  ),
  'a price of an option that is not sold': somewhere(
    (product) => (product.kind === 'commerce' ? [] : optionsOf(product)),
    ({ path, at }) => ((at.addPrice = 100), `${path}.addPrice`),
  ),
  'min over max of an option': somewhere(
    optionsOf,
    ({ path, at }) => ((at.minQuantity = (at.maxQuantity ?? 1) + 1), `${path}.minQuantity`),
  ),
  'a count without bounds': somewhere(
    (product) => optionsOf(product).filter(({ group }) => group.kind === 'counts'),
    ({ path, at }) => (delete at.maxQuantity, `${path}.maxQuantity`),
  ),
  'one stock with two counts': (product) => {
    const [one, other] = optionsOf(product);
    if (one === undefined || other === undefined) return undefined;
    Object.assign(one.at, { sku: 'shared', stock: 1 });
    Object.assign(other.at, { sku: 'shared', stock: 2 });
    return `${other.path}.stock`;
  },
  'a group that does not exist to lead to': somewhere(
    linked,
    ({ path, at }) => ((at.leadsTo![0]!.groupId = 'no such'), `${path}.leadsTo[0].groupId`),
  ),
  'a dangling sub_group_id': somewhere(
    linked,
    ({ path, at }) => ((at.leadsTo![0]!.subGroupId = 'no such'), `${path}.leadsTo[0].subGroupId`),
  ),
  'a cycle': somewhere(linked, ({ path, at, group }) => {
    at.leadsTo = [{ groupId: group.id, subGroupId: group.subGroups![0]!.id }];
    return path.slice(0, path.indexOf('.'));
  }),
  'an end in the middle': somewhere(
    (product) => linked(product).filter(({ subGroup }) => subGroup.options.length > 1),
    ({ path, at }) => (delete at.leadsTo, `${path}.leadsTo`),
  ),
  'two ways on from one option': somewhere(
    linked,
    ({ path, at }) => ((at.leadsTo = [...at.leadsTo!, ...at.leadsTo!]), `${path}.leadsTo`),
  ),
  'a sub-group that nothing leads to': (product) => {
    const last = groupsOf(product)
      .filter(({ at }) => !isForm(at))
      .at(-1);
    if (last === undefined) return undefined;
    last.at.subGroups!.push({ id: 'unreached', options: [{ id: 'a', value: 'a', minQuantity: 1, maxQuantity: 1 }] });
    const path = `${last.path}.subGroups`;
    return linked(product).length > 0 ? `${path}[${last.at.subGroups!.length - 1}]` : path;
  },
  'a simple group beside related ones': (product) => {
    if (linked(product).length === 0) return undefined;
    product.groups.push({
      id: 'beside',
      name: 'a',
      kind: 'choice',
      subGroups: [{ id: 'beside', options: [{ id: 'a', value: 'a' }] }],
    });
    return `groups[${product.groups.length - 1}]`;
  },
  'a second chain': (product) => {
    if (linked(product).length === 0) return undefined;
    const link = [{ groupId: 'chain-2', subGroupId: 'chain-2' }];
    product.groups.push(
      {
        id: 'chain-1',
        name: 'a',
        kind: 'choice',
        subGroups: [{ id: 'chain-1', options: [{ id: 'a', value: 'a', leadsTo: link }] }],
      },
      { id: 'chain-2', name: 'b', kind: 'choice', subGroups: [{ id: 'chain-2', options: [{ id: 'b', value: 'b' }] }] },
    );
    return `groups[${product.groups.length - 2}]`;
  },
};

it('refuses every product with one rule broken, with the path to it; each rule was broken', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(anyProduct, fc.array(fc.nat(9_999), { minLength: 10, maxLength: 10 }), (product, rolls) => {
      let at = 0;
      const dice: Dice = (sides) => (rolls[at++ % rolls.length] ?? 0) % sides;
      for (const [name, change] of Object.entries(BREAKS)) {
        const broken = structuredClone(product);
        const path = change(broken, dice);
        if (path === undefined) continue;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const paths = checkProduct(broken).map((problem) => problem.path);
        if (!paths.includes(path)) throw new Error(`${name}: ${path} is not among ${JSON.stringify(paths)}`);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(Object.keys(BREAKS).filter((name) => (seen.get(name) ?? 0) < 20)).toEqual([]);
});
