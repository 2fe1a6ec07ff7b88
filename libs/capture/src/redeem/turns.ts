/** A capture that is under way on this instance. */
export interface UnderWay {
  id: string;
  merchant: string;
  relayId: string | null;
  /** It has waited for Kakao so long that it costs a connection and little else. */
  isSlow: boolean;
}

/** So many slow ones stand aside for each place. */
const ASIDE_FOR_EACH = 3;

/**
 * Who has the places for calls to Kakao.
 *
 * A customer is known by their relay id; without one each capture counts as a customer of its own. A slow call leaves its
 * place, so that nobody waits for the end of another one's slow calls, until too many stand aside.
 */
export class Turns {
  /** Mostly waiting for Kakao, so many may run at once. */
  static readonly AT_ONCE = 64;
  /** A shop whose customers all come at once leaves room for the others'. */
  static readonly OF_A_MERCHANT = 16;
  /** One customer leaves room for the others of the shop; many may share the relay id of one message. */
  static readonly OF_A_CUSTOMER = 12;
  /** With all places taken, and as many aside as may be. */
  static readonly AT_MOST = Turns.AT_ONCE * (1 + ASIDE_FOR_EACH);

  private readonly ofCustomers = new Map<string, Places>();
  private readonly ofMerchants = new Map<string, Places>();
  private readonly all = new Places(Turns.AT_ONCE);
  readonly ids: string[];

  constructor(underWay: readonly UnderWay[]) {
    this.ids = underWay.map(({ id }) => id);
    for (const { merchant, relayId, isSlow } of underWay) {
      this.all.add(isSlow);
      placesOf(this.ofMerchants, merchant, Turns.OF_A_MERCHANT).add(isSlow);
      if (relayId !== null) placesOf(this.ofCustomers, relayId, Turns.OF_A_CUSTOMER).add(isSlow);
    }
  }

  /** How many more may begin. */
  get free(): number {
    return Math.max(Turns.AT_ONCE - this.all.taken, 0);
  }

  /** Relay ids that have all the places that one may have: they leave the view to others. */
  get fullCustomers(): string[] {
    return [...this.ofCustomers].filter(([, places]) => places.taken >= Turns.OF_A_CUSTOMER).map(([id]) => id);
  }

  get customers(): [relayIds: string[], taken: number[], slow: boolean[]] {
    const places = [...this.ofCustomers.values()];
    return [[...this.ofCustomers.keys()], places.map(({ taken }) => taken), places.map(({ slow }) => slow > 0)];
  }

  get merchants(): [ids: string[], taken: number[]] {
    return [[...this.ofMerchants.keys()], [...this.ofMerchants.values()].map(({ taken }) => taken)];
  }
}

class Places {
  private count = 0;
  slow = 0;

  constructor(private readonly total: number) {}

  add(isSlow: boolean): void {
    this.count++;
    if (isSlow) this.slow++;
  }

  /** Those that stand aside do not count. */
  get taken(): number {
    return this.count - Math.min(this.slow, this.total * ASIDE_FOR_EACH);
  }
}

function placesOf(all: Map<string, Places>, whose: string, total: number): Places {
  let places = all.get(whose);
  if (!places) all.set(whose, (places = new Places(total)));
  return places;
}
