import { StrictFields } from '@biz/platform';
import type { Clock, Problem } from '@biz/platform';
import { EventReceiver } from '../events/shop-event';
import type { ShopEvent, ShopEventType } from '../events/shop-event';
import type { Port } from '../registry/merchant';
import { Fulfilment } from './fulfilment';
import type { PaidOrder } from './fulfilment';
import { MemberDirectory } from './member-directory';
import type { JoiningCustomer, MemberMatch } from './member-directory';
import { ORDER_PERMISSIONS, OrderPolicy } from './order-policy';
import type { OrderPermission, OrderToPay } from './order-policy';
import { readOrderSheet } from './order-sheet-reader';
import { OrderSheetSource } from './order-sheet-source';
import type { Buyer, OrderSheet } from './order-sheet-source';
import { ShopAnswerRefused } from './shop-answer-refused';

const MAX_MEMBER_ID = { max: 200 };
const MAX_ADDRESS = { max: 2_048 };
const TEXT = { max: 1_000 };

/** Who answers what. */
interface Asked {
  merchant: string;
  /** `endpoints.orderSheets`, or the port of its module. */
  of: string;
  /** Planned charges are judged by the day it is. */
  clock: Clock;
}

/** Reads one answer. */
type Read<T> = (fields: StrictFields) => T;

function checked<T>({ merchant, of }: Asked, answer: unknown, read: Read<T>): T {
  const problems: Problem[] = [];
  const value = read(new StrictFields(answer, '', problems));
  if (problems.length > 0) throw new ShopAnswerRefused(merchant, of, problems);
  return value;
}

const isNothing = (answer: unknown): boolean => answer === undefined || answer === null;

class CheckedOrderSheets extends OrderSheetSource {
  constructor(
    private readonly shop: OrderSheetSource,
    private readonly asked: Asked,
  ) {
    super();
  }

  async load(orderSheetId: string, buyer: Buyer): Promise<OrderSheet | undefined> {
    const answer: unknown = await this.shop.load(orderSheetId, buyer);
    if (isNothing(answer)) return undefined;
    const { sheet, problems } = readOrderSheet(answer, this.asked.clock.now());
    if (problems.length > 0) throw new ShopAnswerRefused(this.asked.merchant, this.asked.of, problems);
    return sheet;
  }
}

class CheckedOrderPolicy extends OrderPolicy {
  constructor(
    private readonly shop: OrderPolicy,
    private readonly asked: Asked,
  ) {
    super();
  }

  async check(buyer: Buyer, order?: OrderToPay): Promise<OrderPermission> {
    const answer: unknown = await this.shop.check(buyer, order);
    // An endpoint answers an object, a module the word alone.
    const fields = typeof answer === 'string' ? { permission: answer } : answer;
    const read: Read<{ permission: OrderPermission }> = (from) =>
      from.present({ permission: from.oneOf('permission', ORDER_PERMISSIONS) });
    return checked(this.asked, fields, read).permission;
  }
}

class CheckedFulfilment extends Fulfilment {
  constructor(
    private readonly shop: Fulfilment,
    private readonly asked: Asked,
  ) {
    super();
  }

  async fulfil(order: PaidOrder): Promise<{ refused: string } | undefined> {
    const answer: unknown = await this.shop.fulfil(order);
    if (isNothing(answer)) return undefined;
    const { refused } = checked(this.asked, answer, (from) => from.present({ refused: from.line('refused', TEXT) }));
    return refused === undefined ? undefined : { refused };
  }
}

class CheckedMemberDirectory extends MemberDirectory {
  constructor(
    private readonly shop: MemberDirectory,
    private readonly asked: Asked,
  ) {
    super();
  }

  async match(customer: JoiningCustomer): Promise<MemberMatch | undefined> {
    const answer: unknown = await this.shop.match(customer);
    if (isNothing(answer)) return undefined;
    return checked(this.asked, answer, (from): MemberMatch | undefined => {
      const { memberId, userMatchUrl } = from.present({
        memberId: from.text('memberId', MAX_MEMBER_ID),
        userMatchUrl: from.matching('userMatchUrl', isAddress, 'an address of 2048 characters at most'),
      });
      if (memberId !== undefined && userMatchUrl !== undefined) from.wrong('userMatchUrl', 'is not for a known member');
      if (memberId !== undefined) return { memberId };
      if (userMatchUrl !== undefined) return { userMatchUrl };
      from.wrong('memberId', 'is missing, and userMatchUrl');
      return undefined;
    });
  }
}

class CheckedEventReceiver extends EventReceiver {
  constructor(
    private readonly shop: EventReceiver,
    private readonly asked: Asked,
  ) {
    super();
  }

  receive(event: ShopEvent): Promise<void> {
    return this.shop.receive(event);
  }

  /** A promise would be taken for yes. */
  override accepts(type: ShopEventType): boolean {
    const accepts: unknown = this.shop.accepts(type);
    return checked(this.asked, { accepts }, (from) => from.neededFlag('accepts'));
  }
}

const isAddress = (text: string): boolean => text.length <= MAX_ADDRESS.max && URL.canParse(text);

const CHECKED = new Map<Port<unknown>, (shop: object, asked: Asked) => object>([
  [OrderSheetSource, (shop, asked) => new CheckedOrderSheets(shop as OrderSheetSource, asked)],
  [OrderPolicy, (shop, asked) => new CheckedOrderPolicy(shop as OrderPolicy, asked)],
  [Fulfilment, (shop, asked) => new CheckedFulfilment(shop as Fulfilment, asked)],
  [EventReceiver, (shop, asked) => new CheckedEventReceiver(shop as EventReceiver, asked)],
  [MemberDirectory, (shop, asked) => new CheckedMemberDirectory(shop as MemberDirectory, asked)],
]);

/** The ports of shops, each behind the check of what it answers: no app sees an answer that was not looked at. */
export class CheckedPorts {
  private readonly made = new Map<string, { shop: object; checked: object }>();

  constructor(private readonly clock: Clock) {}

  /** @param endpoint what its address is called in the definition, when it is no port of the merchant's module */
  of<T>(merchant: string, port: Port<T>, shop: T & object, endpoint?: string): T {
    const make = CHECKED.get(port);
    if (!make) return shop;
    const key = `${merchant} ${port.name}`;
    const known = this.made.get(key);
    if (known?.shop === shop) return known.checked as T;
    const asked = { merchant, of: endpoint === undefined ? port.name : `endpoints.${endpoint}`, clock: this.clock };
    const checked = make(shop, asked);
    this.made.set(key, { shop, checked });
    return checked as T;
  }
}
