import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from '@biz/testing';

const CADDYFILE = join(__dirname, '../../deploy/Caddyfile');

/** The Caddy of this machine: `.ci/install-caddy` puts Debian's there. */
export const caddyVersion = (): string | undefined => {
  const { status, stdout } = spawnSync('caddy', ['version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** The shipped gateway with its own rules; only ports and addresses of apps are a test's. */
export class Gateway {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    /** Of `http://gateway`, for containers. */
    readonly plainPort: number,
    /** Of `https://localhost`. */
    readonly tlsPort: number,
  ) {}

  /** @param env as docker-compose.yml passes it, and where the apps are: `PAYMENT_UPSTREAM` */
  static async start(env: Record<string, string>): Promise<Gateway> {
    const [plain = 0, tls = 0, admin = 0] = await freePorts(3);
    const folder = mkdtempSync(join(tmpdir(), 'biz-gateway-'));
    const process = spawn('caddy', ['run', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
      env: {
        ...{ PATH: globalThis.process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
        CADDY_ADMIN: `127.0.0.1:${admin}`,
        GATEWAY_PLAIN_PORT: String(plain),
        GATEWAY_TLS_PORT: String(tls),
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log: string[] = [];
    await new Promise<void>((resolve, reject) => {
      process.once('exit', () => {
        reject(new Error(`Caddy ended:\n${log.join('\n')}`));
      });
      // The pipe is read to its end, or Caddy would block on it.
      createInterface({ input: process.stderr }).on('line', (line) => {
        log.push(line);
        if (line.includes('certificate obtained successfully')) resolve();
      });
    });
    return new Gateway(process, folder, plain, tls);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
