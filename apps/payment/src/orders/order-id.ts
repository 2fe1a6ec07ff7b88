const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** PostgreSQL would answer an error for anything else. */
export const isOrderId = (text: string): boolean => UUID.test(text);
