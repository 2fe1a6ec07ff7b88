import { ApiPropertyOptional } from '@nestjs/swagger';
import { ProductAgreement, ShippingRule } from './product-terms.dto';

/** What a group asks of the customer; one word per answer type of the guide (5.1). */
export const GROUP_KINDS = ['choice', 'choices', 'counts', 'text', 'numbers', 'integer', 'date'] as const;
export type GroupKind = (typeof GROUP_KINDS)[number];

/** `commerce` has prices and steppers and can be paid; `non-commerce` only asks. */
export const PRODUCT_KINDS = ['commerce', 'non-commerce'] as const;
export type ProductKind = (typeof PRODUCT_KINDS)[number];

/** The sub-group that opens when an option is chosen (연관 옵션). */
export class LeadsTo {
  /** Group that follows. */
  groupId: string;
  /** Sub-group of it that is shown. */
  subGroupId: string;
}

/** One thing a customer can choose (옵션). */
export class ProductOption {
  /**
   * Unique within its sub-group.
   * @example "A"
   */
  id: string;
  /**
   * What the customer reads.
   * @example "A"
   */
  value: string;
  /**
   * Won added per piece of this option; may be negative.
   * @example 300
   */
  @ApiPropertyOptional({ type: 'integer' })
  addPrice?: number;
  /** The part of `addPrice` that is tax-free (면세); 0 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  taxFreeAmount?: number;
  /** Fewest pieces of this option. */
  @ApiPropertyOptional({ type: 'integer' })
  minQuantity?: number;
  /** Most pieces of this option. */
  @ApiPropertyOptional({ type: 'integer' })
  maxQuantity?: number;
  /**
   * Pieces left; an option without it is never sold out.
   * @example 100
   */
  @ApiPropertyOptional({ type: 'integer' })
  stock?: number;
  /** The stock this option takes from; options that name the same one share it. Absent: its own, `{sub-group}/{option}`. */
  sku?: string;
  /**
   * Handed back by Kakao as it was sent, for the shop's own use.
   * @example "12851"
   */
  extra?: string;
  /** Where the related chain goes on from here. */
  leadsTo?: LeadsTo[];
}

/** The options shown together (옵션 상세 그룹); a simple group has one, a related group one per path. */
export class ProductSubGroup {
  /** Unique within the product. */
  id: string;
  /** Fewest options, for `counts` the fewest pieces in all; 1 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  minSelect?: number;
  /** Most options, for `counts` the most pieces in all; 1 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  maxSelect?: number;
  /** Option that is chosen from the start. */
  defaultOptionId?: string;
  /** What can be chosen, in the order shown. */
  options: ProductOption[];
}

/** One question to the customer (옵션 그룹). */
export class ProductGroup {
  /**
   * Unique within the product.
   * @example "색상"
   */
  id: string;
  /**
   * Shown as the question's title.
   * @example "색상"
   */
  name: string;
  /** What is asked: choice SELECT, choices MULTI_SELECT, counts COUNT, text TEXT, numbers NUMBERS, integer INTEGER, date DATE. */
  kind: GroupKind;
  /** A sentence below the title. */
  description?: string;
  /** Whether an answer is needed; true when absent. */
  required?: boolean;
  /** For choice, choices and counts only. */
  subGroups?: ProductSubGroup[];
  /** Fewest digits (numbers). */
  @ApiPropertyOptional({ type: 'integer' })
  minLength?: number;
  /** Most digits (numbers). */
  @ApiPropertyOptional({ type: 'integer' })
  maxLength?: number;
  /** Smallest value (integer). */
  @ApiPropertyOptional({ type: 'integer' })
  minValue?: number;
  /** Largest value (integer). */
  @ApiPropertyOptional({ type: 'integer' })
  maxValue?: number;
  /** Shown in an empty form (numbers, integer, date). */
  placeholder?: string;
  /** Filled in from the start (text, numbers, integer, date). */
  defaultValue?: string;
}

/** What a shop sells or asks, before it is put in Kakao's words. */
export class Product {
  /**
   * The shop's id; Kakao asks T1 with it.
   * @example "10013529"
   */
  id: string;
  /**
   * The id T1 answers with when it is not `id`; both are accepted everywhere.
   * @example "101:10013529"
   */
  kakaoId?: string;
  /**
   * Name shown to the customer.
   * @example "윈터펠테스트11"
   */
  name: string;
  /** 커머스형 has prices and can be paid, 비커머스형 only asks. */
  kind: ProductKind;
  /**
   * Won per piece; absent is 0.
   * @example 12000
   */
  @ApiPropertyOptional({ type: 'integer' })
  price?: number;
  /** Fewest pieces in one order; 1 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  minQuantity?: number;
  /** Most pieces in one order; 1 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  maxQuantity?: number;
  /** Pieces to begin with; 1 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  defaultQuantity?: number;
  /** Pieces left of the product as a whole; absent when only its options are counted, or nothing is. */
  @ApiPropertyOptional({ type: 'integer' })
  stock?: number;
  /** Whether payment asks for a delivery address (배송지). */
  useShipping?: boolean;
  /** What payment adds for sending it; nothing when absent. Needs `useShipping`. */
  shipping?: ShippingRule;
  /** The part of `price` that is tax-free (면세), per piece; 0 when absent. */
  @ApiPropertyOptional({ type: 'integer' })
  taxFreeAmount?: number;
  /** What the buyer agrees to before payment (order_agreements). */
  agreements?: ProductAgreement[];
  /** Pages of the product (product_urls). */
  productUrls?: string[];
  /** The questions in the order shown. */
  groups: ProductGroup[];
}
