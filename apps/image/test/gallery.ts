import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StubHandler } from '@biz/testing';
import { Stopwatch } from '@biz/capture';
import { Stage } from '../../../libs/capture/test/stage';
import { imageApp } from '../src/image.module';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');

export const jpeg = (bytes: number): Buffer => Buffer.concat([JPEG, randomBytes(bytes - JPEG.length)]);

/** What a shop is sent about each file. */
export interface FileFacts {
  id: string;
  picture: number;
  variant: string;
  state: string;
  size?: number;
  type?: string;
  sha256?: string;
  href?: string;
  failure?: string;
}

/** The image app on its stage, with a folder of its own for what it holds. */
export class Gallery {
  private pictures = 0;

  private constructor(
    readonly stage: Stage,
    readonly store: string,
  ) {}

  /** No picture is slow, and none is given up: neither one that waits for the test nor one of a busy machine. */
  static async open(env: Record<string, string> = {}): Promise<Gallery> {
    const gallery = await Gallery.inRealTime(env);
    gallery.holdStopwatch();
    return gallery;
  }

  /** What a picture brings is measured, and one that brings too little is given up. */
  static async inRealTime(env: Record<string, string>): Promise<Gallery> {
    const store = await mkdtemp(join(tmpdir(), 'biz-images-'));
    return new Gallery(await Stage.open(imageApp, { IMAGE_STORE: store, ...env }), store);
  }

  /** One more instance, which is the stage's from now on. */
  async startInstance(): Promise<void> {
    await this.stage.start();
    this.holdStopwatch();
  }

  private holdStopwatch(): void {
    this.stage.app.get(Stopwatch).now = () => 0;
  }

  async close(): Promise<void> {
    await this.stage.close();
    await rm(this.store, { recursive: true, force: true });
  }

  /** An address on Kakao's image server that answers in this way. */
  image(handler: StubHandler): string {
    const path = `/dna/secret${++this.pictures}/img.jpg`;
    this.stage.kakao.on(`GET ${path}`, handler);
    return `${this.stage.kakao.url}${path}?credential=abc&signature=s%3D`;
  }

  /** An OTP address that answers with these addresses of pictures. */
  offer(urls: Record<string, string>[], expire = '2026-11-23T03:10:00Z'): string {
    return this.stage.otp('secure_image', () => ({ json: { secure_urls: urls, expire } }));
  }

  filesOnDisk(id: string): Promise<string[]> {
    return readdir(join(this.store, id)).catch(() => []);
  }

  filesOf(relayId: string): FileFacts[] {
    return this.stage.events(relayId).at(-1)?.data.files as FileFacts[];
  }

  looksAt(id: string): Promise<{ what: string; part: string | null; reason: string; caller: string }[]> {
    return this.stage.database.query(
      'SELECT what, part, reason, caller FROM privacy.accesses WHERE subject = $1 ORDER BY seq',
      [id],
    );
  }
}
