/** The envelope of every answer to Kakao. */
export class KakaoAnswer {
  /**
   * 응답 상태: 200 for success, else a code of the guide
   * @example 200
   */
  status: number;

  /**
   * 오류 메시지, only when `status` is not 200; safe to show to the customer
   */
  message?: string;
}

export function ok(): { status: 200 };
export function ok<Data>(data: Data): { status: 200; data: Data };
export function ok<Data>(data?: Data): { status: 200; data?: Data } {
  return data === undefined ? { status: 200 } : { status: 200, data };
}
