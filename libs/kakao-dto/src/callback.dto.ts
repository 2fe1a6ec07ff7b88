import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString } from 'class-validator';

/** What Kakao posts when a customer has run a plugin (실행결과 콜백; guide 1.3, 4.4). */
export class CallbackRequest {
  /**
   * One-time address of what the customer handed over (데이터를 가져가기 위한 url).
   * It must lie on Kakao's talk-plugin origin below `/otp/`; any other address is refused and never called.
   */
  @ApiProperty({ example: 'https://talk-plugin.kakao.com/otp/5fcf3cfe00a6950dc026b/onetimeprofile' })
  @IsString()
  otp: string;

  /** The relay id in the body; the header `X-Kakao-Plugin-Relay-Id` wins over it. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  @IsOptional()
  relay_id?: string;
}

/** The service a location was sent from (App; guide 3.4). */
export class LocationService {
  /** Name of the service (서비스명). */
  @ApiPropertyOptional({ example: '플러그인 데모' })
  name?: string;

  /** Company behind the service (서비스 업체명). The guide's table spells this key `conpany`; both spellings are read. */
  @ApiPropertyOptional({ example: 'wuhu wuhu' })
  company?: string;
}

/** What accompanies a location (Extra; guide 3.4). */
export class LocationExtra {
  /** The service the location was sent from. */
  @ApiPropertyOptional({ type: LocationService })
  app?: LocationService;
}

/** What Kakao posts when a customer has sent a location (guide 3.4). */
export class LocationCallbackRequest extends CallbackRequest {
  /** The service and company the customer saw. */
  @ApiPropertyOptional({ type: LocationExtra })
  @IsOptional()
  @IsObject()
  extra?: LocationExtra;
}
