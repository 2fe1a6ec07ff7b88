export const SCENARIO_KINDS = [
  'profile',
  'location',
  'image',
  'option',
  'payment',
  'subscription',
  'sync',
  'chain',
] as const;
export type ScenarioKind = (typeof SCENARIO_KINDS)[number];

/** Faults by what they hit: `approve-drop-after` is point approve, kind drop-after. */
const SCENARIO_FAULTS = {
  callback: ['callback-twice', 'callback-concurrent'],
  otp: ['otp-slow', 'otp-5xx', 'otp-429', 'otp-4xx', 'otp-expired', 'otp-garbage', 'otp-drop-before', 'otp-drop-after'],
  image: [
    'image-slow',
    'image-5xx',
    'image-cut',
    'image-wrong-type',
    'image-too-large',
    'image-drop-before',
    'image-expired',
  ],
  option: ['t2-twice', 't2-concurrent', 'no-user'],
  payment: [
    't1-twice',
    't2-twice',
    't2-concurrent',
    't2-new-tid',
    't3-twice',
    't3-concurrent',
    't3-lost',
    't3-late',
    't3-forged',
    'tid-expired',
    'user-quits',
    'user-fails',
    'no-user',
    'approve-slow',
    'approve-5xx',
    'approve-garbage',
    'approve-drop-before',
    'approve-drop-after',
    'approve-refused',
    'order-slow',
    'order-5xx',
    'order-drop-before',
    'cancel-5xx',
    'cancel-drop-before',
    'cancel-drop-after',
  ],
  sync: [
    'redirect-twice',
    'user-denies',
    'code-expired',
    'token-slow',
    'token-5xx',
    'token-drop-before',
    'token-drop-after',
    'me-5xx',
    'me-drop-before',
    'terms-5xx',
  ],
} as const satisfies Record<string, readonly string[]>;

export type ScenarioFault = (typeof SCENARIO_FAULTS)[keyof typeof SCENARIO_FAULTS][number];
const CALLBACK = [...SCENARIO_FAULTS.callback, ...SCENARIO_FAULTS.otp];
const PAYMENT = SCENARIO_FAULTS.payment;

/** Faults that mean something in a scenario. */
export const FAULTS_OF: Record<ScenarioKind, readonly ScenarioFault[]> = {
  profile: CALLBACK,
  location: CALLBACK,
  image: [...CALLBACK, ...SCENARIO_FAULTS.image],
  option: SCENARIO_FAULTS.option,
  payment: PAYMENT,
  subscription: PAYMENT,
  sync: SCENARIO_FAULTS.sync,
  chain: [...new Set([...SCENARIO_FAULTS.sync, ...SCENARIO_FAULTS.option, ...PAYMENT])],
};

export const ALL_FAULTS: readonly ScenarioFault[] = [...new Set(Object.values(SCENARIO_FAULTS).flat())];
