const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** PostgreSQL would answer an error for anything else. */
export const isOrderId = (text: string): boolean => UUID.test(text);

const CHARGE_SHEET = /^subscription:[0-9a-f-]{36}:\d+$/;

/** Whether a sheet id is one of those that later charges of subscriptions have; no T1 may name it. */
export const isChargeSheet = (sheetId: string): boolean => CHARGE_SHEET.test(sheetId);
