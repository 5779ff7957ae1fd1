// Makes certificates with openssl for tests that speak TLS; must not know what each test proves.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface KeyPair {
  readonly key: string
  /** The certificate, followed by what is above it but for the root. */
  readonly cert: string
}
export interface Authority {
  readonly ca: string
  /** A certificate for these names, valid from `fromDays` (0) to `days` from now. */
  issue(names: readonly string[], days: number, fromDays?: number): KeyPair
  dispose(): void
}

/** A root of its own. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-ca-'))
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '3650', '-subj', '/CN=Test Root')
  let serial = 1
  return {
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
    issue(names, days, fromDays = 0) {
      serial += 1
      const at = (ms: number): string => new Date(Date.now() + ms).toISOString().replace(/[-:T]|\.\d+/g, '')
      const day = 86_400_000
      const alt = names.map(name => `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',')
      writeFileSync(
        join(folder, 'ca.cnf'),
        `[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\npolicy=p\nunique_subject=no\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=${alt}\nbasicConstraints=CA:FALSE\n`,
      )
      writeFileSync(join(folder, 'index.txt'), '')
      writeFileSync(join(folder, 'serial'), `${serial.toString(16).padStart(4, '0')}\n`)
      openssl('req', ...ec, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', `/CN=${names[0]}`)
      openssl(
        'ca',
        '-batch',
        '-config',
        'ca.cnf',
        '-cert',
        'ca.pem',
        '-keyfile',
        'ca.key',
        '-in',
        'leaf.csr',
        '-out',
        'leaf.pem',
        '-notext',
        '-startdate',
        at(fromDays * day - 60_000),
        '-enddate',
        at(days * day),
      )
      const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
      return { key: read('leaf.key'), cert: read('leaf.pem') }
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  }
}
