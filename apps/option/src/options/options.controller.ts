import { OptionsAnswer, OptionSelection, OptionSelectionAnswer, OptionsQuery } from '@biz/kakao-dto';
import { AppUserId, CurrentMerchant, CurrentRegistration, Goods, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant, PluginRegistration } from '@biz/merchant';
import { ok } from '@biz/platform';
import {
  applyDecorators,
  BadRequestException,
  Body,
  Get,
  Header,
  Headers,
  HttpCode,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import guideT2 from '../selections/guide-t2-sample.json';
import { isOfType, Selections, unknownProduct } from '../selections/selections';
import { selectionOf } from '../selections/sent-selection';
import { compressed } from './compressed';
import guideT1 from './guide-t1-sample.json';
import { optionsAnswer } from './options-answer';

const USER_HEADER = {
  name: 'X-Kakao-AppUserId',
  required: false,
  description: '3자 동의된 사용자의 app user id 값; absent without consent (3자 동의 없으면 전달 안됨)',
};
const RELAY_HEADER = {
  name: 'X-Kakao-Plugin-Relay-Id',
  required: false,
  description: '서비스가 정의한 용도로 사용하는 ID; relay_id in query or body means the same, the header wins',
};
const T2_ANSWER = { status: 200, data: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' };
/** Longer texts are no app user id of Kakao's. */
const MAX_USER_ID = 100;

/** What T1 answers, and how it is sent. */
const OptionsRoute = (): MethodDecorator =>
  applyDecorators(
    ApiOkResponse({ type: OptionsAnswer, description: '200 옵션 정보, or 500 with a message', example: guideT1 }),
    ApiBadRequestResponse({ description: '`id` is missing (요청 형식 오류)' }),
    Header('content-type', 'application/json; charset=utf-8'),
    Header('vary', 'accept-encoding'),
  );

/** What T2 takes and answers. */
const SelectionRoute = (): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    ApiBody({ type: OptionSelection, examples: { guide: { summary: "The guide's sample (5.2)", value: guideT2 } } }),
    ApiOkResponse({
      type: OptionSelectionAnswer,
      description: '200 임시 주문 ID, or 500 with a message',
      example: T2_ANSWER,
    }),
    ApiBadRequestResponse({
      description: 'The body does not have the form of the guide (요청 형식 오류)',
    }),
  );

/** An address of one of several plugins. */
const OfPlugin = (summary: string, as: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary,
      description: `As \`${as}\`, for the plugin whose key is the last segment of the address registered at Kakao: products of its 옵션타입 only.`,
    }),
    ApiParam({ name: 'plugin', description: 'Key of the plugin in the registrations of the merchant’s definition' }),
    ApiNotFoundResponse({ description: 'No such merchant or plugin' }),
  );

@KakaoController()
@ApiHeader(USER_HEADER)
@ApiHeader(RELAY_HEADER)
export class OptionsController {
  constructor(
    private readonly goods: Goods,
    private readonly selections: Selections,
  ) {}

  @Get('options')
  @ApiOperation({
    summary: 'T1. 옵션조회: what can be chosen of a product',
    description:
      '상품명, 상품기본가격, 옵션 선택 목록을 전달한다 (guide 5.2). `stock` is what is left now: on hand less what is reserved. ' +
      'An unknown product is `status` 500 with a message, since the guide names no other code.',
  })
  @OptionsRoute()
  async options(
    @CurrentMerchant() merchant: Merchant,
    @RelayId() _relayId: string | undefined,
    @CurrentRegistration('option') registration: PluginRegistration | undefined,
    @Query() { id }: OptionsQuery,
    @Headers('accept-encoding') accepted: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const offer = await this.goods.find(merchant, id);
    if (offer === undefined || !isOfType(offer, registration?.option)) throw unknownProduct();
    const answer = optionsAnswer(offer);
    const small = await compressed(answer, accepted);
    if (small === undefined) return answer;
    void reply.header('content-encoding', 'gzip');
    return small;
  }

  @Post('option')
  @ApiOperation({
    summary: 'T2. 옵션선택: what the customer chose',
    description:
      '사용자가 선택한 옵션&수량 정보를 전달한다 (guide 5.2). Checked against the product as it is now and priced: ' +
      '`price × quantity + Σ add_price × option quantity`. On success `data` is the temporary order id (임시 주문 ID); ' +
      'the same selection of the same user and relay id answers the same id while it is open. ' +
      'A selection that cannot be ordered is `status` 500 with a message, and nothing is stored.',
  })
  @SelectionRoute()
  async select(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() appUserId: string | undefined,
    @RelayId('begun') relayId: string | undefined,
    @CurrentRegistration('option') registration: PluginRegistration | undefined,
    @Body() selection: OptionSelection,
  ): Promise<OptionSelectionAnswer> {
    if (appUserId !== undefined && appUserId.length > MAX_USER_ID) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (X-Kakao-AppUserId)');
    }
    const customer = { appUserId, relayId, type: registration?.option };
    return ok(await this.selections.accept(merchant, selectionOf(selection), customer));
  }

  @Get('options/:plugin')
  @OfPlugin('T1 of one of several plugins', '/options')
  @OptionsRoute()
  optionsOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @RelayId() relayId: string | undefined,
    @CurrentRegistration('option') registration: PluginRegistration | undefined,
    @Query() query: OptionsQuery,
    @Headers('accept-encoding') accepted: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.options(merchant, relayId, registration, query, accepted, reply);
  }

  @Post('option/:plugin')
  @OfPlugin('T2 of one of several plugins', '/option')
  @SelectionRoute()
  selectOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() appUserId: string | undefined,
    @RelayId('begun') relayId: string | undefined,
    @CurrentRegistration('option') registration: PluginRegistration | undefined,
    @Body() selection: OptionSelection,
  ): Promise<OptionSelectionAnswer> {
    return this.select(merchant, appUserId, relayId, registration, selection);
  }
}
