import { mayHoldData, meaningOf, readImages, readLocation, readProfile, UnreadableAnswer } from '@biz/otp-client';

describe('reading a profile', () => {
  it('turns the sample of the guide into English', () => {
    const sample = {
      nickname: 'lukas',
      profile_image_url: 'https://t1.kakaocdn.net/kakaocorp/admin/main-banner/123',
      phone_number: '+86 10-0000-0000',
      email: 'xxxxx@xxxxxxx.xxx',
      shipping_address: {
        id: 'AAAAAA',
        base_address: '경기도 성남시 분당구',
        detail_address: 'H스퀘어 6층',
        receiver_name: 'lukas',
        receiver_mobile_number: '+86 10-0000-0000',
        post_no: '111111',
        zone_code: '22222',
      },
      age_range: '30~49',
      birthyear: '19XX',
      birthday: 'XXXX',
      gender: 'male',
    };
    expect(readProfile(JSON.stringify(sample))).toEqual({
      nickname: 'lukas',
      profileImageUrl: 'https://t1.kakaocdn.net/kakaocorp/admin/main-banner/123',
      phoneNumber: { raw: '+86 10-0000-0000', e164: '+861000000000' },
      email: 'xxxxx@xxxxxxx.xxx',
      shippingAddress: {
        id: 'AAAAAA',
        baseAddress: '경기도 성남시 분당구',
        detailAddress: 'H스퀘어 6층',
        receiverName: 'lukas',
        receiverMobileNumber: { raw: '+86 10-0000-0000', e164: '+861000000000' },
        postNo: '111111',
        zoneCode: '22222',
      },
      ageRange: '30~49',
      birthyear: '19XX',
      birthday: 'XXXX',
      gender: 'male',
    });
  });

  it('keeps every digit of an address id', () => {
    expect(readProfile('{"shipping_address":{"id":9223372036854775807}}').shippingAddress?.id).toBe(
      '9223372036854775807',
    );
    expect(readProfile('{"shipping_address":{"id":42}}').shippingAddress?.id).toBe('42');
  });

  it.each([
    ['+82 010-1234-5678', '+821012345678'],
    ['+82 10-1234-5678', '+821012345678'],
    ['010-1234-5678', '+821012345678'],
    ['+1 650-253-0000', '+16502530000'],
  ])('writes %s also as %s', (raw, e164) => {
    expect(readProfile(JSON.stringify({ phone_number: raw })).phoneNumber).toEqual({ raw, e164 });
  });

  it('keeps the text of a number it cannot derive', () => {
    expect(readProfile('{"phone_number":"비공개"}').phoneNumber).toStrictEqual({ raw: '비공개' });
  });

  it('has no property for what is null, empty, of another type or missing', () => {
    const raw =
      '{"nickname":null,"email":"","gender":["male"],"birthyear":1990,"shipping_address":{"id":null,"post_no":""}}';
    expect(readProfile(raw)).toStrictEqual({ birthyear: '1990' });
  });

  it('names the user whom Kakao names, every digit kept', () => {
    expect(readProfile('{"app_user_id":9007199254740993,"nickname":"lukas"}')).toStrictEqual({
      appUserId: '9007199254740993',
      nickname: 'lukas',
    });
  });

  it.each(['{}', '{"nickname":null,"email":""}', '{"code":-1}', '{"status":200}', '{"status":503,"app_user_id":1}'])(
    'finds no profile in %s, and does not make an empty one of it',
    (raw) => {
      expect(() => readProfile(raw)).toThrow(UnreadableAnswer);
      expect(meaningOf('profile', raw)).toBe('nothing');
    },
  );

  it('survives fields the guide does not know', () => {
    expect(readProfile('{"nickname":"lukas","ci":{"deep":[1]},"__proto__":{"x":1}}')).toStrictEqual({
      nickname: 'lukas',
    });
  });

  it('reads past a byte order mark', () => {
    expect(readProfile('\uFEFF{"nickname":"lukas"}')).toStrictEqual({ nickname: 'lukas' });
  });

  it.each(['', 'not json', '[]', '"text"', 'null', '12', '<html>', '{"nickname":'])('calls %j unreadable', (raw) => {
    expect(() => readProfile(raw)).toThrow(UnreadableAnswer);
  });

  it('does not quote the answer in its error', () => {
    expect(() => readProfile('{"nickname":"홍길동"')).toThrow(/^(?!.*홍길동)/);
  });
});

