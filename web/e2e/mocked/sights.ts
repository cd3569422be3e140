/** The pages that can simply be opened: for what looks at every page, and may forget none. */

export const PUBLIC = {
  lists: [
    '/',
    '/products',
    '/products?q=nothing-like-this',
    '/products?category=stationery&sort=price_asc',
    '/products?category=kitchen-table',
  ],
  products: [
    '/products/canvas-backpack',
    '/products/table-radio',
    '/products/mid-autumn-mooncake',
    '/products/island-gift-box',
    '/products/oxcart-35-film-camera',
  ],
  forms: ['/cart', '/checkout', '/login', '/register', '/orders/lookup'],
  texts: ['/help', '/help/stock', '/legal/terms', '/legal/returns'],
};

export const SEARCHES = ['/search', '/search?q=bowl&in_stock=true', '/search?q=nothing-like-this'];

/** Below `/account`, for somebody of the shop with two addresses, `home` and `work`. */
export const ACCOUNT = [
  'profile',
  'addresses',
  'addresses/new',
  'addresses/work',
  'password',
  'security',
  'api-keys',
  'privacy',
];
