import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { GoneException, Injectable, Logger, NotFoundException } from '@nestjs/common';
import { Vault } from '@biz/platform';
import { AccessLog } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileStore } from '../store/file-store';
import { opening } from '../store/sealed-stream';
import { Capture } from '../records/capture.entity';
import { CapturedFile, FILE_KEY_CONTEXT } from '../records/captured-file.entity';

export interface OpenedFile {
  content: Readable;
  size: number;
  type: string;
}

/** Images that are held, decrypted as they flow; every look is in the access log before the first byte. */
@Injectable()
export class StoredFiles {
  private readonly logger = new Logger(StoredFiles.name);

  constructor(
    private readonly vault: Vault,
    private readonly store: FileStore,
    private readonly accesses: AccessLog,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * @param captureId when the caller names it too, as operators do
   * @throws GoneException when the file was erased, and no capture is named
   * @throws NotFoundException when there is no such file, or it is not held
   */
  async open(fileId: string, reason: AccessReason, captureId?: string): Promise<OpenedFile> {
    const { storeKey, sealedKey, size, type } = await this.dataSource.transaction(async (manager) => {
      const file = await this.find(manager, fileId, captureId);
      const { merchant, id: subject } = await manager.findOneByOrFail(Capture, { id: file.captureId });
      await this.accesses.record(manager, { ...reason, merchant, subject, what: 'file', part: fileId });
      return file;
    });
    if (storeKey === null || sealedKey === null || size === null || type === null) throw new NotFoundException();
    const key = Buffer.from(await this.vault.open(sealedKey, FILE_KEY_CONTEXT), 'base64');
    const sealed = await this.store.read(storeKey);
    if (!sealed) {
      // Erased since.
      await this.find(this.dataSource.manager, fileId, captureId);
      throw new Error(`the stored file ${fileId} is not in the store`);
    }
    const content = pipeline(sealed, opening(key, fileId), (error) => {
      if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE')
        this.logger.error({ fileId, error }, 'stored file unreadable');
    });
    return { content, size, type };
  }

  private async find(manager: EntityManager, id: string, captureId: string | undefined): Promise<CapturedFile> {
    const file = await manager.findOneBy(CapturedFile, { id, ...(captureId !== undefined && { captureId }) });
    if (file?.state === 'erased' && captureId === undefined) throw new GoneException('파기된 파일입니다.');
    if (file?.state !== 'stored') throw new NotFoundException();
    return file;
  }
}
