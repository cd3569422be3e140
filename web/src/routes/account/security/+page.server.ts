import { redirect, type RequestEvent } from '@sveltejs/kit';
import { withNotice } from '#lib/account/notices.ts';
import { settle, type Failure } from '#lib/api/problem.ts';
import { m } from '#lib/paraglide/messages.js';
import { localizeHref } from '#lib/paraglide/runtime.js';
import { forgetSession, own, refuse, renewSession } from '#lib/server/account.ts';
import { api } from '#lib/server/api.ts';
import { textOf } from '#lib/server/form.ts';
import { qrCode } from '#lib/server/qr.ts';
import type { Actions, PageServerLoad } from './$types.js';

export const load: PageServerLoad = async (event) => {
  const client = api(event);
  const [secondFactor, sessions] = await Promise.all([
    own(event, client.GET('/api/me/second-factor')),
    own(event, client.GET('/api/me/sessions')),
  ]);
  return { secondFactor, sessions: sessions.items };
};

/** A code as people type it: apps show it in two groups. */
const codeOf = (form: FormData) => textOf(form, 'code').replace(/\s/g, '');

type Errors = Partial<Record<'password' | 'code', string>>;

/** A wrong password or code, beside its field. */
function wrong(
  event: RequestEvent,
  at: 'start' | 'codes' | 'disable',
  failure: Failure,
  errors: Errors,
) {
  changedMeanwhile(failure);
  const isWrong = ['AUTH_INVALID_CREDENTIALS', 'VALIDATION_FAILED'].includes(failure.code);
  return isWrong
    ? refuse(event, at, { ...failure, code: 'VALIDATION_FAILED' }, { errors })
    : refuse(event, at, failure, { errors: {} as Errors });
}

/** Another tab was faster: the page shows how it is now. */
function changedMeanwhile({ status }: Failure): void {
  if (status === 409) redirect(303, localizeHref('/account/security'));
}

/** What the step in which an app is set up shows. */
function setup(secret: string, url: string) {
  return { secret, url, qr: qrCode(url) };
}

const OTPAUTH = /^otpauth:\/\/totp\/[\x21-\x7e]{1,400}$/;
const SECRET = /^[A-Z2-7]{16,128}=*$/;

export const actions: Actions = {
  /** Asks for a secret, which counts only after a code has been made with it. */
  start: async (event) => {
    const password = textOf(await event.request.formData(), 'password');
    if (!password) {
      const errors: Errors = { password: m.invalid_required() };
      return refuse(event, 'start', 'VALIDATION_FAILED', { errors });
    }
    const made = await settle(api(event).POST('/api/me/second-factor', { body: { password } }));
    if (!made.ok) {
      return wrong(event, 'start', made.failure, { password: m.invalid_current_password() });
    }
    return { at: 'confirm' as const, setup: setup(made.data.secret, made.data.otpauth_url) };
  },

  confirm: async (event) => {
    const form = await event.request.formData();
    const [secret, url] = [textOf(form, 'secret'), textOf(form, 'url')];
    // What the page itself had shown; without it, the person starts over.
    if (!SECRET.test(secret) || !OTPAUTH.test(url)) {
      return refuse(event, 'start', 'VALIDATION_FAILED', { errors: {} as Errors });
    }
    const code = codeOf(form);
    const shown = setup(secret, url);
    if (!code) {
      const errors: Errors = { code: m.invalid_code() };
      return refuse(event, 'confirm', 'VALIDATION_FAILED', { setup: shown, errors });
    }
    const confirmed = await settle(
      api(event).POST('/api/me/second-factor/confirm', { body: { code } }),
    );
    if (confirmed.ok) {
      renewSession(event);
      return { at: 'shown' as const, codes: confirmed.data.recovery_codes };
    }
    const { failure } = confirmed;
    changedMeanwhile(failure);
    const isWrong = ['AUTH_INVALID_CREDENTIALS', 'VALIDATION_FAILED'].includes(failure.code);
    const errors: Errors = isWrong ? { code: m.invalid_code() } : {};
    const reason = isWrong ? { ...failure, code: 'VALIDATION_FAILED' } : failure;
    return refuse(event, 'confirm', reason, { setup: shown, errors });
  },

  /** New recovery codes in place of the old ones. */
  codes: async (event) => {
    const code = codeOf(await event.request.formData());
    if (!code) {
      const errors: Errors = { code: m.invalid_code() };
      return refuse(event, 'codes', 'VALIDATION_FAILED', { errors });
    }
    const made = await settle(
      api(event).POST('/api/me/second-factor/recovery-codes', { body: { code } }),
    );
    if (!made.ok) return wrong(event, 'codes', made.failure, { code: m.invalid_code() });
    return { at: 'shown' as const, codes: made.data.recovery_codes };
  },

  disable: async (event) => {
    const form = await event.request.formData();
    const body = { password: textOf(form, 'password'), code: codeOf(form) };
    const errors: Errors = {};
    if (!body.password) errors.password = m.invalid_required();
    if (!body.code) errors.code = m.invalid_code();
    if (errors.password || errors.code) {
      return refuse(event, 'disable', 'VALIDATION_FAILED', { errors });
    }
    const ended = await settle(api(event).DELETE('/api/me/second-factor', { body }));
    if (ended.ok) return { at: 'disabled' as const };
    return wrong(event, 'disable', ended.failure, { code: m.invalid_password_or_code() });
  },

  signOut: async (event) => {
    const id = textOf(await event.request.formData(), 'id');
    const ended = await settle(
      api(event).DELETE('/api/me/sessions/{id}', { params: { path: { id } } }),
    );
    // One that has ended meanwhile is just as gone.
    if (ended.ok || ended.failure.status === 404) return { at: 'signOut' as const };
    return refuse(event, 'signOut', ended.failure, { errors: {} as Errors });
  },

  everywhere: async (event) => {
    const ended = await settle(api(event).POST('/api/auth/logout-all'));
    if (!ended.ok) return refuse(event, 'everywhere', ended.failure, { errors: {} as Errors });
    forgetSession(event);
    redirect(303, localizeHref(withNotice('/login', 'signed_out')));
  },
};
