import {
  Body,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  UnprocessableEntityException,
} from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiResponse } from '@nestjs/swagger';
import { Addresses, OperatorController, Outbound } from '@biz/platform';
import { applicationForms } from '../application/application-form';
import { checklist } from '../application/checklist';
import { Checklist } from '../application/checklist.dto';
import { launchOf, LaunchRefused } from '../launch/launch';
import { Launch, LaunchOrder } from '../launch/launch.dto';
import type { Merchant } from './merchant';
import { Merchants } from './merchants';
import { FormDto, FormQuery, MerchantDto, MerchantList, PluginDto } from './merchants.dto';

const MERCHANT = { name: 'id', description: 'Id of the merchant' };

@OperatorController('merchants')
export class MerchantsController {
  constructor(
    private readonly merchants: Merchants,
    private readonly addresses: Addresses,
    private readonly outbound: Outbound,
  ) {}

  /** The merchants of this deployment; which are test apps and which are live (guide 0.7). */
  @Get()
  @ApiOkResponse({ type: MerchantList })
  list(): MerchantList {
    return { items: this.merchants.all.map((merchant) => this.show(merchant)), nextCursor: null };
  }

  /**
   * The filled application form of one scenario, or of one plugin (신청양식, guide 9.2)
   *
   * @remarks A merchant that registers several plugins of the scenario has a form for each. 422 with every reason for which Kakao would refuse one.
   */
  @Get(':id/form')
  @ApiParam(MERCHANT)
  @ApiOkResponse({ type: FormDto })
  @ApiNotFoundResponse({ description: 'No such merchant, or no such plugin of it' })
  @ApiResponse({ status: 422, description: 'Kakao would refuse it; `problems` says why' })
  form(@Param('id') id: string, @Query() wanted: FormQuery): FormDto {
    const forms = applicationForms(this.find(id), wanted, this.addresses);
    if (forms.length === 0) throw new NotFoundException('No such plugin');
    const problems = forms.flatMap((form) => form.problems);
    const markdown = forms.map((form) => form.markdown).join('\n');
    if (problems.length > 0)
      throw new UnprocessableEntityException({ message: 'Kakao would refuse this form', problems });
    return { markdown };
  }

  /**
   * What must be ready before Kakao can be asked for plugins (guide 0.2 to 0.5, 0.7)
   *
   * @remarks The public addresses are called as Kakao would call them, so it takes up to five seconds.
   */
  @Get(':id/checklist')
  @ApiParam(MERCHANT)
  @ApiOkResponse({ type: Checklist })
  @ApiNotFoundResponse({ description: 'No such merchant' })
  async checklist(@Param('id') id: string): Promise<Checklist> {
    return { items: await checklist(this.find(id), this.merchants.all, this.addresses, this.outbound) };
  }

  /**
   * The link and the buttons that open a plugin of the merchant in KakaoTalk (guide 1.3, 4.4)
   *
   * @remarks Makes texts only; nothing is stored and nobody is called. 422 with everything that is missing or wrong.
   */
  @Post(':id/launch-links')
  @HttpCode(200)
  @ApiParam(MERCHANT)
  @ApiOkResponse({ type: Launch })
  @ApiNotFoundResponse({ description: 'No such merchant' })
  @ApiResponse({ status: 422, description: 'It cannot be made; `problems` says why' })
  launch(@Param('id') id: string, @Body() order: LaunchOrder): Launch {
    try {
      return launchOf(this.find(id), order);
    } catch (error) {
      if (!(error instanceof LaunchRefused)) throw error;
      throw new UnprocessableEntityException({ message: 'No such launch', problems: error.problems });
    }
  }

  private find(id: string): Merchant {
    const found = this.merchants.all.find((merchant) => merchant.id === id);
    if (!found) throw new NotFoundException('No such merchant');
    return found;
  }

  private show({ id, name, app, plugins, registrations = [] }: Merchant): MerchantDto {
    const { profile = [], image = [] } = plugins;
    const keyed = { profile, image };
    const shown = [
      ...(['profile', 'image'] as const).flatMap((kind) =>
        keyed[kind].map(({ key, pluginId }): PluginDto => ({ kind, key, ...(pluginId !== undefined && { pluginId }) })),
      ),
      ...(['location', 'option', 'payment', 'sync'] as const).flatMap((kind): PluginDto[] => {
        const plugin = plugins[kind];
        return plugin ? [{ kind, ...(plugin.pluginId !== undefined && { pluginId: plugin.pluginId }) }] : [];
      }),
    ];
    return {
      id,
      merchant: id,
      name,
      environment: app.environment,
      ...(app.testOf !== undefined && { testOf: app.testOf }),
      appId: app.id,
      isDefault: this.merchants.default.id === id,
      plugins: shown,
      registrations: registrations.map(({ key, title, scenario, option, payment, pluginId }) => ({
        ...{ key, title, scenario },
        ...(option !== undefined && { option }),
        ...(payment !== undefined && { payment }),
        ...(pluginId !== undefined && { pluginId }),
      })),
    };
  }
}
