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

/** One thing that is wrong with what was sent. */
export class Problem {
  /**
   * Where: the path of a field, or the place in a file; empty when it is about the whole
   * @example groups[1].subGroups[0].options[2].addPrice
   */
  path: string;

  /**
   * What
   * @example must be a whole number from -2147483647 to 2147483647
   */
  message: string;
}

/** Every answer that is an error. */
export class ErrorAnswer {
  /**
   * The HTTP status (오류 코드)
   * @example 400
   */
  status: number;

  /**
   * What happened, in one sentence: Korean for customers and Kakao, English for operators
   */
  message: string;

  /**
   * Everything that is wrong, when more than one thing can be
   */
  problems?: Problem[];
}

export function ok(): { status: 200 };
export function ok<Data>(data: Data): { status: 200; data: Data };
export function ok<Data>(data?: Data): { status: 200; data?: Data } {
  return data === undefined ? { status: 200 } : { status: 200, data };
}
