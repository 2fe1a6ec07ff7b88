import {
  BadRequestException,
  Delete,
  Get,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiParam,
} from '@nestjs/swagger';
import { OperatorController } from '@biz/platform';
import type { Page } from '@biz/platform';
import { ApiReason, Reason } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { StoredFiles } from '../links/stored-files';
import { CaptureRecords } from './capture-records';
import { CaptureDetailsDto, CaptureDto, CapturePage, CapturesQuery, FileLinksDto } from './captures.dto';

@OperatorController('captures')
export class CapturesController {
  constructor(private readonly records: CaptureRecords) {}

  @Get()
  @ApiOperation({ summary: 'What customers handed over, newest first', description: 'Facts only, no personal data.' })
  @ApiOkResponse({ type: CapturePage })
  list(@Query() query: CapturesQuery): Promise<Page<CaptureDto>> {
    return this.records.list(query);
  }

  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the capture' })
  @ApiOperation({
    summary: 'One capture, its files, and with a reason its personal data',
    description: 'Without `X-Access-Reason` the facts alone. With it the look is written to an append-only log first.',
  })
  @ApiReason({ required: false })
  @ApiOkResponse({ type: CaptureDetailsDto })
  @ApiNotFoundResponse({ description: 'No such capture' })
  details(
    @Param('id', ParseUUIDPipe) id: string,
    @Reason() reason: AccessReason | undefined,
  ): Promise<CaptureDetailsDto> {
    return this.records.details(id, reason);
  }

  @Post(':id/retry')
  @ApiParam({ name: 'id', description: 'Id of the capture' })
  @HttpCode(200)
  @ApiOperation({
    summary: 'Try again what ended without data',
    description:
      'An answer, or a payload of a chat bot, that is kept is read again; without one Kakao is asked again for ten minutes; missing images are fetched again.',
  })
  @ApiOkResponse({ type: CaptureDto })
  @ApiNotFoundResponse({ description: 'No such capture' })
  @ApiConflictResponse({ description: 'Nothing is missing, or what a chat bot sent is still not understood' })
  retry(@Param('id', ParseUUIDPipe) id: string): Promise<CaptureDto> {
    return this.records.retry(id);
  }

  @Delete(':id')
  @ApiParam({ name: 'id', description: 'Id of the capture' })
  @ApiOperation({
    summary: 'Erase the personal data (파기)',
    description: 'The fact that it was captured stays. Repeating it changes nothing.',
  })
  @ApiOkResponse({ type: CaptureDto })
  @ApiNotFoundResponse({ description: 'No such capture' })
  erase(@Param('id', ParseUUIDPipe) id: string): Promise<CaptureDto> {
    return this.records.erase(id);
  }
}

/** Only the image app has files. */
@OperatorController('captures')
export class CaptureFilesController {
  constructor(
    private readonly records: CaptureRecords,
    private readonly files: StoredFiles,
  ) {}

  @Get(':id/files/:fileId')
  @ApiParam({ name: 'id', description: 'Id of the capture' })
  @ApiParam({ name: 'fileId', description: 'Id of the file, from the capture' })
  @ApiOperation({ summary: 'An image, decrypted', description: 'Every look is written to an append-only log first.' })
  @ApiReason({ required: true })
  @ApiProduces('image/*')
  @ApiOkResponse({ description: 'The image', schema: { type: 'string', format: 'binary' } })
  @ApiNotFoundResponse({ description: 'No such capture, no such file, or it is not held' })
  async file(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('fileId', ParseUUIDPipe) fileId: string,
    @Reason() reason: AccessReason | undefined,
  ): Promise<StreamableFile> {
    if (!reason) throw new BadRequestException('Personal data needs the header X-Access-Reason');
    const { content, size, type } = await this.files.open(fileId, reason, id);
    return new StreamableFile(content, { type, length: size });
  }

  @Post(':id/links')
  @HttpCode(200)
  @ApiParam({ name: 'id', description: 'Id of the capture' })
  @ApiOperation({
    summary: 'New links to the images that are held',
    description: 'As `image.received` carries them, for a shop whose links are too old. Written to the access log.',
  })
  @ApiReason({ required: true })
  @ApiOkResponse({ type: FileLinksDto })
  @ApiNotFoundResponse({ description: 'No such capture, or no image is held' })
  async links(
    @Param('id', ParseUUIDPipe) id: string,
    @Reason() reason: AccessReason | undefined,
  ): Promise<FileLinksDto> {
    if (!reason) throw new BadRequestException('Personal data needs the header X-Access-Reason');
    return { items: await this.records.newLinks(id, reason) };
  }
}
