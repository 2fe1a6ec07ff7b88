import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AddressGate, provideConfig, RuntimeConfig } from '@biz/platform';
import { AccessLogModule, LocationFactsModule } from '@biz/privacy';
import { OtpClient } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { BucketStore } from './store/bucket-store';
import { FileStore, FolderStore } from './store/file-store';
import { FileClaims } from './files/file-claims';
import { FileFetcher } from './files/file-fetcher';
import { ImageCollection } from './files/image-collection';
import { ImageDownload } from './files/image-download';
import { Stopwatch } from './files/stopwatch';
import { ImageQuota } from './files/image-quota';
import { ImageConfig } from './store/image-store.config';
import { Arrivals } from './schedule/arrivals';
import { Erasure } from './retention/erasure';
import { Inbox } from './intake/inbox';
import { LocationRecord } from './records/location-record';
import { RedeemConfig } from './redeem/redeem.config';
import { CaptureClaims } from './redeem/capture-claims';
import { Redemption } from './redeem/redemption';
import { CAPTURE_KIND } from './records/capture-kind';
import { FileLinks } from './links/file-links';
import { LinksController } from './links/links.controller';
import { StoredFiles } from './links/stored-files';
import { CaptureRecords } from './operator/capture-records';
import { CaptureFilesController, CapturesController } from './operator/captures.controller';
import { CapturedFiles } from './records/captured-files';
import { Captures } from './records/captures';
import { ImageCircuit, OtpCircuit } from './schedule/circuits';
import { Redeemer } from './redeem/redeemer';
import { RetryTimes } from './schedule/retry-times';
import { SkillController } from './skill/skill.controller';
import { UnreadResults } from './skill/unread-results';

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
        UnreadResults,
        provideConfig(RedeemConfig),
        OtpCircuit,
        RetryTimes,
        Arrivals,
        Redemption,
        CaptureClaims,
        Redeemer,
        Erasure,
        CaptureRecords,
        ...(images
          ? [
              provideConfig(ImageConfig),
              fileStore,
              Stopwatch,
              ImageDownload,
              ImageQuota,
              ImageCircuit,
              FileClaims,
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
