/** Strokes of small pictures, 24 × 24. */
export const ICONS = {
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.600-6.500 8-6.500s8 2.500 8 6.500',
  pin: 'M12 21s7-6.200 7-11.500A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  picture: 'M4 5h16v14H4zM4 16l4.500-4.500 4 4 2.500-2.500 5 5M15.500 9.500h.01',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  card: 'M3 6h18v12H3zM3 10h18M7 15h3',
  again: 'M4 11a8 8 0 0 1 14-4.500L20 9M20 4v5h-5M20 13a8 8 0 0 1-14 4.500L4 15M4 20v-5h5',
  join: 'M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 21c0-4 3-6.500 7-6.500 1 0 2 .2 3 .5M18 14v6M15 17h6',
  chain:
    'M9.500 14.500l5-5M8 11l-2.500 2.500a3.900 3.900 0 0 0 5.500 5.500L13.500 16.500M16 13l2.500-2.500A3.900 3.900 0 0 0 13 5L10.500 7.500',
  talk: 'M12 4c-5 0-9 3.100-9 7 0 2.500 1.700 4.700 4.200 5.900L6.500 21l4-2.900c.5 0 1 .1 1.500.1 5 0 9-3.200 9-7.100S17 4 12 4z',
  plug: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4',
  key: 'M8 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 11h9M18 11v3M21 11v2',
  shop: 'M4 10v10h16V10M3 10l2-6h14l2 6a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0zM10 20v-5h4v5',
  mail: 'M3 6h18v12H3zM3 7l9 6 9-6',
};

export const KINDS = [
  { kind: 'profile', icon: 'person', ko: '개인정보이용', en: 'profile' },
  { kind: 'location', icon: 'pin', ko: '위치전송', en: 'location' },
  { kind: 'image', icon: 'picture', ko: '이미지보안전송', en: 'secure image' },
  { kind: 'option', icon: 'sliders', ko: '옵션선택', en: 'option' },
  { kind: 'payment', icon: 'card', ko: '원클릭결제', en: 'payment' },
  { kind: 'subscription', icon: 'again', ko: '정기결제', en: 'subscription' },
  { kind: 'sync', icon: 'join', ko: '카카오싱크', en: 'Kakao Sync' },
  { kind: 'chain', icon: 'chain', ko: '태스크체인', en: 'all in a row' },
];

const SHEETS = ['sheet-coffee', 'sheet-mug', 'sheet-subscription'];
const PRODUCTS = ['10013529', 'survey', 'mug'];
const PROFILE = ['full', 'minimal', 'no-address', 'big-ids', 'foreign-phone', 'new-fields', 'empty'];
const LOCATION = ['full', 'no-road', 'no-detail', 'unavailable', 'new-fields'];
const ACCOUNT = ['full', 'minimal', 'no-consent', 'new-fields'];

/** Fields of each scenario's form: name, label, and the choices or suggestions. */
export const FIELDS = {
  profile: [{ name: 'shape', ko: '응답 모양', en: 'shape of the answer', options: PROFILE }],
  location: [{ name: 'shape', ko: '응답 모양', en: 'shape of the answer', options: LOCATION }],
  image: [
    { name: 'count', ko: '사진 수', en: 'pictures, 1–10', value: '2', number: true },
    { name: 'bytes', ko: '원본 크기', en: 'bytes of an original', value: '400000', number: true },
    { name: 'format', ko: '형식', en: 'format', options: ['jpeg', 'png'] },
  ],
  option: [{ name: 'productId', ko: '상품 ID', en: 'product id', value: PRODUCTS[0], suggest: PRODUCTS }],
  payment: [
    { name: 'orderSheetId', ko: '주문서 ID', en: 'order sheet id', value: SHEETS[0], suggest: SHEETS },
    { name: 'zipCode', ko: '우편번호', en: 'zip code, 63000 is Jeju', value: '' },
    { name: 'method', ko: '결제수단', en: 'method', options: ['MONEY', 'CARD'] },
  ],
  subscription: [{ name: 'orderSheetId', ko: '주문서 ID', en: 'order sheet id', value: SHEETS[2], suggest: SHEETS }],
  sync: [
    { name: 'shape', ko: '동의 범위', en: 'what the user consents to', options: ACCOUNT },
    { name: 'steps', ko: '단계', en: 'steps', options: ['join', 'join,events', 'join,events,unlink'], list: true },
  ],
  chain: [{ name: 'productId', ko: '상품 ID', en: 'product id', value: 'mug', suggest: PRODUCTS }],
};

export const ACTORS = {
  user: { name: '사용자', face: 'person', side: 'left' },
  talk: { name: '카카오톡', face: 'talk', side: 'left' },
  plugin: { name: '비즈플러그인', face: 'plug', side: 'left' },
  kakao: { name: '카카오', face: 'key', side: 'left' },
  kakaopay: { name: '카카오페이', face: 'pay', side: 'left' },
  cdn: { name: '카카오 이미지', face: 'picture', side: 'left' },
  merchant: { name: '가맹점', face: 'shop', side: 'right' },
  shop: { name: '가맹점 수신함', face: 'mail', side: 'left' },
};

export const OUTCOMES = {
  delivered: '전달됨',
  unavailable: '위치 없음',
  chosen: '선택됨',
  paid: '결제됨',
  failed: '실패',
  cancelled: '취소됨',
  waiting: '대기 중',
  joined: '가입됨',
  unlinked: '연결 끊김',
  denied: '동의 거절',
};
