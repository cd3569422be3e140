/**
 * The endpoints of an account that the OpenAPI document does not have yet, in the shape in which
 * openapi-typescript would write them. Once `schema.ts` has them, this file goes, and `types.ts`
 * and `client.ts` take the generated ones.
 */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export interface User {
  id: string;
  email: string;
  name: string;
  roles: string[];
  email_verified: boolean;
  phone?: string | null;
  /** Whether signing in asks for a second factor. */
  second_factor: boolean;
}

interface CheckEmail {
  status: 'check_email';
}

interface RegisterRequest {
  email: string;
  password: string;
  name: string;
}

interface LoginRequest {
  email: string;
  password: string;
  /** Six digits, or a recovery code. */
  code?: string;
}

export interface DeviceSession {
  id: string;
  created_at: string;
  last_used_at: string;
  /** Whether it is the one that asks. */
  current: boolean;
  user_agent?: string | null;
  ip?: string | null;
}

export interface AddressRequest {
  name: string;
  phone: string;
  postal_code: string;
  city: string;
  district: string;
  address1: string;
  address2?: string | null;
  is_default: boolean;
}

export interface SavedAddress extends AddressRequest {
  id: string;
}

export interface SecondFactor {
  enabled: boolean;
  recovery_codes_left: number;
}

export interface SecondFactorSecret {
  /** In base32. */
  secret: string;
  otpauth_url: string;
}

interface RecoveryCodes {
  recovery_codes: string[];
}

interface ApiKeyRequest {
  name: string;
  scopes: string[];
  expires_at?: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at?: string | null;
  last_used_at?: string | null;
}

/** A key that was just made: the only time it is shown. */
interface NewApiKey {
  id: string;
  name: string;
  scopes: string[];
  key: string;
}

type Json<T> = { headers: Record<string, unknown>; content: { 'application/json': T } };
type Empty = { headers: Record<string, unknown>; content?: never };
type NoParameters = { query?: never; header?: never; path?: never; cookie?: never };
type IdParameter = { query?: never; header?: never; path: { id: string }; cookie?: never };
type Body<T> = { content: { 'application/json': T } };

interface Get<R, P = NoParameters> {
  parameters: P;
  requestBody?: never;
  responses: R;
}

interface Send<T, R, P = NoParameters> {
  parameters: P;
  requestBody: Body<T>;
  responses: R;
}

export interface AccountPaths {
  '/api/auth/register': { post: Send<RegisterRequest, { 202: Json<CheckEmail> }> };
  '/api/auth/login': { post: Send<LoginRequest, { 200: Json<Schemas['Session']> }> };
  '/api/auth/logout-all': { post: Get<{ 204: Empty }> };
  '/api/auth/email/verify': { post: Send<{ token: string }, { 200: Json<{ email: string }> }> };
  '/api/auth/email/verify/resend': { post: Get<{ 202: Json<CheckEmail> }> };
  '/api/auth/password/forgot': { post: Send<{ email: string }, { 202: Json<CheckEmail> }> };
  '/api/auth/password/reset': {
    post: Send<{ token: string; password: string }, { 204: Empty }>;
  };
  '/api/me': {
    get: Get<{ 200: Json<User> }>;
    patch: Send<{ name?: string; phone?: string | null }, { 200: Json<User> }>;
    delete: Send<{ password: string }, { 204: Empty }>;
  };
  '/api/me/password': {
    post: Send<{ current_password: string; new_password: string }, { 204: Empty }>;
  };
  '/api/me/sessions': { get: Get<{ 200: Json<{ items: DeviceSession[] }> }> };
  '/api/me/sessions/{id}': { delete: Get<{ 204: Empty }, IdParameter> };
  '/api/me/addresses': {
    get: Get<{ 200: Json<{ items: SavedAddress[] }> }>;
    post: Send<AddressRequest, { 201: Json<SavedAddress> }>;
  };
  '/api/me/addresses/{id}': {
    put: Send<AddressRequest, { 200: Json<SavedAddress> }, IdParameter>;
    delete: Get<{ 204: Empty }, IdParameter>;
  };
  '/api/me/export': { get: Get<{ 200: Json<Record<string, unknown>> }> };
  '/api/me/second-factor': {
    get: Get<{ 200: Json<SecondFactor> }>;
    post: Send<{ password: string }, { 201: Json<SecondFactorSecret> }>;
    delete: Send<{ password: string; code: string }, { 204: Empty }>;
  };
  '/api/me/second-factor/confirm': {
    post: Send<{ code: string }, { 200: Json<RecoveryCodes> }>;
  };
  '/api/me/second-factor/recovery-codes': {
    post: Send<{ code: string }, { 200: Json<RecoveryCodes> }>;
  };
  '/api/me/api-keys': {
    get: Get<{ 200: Json<{ items: ApiKey[] }> }>;
    post: Send<ApiKeyRequest, { 201: Json<NewApiKey> }>;
  };
  '/api/me/api-keys/{id}': { delete: Get<{ 204: Empty }, IdParameter> };
}

/** Codes that the document's list does not have yet. */
export type NewErrorCode = 'SECOND_FACTOR_REQUIRED' | 'TOKEN_INVALID';
