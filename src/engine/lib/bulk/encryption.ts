// What the stream knows of encryption: something that bytes go through; knows no algorithm.
import type { Duplex } from 'node:stream'

export interface Encryptor {
  readonly kind: 'passphrase' | 'age'
  /** A fresh stream for one file. */
  stream(): Promise<Duplex>
}

export interface Decryptor {
  /** A fresh stream for one file; fails with BACKUP_BAD where the content is not what was encrypted, or the key is not the one. */
  stream(): Promise<Duplex>
}
