import { ApiPropertyOptional } from '@nestjs/swagger';

/** One attached picture in three sizes (SecureImageUrl; guide 4.3). */
export class SecureImageUrl {
  /** The picture as it was sent (원본 이미지). */
  @ApiPropertyOptional({ example: 'http://k.kakaocdn.net/dna/csiHlu/bIcfc1CRkm4/XXX/img.jpg?credential=…&signature=…' })
  original?: string;

  /** The picture resized to one megabyte (1 Megabyte로 조정된 이미지). */
  @ApiPropertyOptional({
    example: 'http://k.kakaocdn.net/dna/csiHlu/bIcfc1CRkm4/XXX/img_1m.jpg?credential=…&signature=…',
  })
  img_1m?: string;

  /** The picture resized to three megabytes (3 Megabyte로 조정된 이미지). */
  @ApiPropertyOptional({
    example: 'http://k.kakaocdn.net/dna/csiHlu/bIcfc1CRkm4/XXX/img_3m.jpg?credential=…&signature=…',
  })
  img_3m?: string;
}

/** The answer of an image OTP (사용자 이미지정보조회 API; guide 4.3): up to ten pictures. */
export class SecureImageAnswer {
  /** The attached pictures (보안 전송된 이미지 URL 배열). */
  @ApiPropertyOptional({ type: [SecureImageUrl] })
  secure_urls?: SecureImageUrl[];

  /** When the addresses stop working (유효기간): ISO 8601, UTC. */
  @ApiPropertyOptional({ example: '2020-01-22T07:49:15Z' })
  expire?: string;
}
