const SHOWN =
  /^(authorization|content-type|location|retry-after|x-kakao-.*|x-request-id|webhook-id|webhook-timestamp)$/;

/** The headers a reader of a timeline needs; keys are cut so that a pasted timeline gives none away. */
export function headersThatMatter(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !SHOWN.test(name.toLowerCase())) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    shown[name.toLowerCase()] = name.toLowerCase() === 'authorization' ? cutKey(text) : text;
  }
  return shown;
}

function cutKey(authorization: string): string {
  const [scheme = '', key = ''] = authorization.split(' ', 2);
  return `${scheme} ${key.slice(0, 4)}…`;
}
