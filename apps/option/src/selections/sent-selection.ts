import type { Selection } from '@biz/commerce';
import type { OptionSelection, SelectOption } from '@biz/kakao-dto';

/** What T2 says was chosen (guide 5.2), in our words. */
export function selectionOf({ id, price, quantity, option_groups }: OptionSelection): Selection {
  return {
    productId: id,
    price: price ?? undefined,
    quantity: quantity ?? undefined,
    answers: (option_groups ?? []).map((sent: SelectOption) => ({
      groupId: sent.option_group_id,
      optionId: filled(sent.option_id),
      addPrice: sent.add_price ?? undefined,
      quantity: sent.quantity ?? undefined,
      extra: filled(sent.extra),
      text: filled(sent.text),
    })),
  };
}

/** Kakao may send an empty text or null for what is not there. */
function filled(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}
