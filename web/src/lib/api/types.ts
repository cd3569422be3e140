/** Names for the API's shapes; the only place that knows how the generated schema calls them. */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export type Money = Schemas['Money'];
export type LocalizedText = Schemas['LocalizedText'];
export type Image = Schemas['Image'];
export type Availability = Schemas['Availability'];
export type ErrorCode = Schemas['ErrorCode'];
export type Problem = Schemas['ProblemBody'];

/** The extra member `shortages` of INVENTORY_SHORTAGE, which the document leaves open. */
export interface Shortage {
  variant_id: string;
  sku: string;
  requested: number;
  available: number;
}

/** The extra members of COUPON_INVALID, which the document leaves open as well. */
export interface CouponRefusal {
  reason: CouponReason;
  minimum_spend?: Money | null;
  valid_from?: string;
}

export type User = Schemas['User'];
export type SavedAddress = Schemas['SavedAddress'];
export type SavedAddressForm = Schemas['SavedAddressForm'];
export type WishList = Schemas['WishList'];
export type SecondFactor = Schemas['SecondFactor'];
export type SessionView = Schemas['SessionView'];
export type ApiKeyView = Schemas['ApiKeyView'];
export type Category = Schemas['Category'];
export type ProductSummary = Schemas['ProductSummary'];
export type BundlePart = Schemas['BundlePart'];
export type ProductPage = Schemas['ProductPage'];
export type SearchPage = Schemas['SearchPage'];
export type SearchFacets = Schemas['SearchFacets'];
export type SearchSuggestion = Schemas['SearchSuggestion'];
export type Product = Schemas['Product'];
export type ProductOption = Schemas['ProductOption'];
export type Variant = Schemas['Variant'];
export type Cart = Schemas['Cart'];
export type CartItem = Schemas['CartItem'];
export type CartCoupon = Schemas['CartCoupon'];
export type Adjustment = Schemas['PriceAdjustment'];
export type CouponReason = Schemas['CouponReason'];
export type ShippingMethod = Schemas['ShippingMethod'];
export type PaymentMethod = Schemas['PaymentMethod'];
export type CheckoutRequest = Schemas['CheckoutForm'];
export type Order = Schemas['Order'];
export type OrderItem = Schemas['OrderItem'];
export type OrderStatus = Schemas['OrderStatus'];
export type OrderSummary = Schemas['OrderSummary'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type OrderPayment = Schemas['OrderPayment'];
export type PaymentForm = Schemas['PaymentInstructions'];
export type PaymentTransfer = Schemas['PaymentTransfer'];
export type AdminProduct = Schemas['AdminProduct'];
export type Shipment = Schemas['Shipment'];
export type Return = Schemas['Return'];
export type ReturnCause = Schemas['ReturnCause'];
export type OrderRefund = Schemas['OrderRefund'];
export type RefundAccount = Schemas['AccountForm'];
