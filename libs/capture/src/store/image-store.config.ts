import { join } from 'node:path';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { Variable } from '@biz/platform';
import type { CheckedConfig, Environment } from '@biz/platform';

/** Where images are kept and how many bytes of them are taken. */
export class ImageConfig implements CheckedConfig {
  @Variable('IMAGE_STORE', { about: 'where images are kept: a folder, or s3://bucket/prefix' })
  @IsOptional()
  @Matches(/^(?!\w+:\/\/)|^s3:\/\/[a-z0-9][a-z0-9.-]+[a-z0-9](\/|$)/, {
    message:
      'must be a folder or s3://bucket/prefix; the name of a bucket has lower-case letters, digits, dots and hyphens, and no "_"',
  })
  store: string;

  @Variable('IMAGE_MAX_BYTES', { about: 'largest image file that is taken' })
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  maxBytes: number = 50 * 1024 * 1024;

  @Variable('IMAGE_PARALLEL_DOWNLOADS', { about: 'files of one customer that are fetched at once' })
  @IsInt()
  @Min(1)
  @Max(30)
  parallelPerCustomer: number = 6;

  @Variable('IMAGE_PARALLEL_TOTAL', { about: 'files of all customers that one instance fetches at once' })
  @IsInt()
  @Min(1)
  @Max(500)
  parallelTotal: number = 8;

  @Variable('IMAGE_LINK_SECONDS', { about: 'how long a link to an image works that is sent to the shop' })
  @IsInt()
  @Min(1)
  @Max(86_400)
  linkSeconds: number = 900;

  problems(env: Environment): string[] {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- unset until here: the default depends on DATA_DIR
    this.store ??= join(env.DATA_DIR ?? '.data', 'images');
    return [];
  }
}
