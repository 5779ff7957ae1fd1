// The part of bcrypt-pbkdf that unlock-key.ts uses; the package brings no types.
declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** One bcrypt hash of 64-byte inputs into 32 bytes. */
    hash(sha2pass: Uint8Array, sha2salt: Uint8Array, out: Uint8Array): void
  }
  export default bcrypt
}
