/** Ways of paying of the mock, and what each of them begins with. */
import { randomUUID } from 'node:crypto';
import type { Order, OrderPayment, PaymentMethod } from '../../src/lib/api/types.ts';
import { text, twd } from './catalog.ts';
import * as shop from './shop.ts';

const MINUTE_MS = 60_000;
const DAY = 24 * 60;

interface Offer {
  code: string;
  name: PaymentMethod['name'];
  description: PaymentMethod['description'];
  least?: number;
  most?: number;
  minutes?: number;
}

function offer({ code, name, description, least = 1, most, minutes = 30 }: Offer): PaymentMethod {
  return {
    code,
    name,
    description,
    enabled: true,
    min_amount: twd(least),
    max_amount: most === undefined ? null : twd(most),
    pay_within_minutes: minutes,
    instalments: [],
  };
}

export const paymentMethods: PaymentMethod[] = [
  offer({
    code: 'ecpay_credit',
    name: text('信用卡一次付清', 'Credit card'),
    description: text(
      '前往綠界科技的付款頁面，卡號不會經過本店。',
      'You pay on ECPay’s page; your card number never reaches this shop.',
    ),
  }),
  offer({
    code: 'ecpay_atm',
    name: text('ATM 轉帳', 'ATM transfer'),
    description: text(
      '取得專屬虛擬帳號，於期限前至 ATM 或網路銀行轉帳。',
      'You get an account number of your own and transfer the amount before it expires.',
    ),
    least: 11,
    most: 49_999,
    minutes: 4 * DAY,
  }),
  offer({
    code: 'ecpay_cvs',
    name: text('超商代碼繳費', 'Convenience store code'),
    description: text(
      '取得繳費代碼，於期限前至超商的多媒體機台列印繳費單，在櫃檯付款。',
      'You get a code for the terminal of a convenience store and pay at its counter.',
    ),
    least: 33,
    most: 6000,
    minutes: 3 * DAY,
  }),
  offer({
    code: 'ecpay_barcode',
    name: text('超商條碼繳費', 'Convenience store barcode'),
    description: text(
      '取得三段式條碼，於期限前出示給超商櫃檯付款。',
      'You show three barcodes at the counter of a convenience store and pay there.',
    ),
    least: 17,
    most: 20_000,
    minutes: 3 * DAY,
  }),
  offer({
    code: 'bank_transfer',
    name: text('銀行轉帳', 'Bank transfer'),
    description: text(
      '轉帳至本店帳戶並註明匯款代號，人員確認入帳後出貨。',
      'You transfer the amount to the shop’s account with a reference; it is confirmed by hand.',
    ),
    minutes: 3 * DAY,
  }),
  offer({
    code: 'cash_on_delivery',
    name: text('貨到付款', 'Cash on delivery'),
    description: text('收到商品時將款項交給物流人員。', 'You pay whoever brings the goods.'),
    most: 20_000,
  }),
];

/** What keeps a method from paying a total, as the API says it. */
export function unfit(code: string, total: number) {
  const method = paymentMethods.find((candidate) => candidate.code === code);
  const isFit =
    method && total >= method.min_amount.amount && total <= (method.max_amount?.amount ?? Infinity);
  return isFit ? undefined : { pointer: '/payment_method', detail: 'not for such an order' };
}

/** Begins an attempt; what is to be paid elsewhere than at the provider says where. */
export function begin(order: Order, code: string): OrderPayment {
  const method = paymentMethods.find((candidate) => candidate.code === code);
  const at = shop.now();
  const until = new Date(at.getTime() + (method?.pay_within_minutes ?? 30) * MINUTE_MS);
  const trade = `T${order.number}${order.payments.length}`;
  const payment: OrderPayment = {
    id: randomUUID(),
    status: 'pending',
    method: code,
    amount: order.total,
    merchant_trade_no: trade,
    created_at: at.toISOString(),
    paid_at: null,
    pay_until: until.toISOString(),
    code: null,
    received: twd(0),
    transfer:
      code === 'bank_transfer'
        ? {
            bank_code: '004',
            bank_name: '臺灣銀行',
            account: '123456789012',
            holder: '牛車選物有限公司',
            reference: '7K3M9QWD',
            amount: order.total,
          }
        : null,
  };
  order.payments.push(payment);
  order.payment_method = code;
  if (until.toISOString() > order.reserved_until) order.reserved_until = until.toISOString();
  return payment;
}

/** Gives the code that the provider shows. */
export function issue(payment: OrderPayment): void {
  const expires_at = payment.pay_until ?? shop.now().toISOString();
  if (payment.method === 'ecpay_atm') {
    payment.code = { kind: 'atm', bank_code: '812', account: '9103522175887271', expires_at };
  } else if (payment.method === 'ecpay_cvs') {
    payment.code = { kind: 'cvs', payment_no: 'LLL22117485013', expires_at };
  } else {
    const segments = ['1511246A5', '3453010539000001', '112400000000530'];
    payment.code = { kind: 'barcode', segments, expires_at };
  }
}

/** The money has come, or it has not. */
export function settle(order: Order, payment: OrderPayment, isPaid: boolean): void {
  payment.status = isPaid ? 'succeeded' : 'failed';
  payment.paid_at = isPaid ? shop.now().toISOString() : null;
  if (isPaid) shop.move(order.id, 'paid', 'payment_provider');
  else shop.changed(order.id);
}
