import {
  Controller,
  Get,
  GoneException,
  Header,
  Ip,
  NotFoundException,
  Param,
  Query,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiGoneResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { FileLinks } from './file-links';
import { StoredFiles } from './stored-files';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the `href` of an image leads to: no token, the link itself is the permission. */
@ApiTags('Shop')
@Controller('files')
export class LinksController {
  constructor(
    private readonly links: FileLinks,
    private readonly files: StoredFiles,
  ) {}

  @Get(':fileId')
  @ApiOperation({
    summary: 'An image, by the link that the shop was sent',
    description: 'Streamed and decrypted; every look is written to the access log (접속기록) first.',
  })
  @ApiParam({ name: 'fileId', description: 'Id of the file' })
  @ApiQuery({ name: 'expires', description: 'When the link stops working, in seconds since 1970' })
  @ApiQuery({ name: 'signature', description: 'Made by us' })
  @ApiProduces('image/*')
  @ApiOkResponse({ description: 'The image', schema: { type: 'string', format: 'binary' } })
  @ApiNotFoundResponse({ description: 'Not a link of ours, or the file is not held' })
  @ApiGoneResponse({ description: 'The link is too old, or the image was erased' })
  @Header('Cache-Control', 'no-store')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Content-Security-Policy', "default-src 'none'; sandbox")
  async file(
    @Param('fileId') fileId: string,
    @Query('expires') expires: unknown,
    @Query('signature') signature: unknown,
    @Ip() caller: string,
  ): Promise<StreamableFile> {
    if (!UUID.test(fileId) || typeof expires !== 'string' || typeof signature !== 'string')
      throw new NotFoundException();
    const verdict = this.links.judge(fileId, expires, signature);
    if (verdict === 'forged') throw new NotFoundException();
    if (verdict === 'expired') throw new GoneException('링크의 유효 기간이 지났습니다.');
    const { content, size, type } = await this.files.open(fileId, { reason: 'opened by a signed link', caller });
    return new StreamableFile(content, { type, length: size });
  }
}
