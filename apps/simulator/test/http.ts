export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed; digits beyond 2^53 are lost, look at `text` for those. */
  json: Record<string, unknown>;
}

/** One HTTP call; rejects when the connection ends without an answer. */
export async function call(method: string, url: string, options: CallOptions = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers };
  let body: string | undefined;
  if (options.json !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(options.json);
  } else if (options.form) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    body = new URLSearchParams(options.form).toString();
  }
  const response = await fetch(url, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

export interface CallOptions {
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
}

export const post = (url: string, json: unknown = {}): Promise<Answer> => call('POST', url, { json });
export const get = (url: string): Promise<Answer> => call('GET', url);
