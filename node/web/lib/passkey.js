// Keys wrapped by a passkey (WebAuthn, extension prf): without the authenticator and its owner, what is kept opens nothing.

import { LedgerError } from "./errors.js";
import { derived } from "./sealing.js";

const WRAPPING = "yuanzheng/passkey@v1";
const random = (size) => crypto.getRandomValues(new Uint8Array(size));

// Whether this browser says that it can; a passkey belongs to a name, so a page at a bare IP address has none.
export async function isAvailable() {
  const capabilities = await globalThis.PublicKeyCredential?.getClientCapabilities?.();
  return capabilities?.["extension:prf"] === true && !/^[\d.]+$|:/.test(location.hostname);
}

// Makes a passkey and wraps a seed with it: `{ credential, salt, iv, sealed }`. Throws `LedgerError`.
export async function wrap(name, seed, publicKey) {
  const salt = random(32);
  const prf = { eval: { first: salt } };
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "原证 Yuanzheng" },
        user: { id: publicKey, name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        extensions: { prf },
      },
    }),
  );
  const made = credential.getClientExtensionResults().prf;
  if (made?.enabled !== true) throw new LedgerError("keys.no-prf");
  const id = new Uint8Array(credential.rawId);
  // Some authenticators answer only when they are used, not when they are made.
  const secret = made.results?.first ?? (await secretOf(id, salt));
  const iv = random(12);
  const sealed = await crypto.subtle.encrypt(gcm(iv, publicKey), await derived(secret, WRAPPING), seed);
  return { credential: id, salt, iv, sealed: new Uint8Array(sealed) };
}

// The seed. Throws `LedgerError` where its owner declines, or another passkey answers.
export async function unwrap({ credential, salt, iv, sealed }, publicKey) {
  const key = await derived(await secretOf(credential, salt), WRAPPING);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(iv, publicKey), key, sealed));
  } catch {
    throw new LedgerError("keys.no-prf");
  }
}

const gcm = (iv, publicKey) => ({ name: "AES-GCM", iv, additionalData: publicKey });

async function secretOf(id, salt) {
  const assertion = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: "public-key", id }],
        userVerification: "required",
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const secret = assertion.getClientExtensionResults().prf?.results?.first;
  if (secret === undefined) throw new LedgerError("keys.no-prf");
  return secret;
}

async function asked(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error.name !== "NotAllowedError" && error.name !== "SecurityError") throw error;
    throw new LedgerError("keys.passkey-declined");
  }
}
