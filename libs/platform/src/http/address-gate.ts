import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BlockList, isIP, Socket } from 'node:net';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { connectThrough } from '../line/line-proxy';

/** Where an address leads: to the internet, into a network of ours, or nowhere a server of anybody's may stand. */
export type Place = 'public' | 'near' | 'nowhere';

const listOf = (...ranges: string[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
};

/** Loopback, private (RFC 1918), shared by a carrier (RFC 6598), unique local (RFC 4193). */
const NEAR = listOf(
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
);

/** The rest of IANA's special-purpose registries, and the addresses at which clouds hand out credentials. */
const NOWHERE = listOf(
  '0.0.0.0/8', // "this network": reaches the machine itself
  '169.254.0.0/16', // link-local, metadata of most clouds
  '168.63.129.16/32', // Azure
  '100.100.100.200/32', // Alibaba Cloud
  'fd00:ec2::/32', // AWS: instances, Pod Identity of EKS, and what else it keeps there
  'fd20:ce::254/128', // Google Cloud
  'fd00:c1::a9fe:0/112', // Oracle Cloud: 169.254.0.0/16 in IPv6
  'fd00:42::42/128', // Scaleway
  '192.0.0.0/24', // IETF protocols, metadata of Oracle Cloud
  '192.0.2.0/24', // documentation
  '198.51.100.0/24',
  '203.0.113.0/24',
  '192.88.99.0/24', // 6to4 relays
  '198.18.0.0/15', // benchmarks
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '2001::/23', // IETF protocols, Teredo, ORCHID
  '2001:db8::/32', // documentation
  '3fff::/20',
  '2002::/16', // 6to4
);

/** IPv6 outside of this is link-local, multicast, IPv4 in another dress, or not given out. */
const GLOBAL_IPV6 = listOf('2000::/3');
const NAT64 = listOf('64:ff9b::/96');

export function placeOf(address: string): Place {
  const version = isIP(address);
  // A zone (`fe80::1%eth0`) is of link-local addresses only.
  if (version === 0 || address.includes('%')) return 'nowhere';
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (NOWHERE.check(address, family)) return 'nowhere';
  if (NEAR.check(address, family)) return 'near';
  if (version === 4) return 'public';
  if (NAT64.check(address, 'ipv6')) return placeOf(lastFourBytes(address)) === 'public' ? 'public' : 'nowhere';
  return GLOBAL_IPV6.check(address, 'ipv6') ? 'public' : 'nowhere';
}

/** The IPv4 address that a network with NAT64 reaches by this one. */
function lastFourBytes(address: string): string {
  const [high = '', low = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const bytes = [high, low].map((group) => Number.parseInt(group || '0', 16));
  return bytes.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
}

/** The name of the other side led to addresses that may not be called. No byte left. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'ADDRESS_REFUSED';
}

export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The proxy of a dedicated line, and the origins that are called through it: they are named, so their names need no judging. */
export interface Line {
  proxy: URL;
  origins: ReadonlySet<string>;
}

/**
 * Lets a connection go to public addresses only, to `near` ones when its origin is one of ours.
 *
 * What is judged is what is dialled: the addresses of one lookup go from the resolver through here to the socket, and
 * no name is looked up a second time, so a name that changes its mind in between (DNS rebinding) gains nothing.
 */
export class AddressGate {
  /** @param isNear whether an origin, such as `http://simulator:3000`, may stand in a network of ours */
  constructor(
    private readonly isNear: (origin: string) => boolean,
    private readonly resolve: Resolve = systemLookup,
    private readonly line?: Line,
  ) {}

  /** What an undici `Agent` connects by. */
  connector(options: { timeout: number }): buildConnector.connector {
    // What is bounded is HTTP/1.1: headers, bodies and connections of HTTP/2 have bounds of their own.
    const bounded = { ...options, allowH2: false };
    const far = buildConnector({ ...bounded, lookup: this.lookup(false) });
    const near = buildConnector({ ...bounded, lookup: this.lookup(true) });
    const tunnelled = buildConnector(bounded);
    return (target, done) => {
      const origin = `${target.protocol}//${target.host ?? target.hostname}`;
      if (this.line?.origins.has(new URL(origin).origin)) {
        connectThrough(this.line.proxy, target, options.timeout, (error, socket) => {
          if (!socket) done(error ?? new AddressRefused(), null);
          else if (target.protocol === 'https:') tunnelled({ ...target, httpSocket: socket }, done);
          else done(null, socket);
        });
        return;
      }
      const isNear = this.isNear(origin);
      // An address in the URL itself is never looked up.
      if (isIP(target.hostname) !== 0 && !admits(target.hostname, isNear)) done(new AddressRefused(), null);
      else (isNear ? near : far)(target, done);
    };
  }

  /**
   * The same for libraries that call by Node's own `http` and `https`.
   *
   * @param named an origin that the operator configured for this one use, and so may be near
   */
  agents(named?: string): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
    const isNear = (origin: string): boolean => origin === named || this.isNear(origin);
    const agents = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };
    this.guard(agents.httpAgent, 'http:', isNear);
    this.guard(agents.httpsAgent, 'https:', isNear);
    return agents;
  }

  private guard(agent: HttpAgent, protocol: string, isNear: (origin: string) => boolean): void {
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (options, done) => {
      const host = options.host ?? '';
      const address = isIP(host) === 6 ? `[${host}]` : host;
      const near = isNear(new URL(`${protocol}//${address}:${options.port ?? ''}`).origin);
      // An address in the URL itself is never looked up.
      if (isIP(host) === 0 || admits(host, near)) return connect({ ...options, lookup: this.lookup(near) }, done);
      const refused = new Socket();
      process.nextTick(() => refused.destroy(new AddressRefused()));
      return refused;
    };
  }

  private lookup(isNear: boolean): LookupFunction {
    return (hostname, options, answer) => {
      this.resolve(hostname, { ...options, all: true }, (error, found) => {
        const addresses = error ? [] : found.filter(({ address }) => admits(address, isNear));
        const [first] = addresses;
        if (!first) answer(error ?? new AddressRefused(), '');
        else if (options.all) answer(null, addresses);
        else answer(null, first.address, first.family);
      });
    };
  }
}

function admits(address: string, isNear: boolean): boolean {
  const place = placeOf(address);
  return place === 'public' || (isNear && place === 'near');
}