describe('reading a location', () => {
  const sample = {
    latitude: 37.40201073377386,
    longitude: 127.10849451749681,
    land_address: {
      address_name: '경기 성남시 분당구 삼평동 681',
      region_1depth_name: '경기',
      region_2depth_name: '성남시 분당구',
      region_3depth_name: '삼평동',
      mountain_yn: 'N',
      main_address_no: '681',
      sub_address_no: '',
    },
    road_address: {
      address_name: '경기도 성남시 분당구 판교역로 235',
      region_1depth_name: '경기',
      region_2depth_name: '성남시 분당구',
      region_3depth_name: '',
      road_name: '판교역로',
      underground_yn: 'N',
      main_building_no: '235',
      sub_building_no: '',
      building_name: '에이치스퀘어 엔동',
      zone_no: '13494',
    },
    detail: '8층 카카오',
  };

  it('turns the sample of the guide into English', () => {
    expect(readLocation(JSON.stringify(sample))).toStrictEqual({
      latitude: 37.40201073377386,
      longitude: 127.10849451749681,
      landAddress: {
        addressName: '경기 성남시 분당구 삼평동 681',
        region1: '경기',
        region2: '성남시 분당구',
        region3: '삼평동',
        mountain: false,
        mainAddressNo: '681',
      },
      roadAddress: {
        addressName: '경기도 성남시 분당구 판교역로 235',
        region1: '경기',
        region2: '성남시 분당구',
        roadName: '판교역로',
        underground: false,
        mainBuildingNo: '235',
        buildingName: '에이치스퀘어 엔동',
        zoneNo: '13494',
      },
      detail: '8층 카카오',
    });
  });

  it('reads a place without a building', () => {
    const rest = { ...sample, road_address: undefined };
    expect(readLocation(JSON.stringify(rest))).not.toHaveProperty('roadAddress');
  });

  it('reads the deprecated first version', () => {
    const raw = '{"latitude":"37.4","longitude":"127.1","land_address":{"address_name":"경기","zip_code":"463400"}}';
    expect(readLocation(raw)).toStrictEqual({
      latitude: 37.4,
      longitude: 127.1,
      landAddress: { addressName: '경기', postNo: '463400' },
    });
    expect(readLocation('{"address":"경기 성남시"}')).toStrictEqual({ landAddress: { addressName: '경기 성남시' } });
  });

  it('tells unavailable from unreadable', () => {
    for (const no of ['false', '"false"', '"FALSE"', '"N"'])
      expect(readLocation(`{"is_usable_user": ${no}, "latitude": null, "detail": ""}`)).toBe('unavailable');
    for (const other of ['true', '"Y"', 'null', '""'])
      expect(() => readLocation(`{"is_usable_user": ${other}}`)).toThrow(UnreadableAnswer);
    expect(() => readLocation('{}')).toThrow(UnreadableAnswer);
    expect(() => readLocation('{"latitude":900}')).toThrow(UnreadableAnswer);
  });
});

