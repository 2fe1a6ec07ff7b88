import { createHmac, randomBytes } from 'node:crypto';
import type { Vault } from '@biz/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { rowsOf } from '../export/export';
import { Access, AccessEnds } from './access.entity';

/**
 * What makes the access log tell of its own changes.
 *
 * Each line carries a keyed hash of itself and of the code before it, and `access_ends` a keyed hash of both ends. Who
 * may write the database but has no key of DATA_ENCRYPTION_KEYS can neither change a line, nor take one out, nor cut
 * the end off without `findProblems` naming it. Putting an older state of the whole database back leaves a true chain, and
 * so does taking everything away until an app begins a new one: against that, codes are logged as they are made, and can
 * be asked for (`expected`).
 */
const KEY_CONTEXT = 'privacy.access-log-key';
const OR_OLDER = ', or one before it that is older than the chain,';

export type Ends = Pick<AccessEnds, 'startSeq' | 'startCode' | 'endSeq' | 'endCode'>;

/** A place in the chain, as the log of an app has noted it. */
export interface Mark {
  seq: number;
  code: string;
}

export interface Finding {
  /** Lines that are there. */
  lines: number;
  /** The newest line. */
  end: Mark;
  /** One sentence for each line that was changed or is missing. */
  problems: string[];
}

/** Makes the codes of the chain. */
export class Chain {
  private constructor(private readonly key: Buffer) {}

  static async open(vault: Vault, { sealedKey }: Pick<AccessEnds, 'sealedKey'>): Promise<Chain> {
    return new Chain(Buffer.from(await vault.open(sealedKey, KEY_CONTEXT), 'base64'));
  }

  /** A new chain, and its key for the row. */
  static async begin(vault: Vault): Promise<{ chain: Chain; sealedKey: string }> {
    const key = randomBytes(32);
    return { chain: new Chain(key), sealedKey: await vault.seal(key.toString('base64'), KEY_CONTEXT) };
  }

  codeOf(before: string, line: Omit<Access, 'code'>): string {
    const { seq, at, app, merchant, subject, what, part, operator, caller, reason } = line;
    return this.hash([before, seq, at.toISOString(), app, merchant, subject, what, part, operator, caller, reason]);
  }

  proofOf({ startSeq, startCode, endSeq, endCode }: Ends): string {
    return this.hash(['ends', startSeq, startCode, endSeq, endCode]);
  }

  private hash(parts: unknown[]): string {
    return createHmac('sha256', this.key).update(JSON.stringify(parts)).digest('base64url');
  }
}

/** Follows the chain over lines that come in order, and notes where it breaks. */
export class Walk {
  readonly problems: string[] = [];
  lines = 0;
  seq: number;
  /** What the code before the next line may be: as it stands there and, where that was changed, as it should be. Empty: unknown. */
  private before: string[];
  private coded = false;

  constructor(
    private readonly chain: Chain,
    { startSeq, startCode }: Pick<Ends, 'startSeq' | 'startCode'>,
  ) {
    this.seq = startSeq;
    this.before = [startCode];
  }

  get code(): string {
    return this.before[0] ?? '';
  }

  step(line: Access): void {
    this.lines++;
    if (!this.missingUntil(line.seq)) this.before = [];
    const codes = this.before.map((before) => this.chain.codeOf(before, line));
    // Only the lines from before the chain, which all come first, have no code.
    const fits = line.code === null ? !this.coded : codes.length === 0 || codes.includes(line.code);
    const afterOlder = line.code !== null && !this.coded && this.lines > 1;
    if (!fits) this.problems.push(`line ${line.seq}${afterOlder ? OR_OLDER : ''} was changed`);
    if (line.code === null) this.before = fits ? codes : [];
    else this.before = fits ? [line.code] : [line.code, ...codes];
    this.coded ||= line.code !== null;
    this.seq = line.seq;
  }

  /** @returns whether `seq` is the next line */
  missingUntil(seq: number): boolean {
    const [first, last] = [this.seq + 1, seq - 1];
    if (first > last) return true;
    this.problems.push(first === last ? `line ${first} is missing` : `lines ${first} to ${last} are missing`);
    return false;
  }
}

/** Lines of the log by their number, oldest first. */
export const linesOf = (manager: EntityManager, until = Number.MAX_SAFE_INTEGER): AsyncGenerator<Access> =>
  rowsOf(manager.createQueryBuilder(Access, 'line').where('line.seq <= :until', { until }), 'seq');

/**
 * Looks for lines of the access log that were changed or taken away, while the apps go on writing.
 *
 * @param expected what an app logged earlier, or an earlier finding: that line must still be there with that code
 */
export function findProblems(dataSource: DataSource, vault: Vault, expected?: Mark): Promise<Finding> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    const ends = await manager.findOneBy(AccessEnds, { id: 1 });
    if (!ends) return withoutEnds(manager);
    const chain = await Chain.open(vault, ends);
    const walk = new Walk(chain, ends);
    if (chain.proofOf(ends) !== ends.proof)
      walk.problems.push('the record of where the log begins and ends was changed');
    let seen = expected === undefined || expected.seq <= ends.startSeq;
    for await (const line of linesOf(manager)) {
      if (line.seq > ends.endSeq || line.seq <= ends.startSeq) {
        walk.problems.push(`line ${line.seq} was added by hand`);
        continue;
      }
      walk.step(line);
      if (line.seq === expected?.seq) seen = walk.code === expected.code;
    }
    walk.missingUntil(ends.endSeq + 1);
    if (walk.seq === ends.endSeq && walk.problems.length === 0 && walk.code !== ends.endCode) {
      walk.problems.push(`line ${walk.seq}${OR_OLDER} was changed`);
    }
    if (!seen)
      walk.problems.push(`line ${expected?.seq ?? 0} is not the one that was noted: an older state was put back`);
    return { lines: walk.lines, end: { seq: ends.endSeq, code: ends.endCode }, problems: walk.problems };
  });
}

const NO_APP_STARTED = 'no app that shows personal data (profile, location, image, sync) has started';

/** Apps that show personal data make the ends as they start, so without them nothing that is there, or is not, proves anything. */
async function withoutEnds(manager: EntityManager): Promise<Finding> {
  const problems = [`the log has no record of where it begins and ends: ${NO_APP_STARTED}, or it was taken away`];
  return { lines: await manager.count(Access), end: { seq: 0, code: '' }, problems };
}
