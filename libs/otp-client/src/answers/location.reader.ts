import { coordinate, fields, notUnderstood, presentOrAbsent, readObject, text, yesNo } from './fields';
import type { LandAddress, ReceivedLocation, RoadAddress } from './location.dto';

/**
 * Reads the raw answer of a location OTP (guide 3.3), version 2 or the deprecated first one.
 *
 * The guide no longer shows the first version, only that it had a postal code of six digits beside the
 * lot number; that an address may be plain text there is assumed.
 * @returns `'unavailable'` when Kakao cannot hand the location over: an outcome, not an error.
 */
export function readLocation(raw: string): ReceivedLocation | 'unavailable' {
  const answer = readObject(raw);
  const location = presentOrAbsent({
    latitude: coordinate(answer.latitude, 90),
    longitude: coordinate(answer.longitude, 180),
    landAddress: landAddress(answer.land_address ?? answer.address),
    roadAddress: roadAddress(answer.road_address),
    detail: text(answer.detail),
  });
  // Servers write `detail` for what went wrong, too; alone it names no place.
  if (location && Object.keys(location).some((name) => name !== 'detail')) return location;
  if (isFalse(answer.is_usable_user)) return 'unavailable';
  throw notUnderstood(answer, 'the answer holds neither a location nor is_usable_user');
}

/** A Boolean in the guide; v2 writes its other flags `Y` and `N`. */
const isFalse = (value: unknown): boolean =>
  yesNo(value) === false || (typeof value === 'string' && value.toLowerCase() === 'false');

function landAddress(value: unknown): LandAddress | undefined {
  const address = typeof value === 'string' ? { address_name: value } : fields(value);
  if (!address) return undefined;
  return presentOrAbsent({
    addressName: text(address.address_name),
    region1: text(address.region_1depth_name),
    region2: text(address.region_2depth_name),
    region3: text(address.region_3depth_name),
    mountain: yesNo(address.mountain_yn),
    mainAddressNo: text(address.main_address_no),
    subAddressNo: text(address.sub_address_no),
    postNo: text(address.zip_code ?? address.post_no),
  });
}

function roadAddress(value: unknown): RoadAddress | undefined {
  const address = typeof value === 'string' ? { address_name: value } : fields(value);
  if (!address) return undefined;
  return presentOrAbsent({
    addressName: text(address.address_name),
    region1: text(address.region_1depth_name),
    region2: text(address.region_2depth_name),
    region3: text(address.region_3depth_name),
    roadName: text(address.road_name),
    underground: yesNo(address.underground_yn),
    mainBuildingNo: text(address.main_building_no),
    subBuildingNo: text(address.sub_building_no),
    buildingName: text(address.building_name),
    zoneNo: text(address.zone_no),
  });
}
