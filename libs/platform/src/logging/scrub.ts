/** Names whose values never reach a log, whatever their depth. Compared without case, `_` and `-`. */
const SECRET_NAMES = new Set(
  [
    'otp otpUrl authorization cookie password secret token accessToken refreshToken idToken clientSecret code',
    'pgToken tid sid aid cid cidSecret subscriptionCid subscriptionCidSecret restApiKey adminKey paySecretKey secretKey webhookSecret pathKey customerPathKey appKey encryptionKeys databaseUrl',
    'nickname phoneNumber phone email birthday birthyear gender ageRange ci name receiverName receiverMobileNumber',
    'baseAddress detailAddress shippingAddress address latitude longitude landAddress roadAddress detail text',
    'appUserId xKakaoAppuserid partnerUserId userId profileImageUrl secureUrls raw',
  ]
    .join(' ')
    .toLowerCase()
    .split(' '),
);

/** Secrets inside free text: what stands in front is kept, the secret is cut. */
const SECRET_TEXTS: [RegExp, string][] = [
  [/(\/otp\/)[^\s/"'?]+/g, '$1[cut]'],
  [/(\/m\/)(?!:)[^\s/"'?]+/g, '$1[cut]'],
  // An address inside a query string, such as KakaoPay's wrapper around approval_url.
  [/(%(?:25)?2F(?:otp|m)%(?:25)?2F)[^\s/"'?&%]+/gi, '$1[cut]'],
  [/\b(KakaoAK|SECRET_KEY|DEV_SECRET_KEY|Bearer|Basic)\s+[^\s"',]+/g, '$1 [cut]'],
  [
    /\b(rest_api_key|pg_token|code|access_token|refresh_token|client_secret|credential|signature|tid|sid|key)=[^\s&"']+/g,
    '$1=[cut]',
  ],
  [/\b(postgres(?:ql)?:\/\/[^\s:@/]+):[^\s@]+@/g, '$1:[cut]@'],
  [/\bwhsec_[A-Za-z0-9+/=]+/g, 'whsec_[cut]'],
  [/(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+/g, '[email]'],
  // Alone, not inside an id: UUIDs are full of digits that look like phone numbers.
  [/(?<![\w-])(?:\+\d{1,3}[ -]?)?\(?0?1[016789]\)?[ -]?\d{3,4}[ -]?\d{4}(?![\w-])/g, '[phone]'],
];

/** What every one of those texts has something of; most lines, their UUIDs too, have nothing and are looked at once. */
const SUSPECT =
  /[=@]|\/(?:otp|m)\/|2[Ff](?:otp|m)%|whsec_|(?:KakaoAK|SECRET_KEY|Bearer|Basic)\s|1[016789]\)?[ -]?\d{3,4}[ -]?\d{4}(?![\w-])/;

/**
 * Characters of one text that are looked at and logged; a stack is some hundreds.
 *
 * Outsiders write some of these texts, so no pattern sees more, whatever it costs for each character.
 */
const MAX_TEXT = 8_192;
/** Characters dropped with the rest of a longer text, so that no half of a name or number is left where the text was cut. */
const DROPPED = 64;
const CUT = ' [cut: too long]';

const MAX_DEPTH = 6;

/** A copy that is safe to log: secrets and personal data are replaced, by name and by look. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (Error.isError(value)) return scrubError(value, depth);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAMES.has(name.toLowerCase().replace(/[_-]/g, '')) && item !== undefined && item !== null
        ? '[cut]'
        : scrub(item, depth + 1),
    ]),
  );
}

export function scrubText(text: string): string {
  if (text.length <= MAX_TEXT) return withoutSecrets(text);
  return withoutSecrets(text.slice(0, MAX_TEXT)).slice(0, -DROPPED) + CUT;
}

function withoutSecrets(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return SECRET_TEXTS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** Keeps what finds the fault (type, message, stack, SQLSTATE, constraint); drops query parameters and details, which hold row values. */
function scrubError(error: Error, depth: number): Record<string, unknown> {
  const { code, constraint, table } = error as Error & { code?: unknown; constraint?: unknown; table?: unknown };
  return {
    type: error.name,
    message: scrubText(error.message),
    stack: scrubText(error.stack ?? ''),
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(table !== undefined && { table }),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: scrub(error.cause, depth + 1) }),
  };
}
