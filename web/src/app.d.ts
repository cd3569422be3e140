import type { Locale } from '#lib/paraglide/runtime.js';

declare global {
  namespace App {
    interface Error {
      /** A stable code of the API, or NETWORK_ERROR. */
      code?: string;
      /** Quote this to the shop; it finds the request in the logs. */
      traceId?: string;
    }
    interface Locals {
      locale: Locale;
      /** Session cookies changed by the API while this request was answered. */
      apiCookies: Map<string, string | null>;
      /** The one silent refresh of this request, once it was needed. */
      refresh?: Promise<boolean>;
      /** Origins, beside our own, that a form of this page may be sent to. */
      formActions: string[];
      /** The API refused or failed something while this page was made: it is not for others. */
      isIncomplete: boolean;
    }
    interface PageData {
      cartCount?: number;
    }
  }
}

export {};
