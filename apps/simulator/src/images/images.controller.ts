import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Faults } from '../faults/faults';
import { Played } from '../wire/played';
import { WireAnswer } from '../wire/wire-answer';
import { picture } from './picture';
import { SignedImages } from './signed-images';

const ENDLESS_BYTES = 64 * 1_048_576;
const PIECE = 64 * 1_024;

@ApiTags('k.kakaocdn.net: images')
@Controller('dna')
export class ImagesController {
  constructor(
    private readonly images: SignedImages,
    private readonly faults: Faults,
  ) {}

  /** Downloads one signed image (보안 이미지). */
  @Get(':asset/:part/:owner/:file')
  @Played('image', 'cdn', '이미지 내려받기 (download)')
  @ApiOperation({
    description: 'Bytes of a real JPEG or PNG of the ordered size. The URL comes from a secure-image OTP.',
  })
  @ApiParam({ name: 'asset', description: 'The picture' })
  @ApiParam({ name: 'part', description: 'Any text' })
  @ApiParam({ name: 'owner', description: 'Any text' })
  @ApiParam({
    name: 'file',
    description: 'Original, or resized to 1 or 3 MB',
    enum: ['img.jpg', 'img_1m.jpg', 'img_3m.jpg', 'img.png', 'img_1m.png', 'img_3m.png'],
  })
  @ApiQuery({ name: 'expires', description: 'Milliseconds since 1970; 403 from then on' })
  @ApiQuery({ name: 'signature', description: 'Keyed hash of path and expiry' })
  @ApiProduces('image/jpeg', 'image/png')
  @ApiResponse({ status: 200, description: 'The image' })
  @ApiResponse({ status: 403, description: 'Expired or changed URL' })
  @ApiResponse({ status: 404, description: 'No such image' })
  download(
    @Param('asset') id: string,
    @Param('file') file: string,
    @Query() query: Record<string, string>,
    @Req() request: FastifyRequest,
  ): StreamableFile {
    const refusal = this.images.refusal(new URL(request.url, 'http://image').pathname, query);
    if (refusal) throw new WireAnswer(403, { code: 403, msg: refusal });
    const asset = this.images.find(id);
    const stem = (['img', 'img_1m', 'img_3m'] as const).find((each) => file.startsWith(`${each}.`));
    if (!asset || !stem) throw new WireAnswer(404, { code: 404, msg: 'NotFound' });
    const fault = this.faults.take('image', [id], ['cut', 'wrong-type', 'too-large'])?.kind;
    if (fault === 'wrong-type') {
      return new StreamableFile(Buffer.from('<html>not an image</html>'), { type: 'text/html' });
    }
    if (fault === 'too-large') return new StreamableFile(endless(), { type: 'image/jpeg' });
    const bytes = picture(asset.format, asset.bytes[stem], asset.seed);
    const headers = { type: `image/${asset.format}`, length: bytes.length };
    if (fault === 'cut') return new StreamableFile(cutInTheMiddle(bytes), headers);
    asset.downloads[stem] = (asset.downloads[stem] ?? 0) + 1;
    return new StreamableFile(bytes, headers);
  }
}

/** The first half, then the connection breaks. */
function cutInTheMiddle(bytes: Buffer): Readable {
  const half = bytes.subarray(0, bytes.length >> 1);
  let sent = false;
  return new Readable({
    read(this: Readable) {
      if (!sent) {
        sent = true;
        this.push(half);
      } else setTimeout(() => this.destroy(new Error('cut')), 20);
    },
  });
}

function endless(): Readable {
  let left = ENDLESS_BYTES;
  return new Readable({
    read(this: Readable) {
      left -= PIECE;
      this.push(left > 0 ? Buffer.alloc(PIECE, 0xff) : null);
    },
  });
}
