import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AddressGate, provideConfig, RuntimeConfig } from '@biz/platform';
import { AccessLogModule, LocationFactsModule } from '@biz/privacy';
import { OtpClient } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { BucketStore } from './files/bucket-store';
import { FileStore, FolderStore } from './files/file-store';
import { FileFetcher } from './files/file-fetcher';
import { ImageCollection } from './files/image-collection';
import { ImageDownload } from './files/image-download';
import { ImageConfig } from './files/image-store.config';
import { Arrivals } from './intake/arrivals';
import { Erasure } from './intake/erasure';
import { Inbox } from './intake/inbox';
import { LocationRecord } from './intake/location-record';
import { RedeemConfig } from './intake/redeem.config';
import { Redemption } from './intake/redemption';
import { CAPTURE_KIND } from './intake/work';
import { FileLinks } from './links/file-links';
import { LinksController } from './links/links.controller';
import { StoredFiles } from './links/stored-files';
import { CaptureRecords } from './operator/capture-records';
import { CaptureFilesController, CapturesController } from './operator/captures.controller';
import { CapturedFiles } from './records/captured-files';
import { Captures } from './records/captures';
import { ImageCircuit, OtpCircuit } from './schedule/circuits';
import { Redeemer } from './schedule/redeemer';
import { RetryTimes } from './schedule/retry-times';
import { SkillController } from './skill/skill.controller';

const fileStore = {
  provide: FileStore,
  inject: [ImageConfig, RuntimeConfig, AddressGate],
  useFactory: ({ store }: ImageConfig, { dataDir }: RuntimeConfig, gate: AddressGate) =>
    store.startsWith('s3://') ? new BucketStore(store, dataDir, gate) : new FolderStore(store),
};

/** What the three callback apps share: inbox, redeeming, erasing, and the operator API over them. */
@Module({})
export class CaptureModule {
  static for(kind: OtpKind): DynamicModule {
    const images = kind === 'image';
    return {
      module: CaptureModule,
      imports: [AccessLogModule, ...(kind === 'location' ? [LocationFactsModule] : [])],
      controllers: [SkillController, CapturesController, ...(images ? [CaptureFilesController, LinksController] : [])],
      providers: [
        { provide: CAPTURE_KIND, useValue: kind },
        OtpClient,
        LocationRecord,
        Captures,
        CapturedFiles,
        Inbox,
        provideConfig(RedeemConfig),
        OtpCircuit,
        RetryTimes,
        Arrivals,
        Redemption,
        Redeemer,
        Erasure,
        CaptureRecords,
        ...(images
          ? [
              provideConfig(ImageConfig),
              fileStore,
              ImageDownload,
              ImageCircuit,
              FileFetcher,
              ImageCollection,
              FileLinks,
              StoredFiles,
            ]
          : []),
      ],
      exports: [Inbox],
    };
  }
}