describe('reading images', () => {
  it('lists every size of every picture with its expiry', () => {
    const raw = JSON.stringify({
      secure_urls: [
        { original: 'http://k/1', img_1m: 'http://k/1m', img_3m: 'http://k/3m' },
        { original: 'http://k/2', img_9m: 'x' },
      ],
      expire: '2020-01-22T07:49:15Z',
    });
    expect(readImages(raw)).toEqual({
      images: [
        { picture: 1, size: 'original', url: 'http://k/1' },
        { picture: 1, size: '3m', url: 'http://k/3m' },
        { picture: 1, size: '1m', url: 'http://k/1m' },
        { picture: 2, size: 'original', url: 'http://k/2' },
      ],
      expiresAt: new Date('2020-01-22T07:49:15Z'),
    });
  });

  it('takes the ten pictures Kakao promises and no more', () => {
    const raw = JSON.stringify({
      secure_urls: Array.from({ length: 12 }, (_, at) => ({ original: `http://k/${at}` })),
    });
    expect(readImages(raw).images).toHaveLength(10);
  });

  it.each([
    ['2020-01-22T07:49:15', '2020-01-22T07:49:15.000Z'],
    ['2020-01-22T16:49:15+09:00', '2020-01-22T07:49:15.000Z'],
    ['2020-01-22T16:49:15+0900', '2020-01-22T07:49:15.000Z'],
    ['2020-01-22T16:49:15+09', '2020-01-22T07:49:15.000Z'],
    ['2020-01-22T07:49:15.123Z', '2020-01-22T07:49:15.123Z'],
    ['2020-01-22T07:49:15.123456789Z', '2020-01-22T07:49:15.123Z'],
    ['2020-01-22 07:49', '2020-01-22T07:49:00.000Z'],
  ])('reads the expiry %s as %s', (expire, iso) => {
    const read = readImages(JSON.stringify({ secure_urls: [{ original: 'u' }], expire }));
    expect(read.expiresAt?.toISOString()).toBe(iso);
  });

  // What a lenient reader takes for a time of long ago would end the images before they were asked for.
  it.each([
    'soon',
    'soon 2020',
    '1',
    '2020-01-22',
    '2020-13-22T07:49:15Z',
    '1579679355000',
    '+275760-09-13T00:00:00Z',
    '-000001-01-01T00:00:00Z',
  ])('has no expiry when Kakao says %s', (expire) => {
    expect(readImages(JSON.stringify({ secure_urls: [{ original: 'u' }], expire }))).not.toHaveProperty('expiresAt');
  });

  it.each(['{}', '{"secure_urls":[]}', '{"secure_urls":"x"}', '{"secure_urls":[null, 5, {"original":""}]}'])(
    'calls %s unreadable',
    (raw) => {
      expect(() => readImages(raw)).toThrow(UnreadableAnswer);
    },
  );
});

describe('an answer of another kind', () => {
  it.each([
    '{"status":404,"message":"not found"}',
    '{"status":"410"}',
    '{"code":-401,"msg":"this access token does not exist"}',
    '{"code":404}',
    '{"error":{"code":-501}}',
    '{"status":404,"detail":"Not found."}',
    '{"status":404,"app_user_id":1}',
  ])('is a refusal inside a 200: %s', (raw) => {
    for (const kind of ['profile', 'location', 'image'] as const) expect(meaningOf(kind, raw)).toBe('refused');
  });

  it.each([
    '',
    '<html>점검중</html>',
    '[]',
    '{}',
    '{"status":500}',
    '{"status":429}',
    '{"status":400,"code":-1}',
    '{"code":"-9798"}',
    '{"code":-7}',
    '{"error":"unheard of"}',
    '{"detail":"Not found."}',
    'data:application/json;base64,eyLIq30=',
  ])('says nothing that lasts: %s', (raw) => {
    for (const kind of ['profile', 'location', 'image'] as const) expect(meaningOf(kind, raw)).toBe('nothing');
  });

  it('may hold data that a newer version reads, unless it is an error or no object', () => {
    expect(['{"user":{"name":"lukas"}}', '{"code":-1}', '{"status":503}', '<html>', ''].map(mayHoldData)).toEqual([
      true,
      ...[false, false, false, false],
    ]);
  });
});
