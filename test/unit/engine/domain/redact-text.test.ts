// What must not leave in an export does not; what tells the story stays.
import { expect, test } from 'vitest'
import { redactText } from '../../../../src/engine/domain/redact-text.ts'

const known = { addresses: ['vps.example.org', '203.0.113.7'], users: ['deploy', 'bot', 'root'], keep: ['bot'] }
const clean = (text: string): string => redactText(text, known)

test.each([
  // addresses
  ['connect 10.0.0.17:5432 refused', 'connect [ip]:5432 refused'],
  ['from fe80::1%eth0 port 22', 'from [ip] port 22'],
  ['2001:db8:0:0:0:0:0:1 and ::1', '[ip] and [ip]'],
  ['::ffff:192.0.2.1 called', '[ip] called'],
  ['link aa:bb:cc:dd:ee:ff up', 'link [mac] up'],
  ['vps.example.org answered, VPS.example.org:22 too', '[host] answered, [host]:22 too'],
  ['GET https://api.example.net:8443/v1?x=1', 'GET https://[host]:8443/v1?x=1'],
  ['postgres://me:hunter22@db.internal:5432/app', 'postgres://[user]@[host]:5432/app'],
  ['mail to anna.b+x@sub.example.com now', 'mail to [email] now'],
  ['http://[2001:db8::1]:80/', 'http://[host]:80/'],
  // users
  [
    'Failed password for invalid user admin from 198.51.100.3 port 2',
    'Failed password for invalid user [user] from [ip] port 2',
  ],
  ['Accepted publickey for anna from 198.51.100.3', 'Accepted publickey for [user] from [ip]'],
  ['session opened for user anna(uid=1000) by anna(uid=0)', 'session opened for user [user](uid=1000) by anna(uid=0)'],
  ['open /home/anna/.env: no such file', 'open /home/[user]/.env: no such file'],
  ['USER=anna LOGNAME=anna', 'USER=[user] LOGNAME=[user]'],
  ['deploy ran deployment', '[user] ran deployment'],
  ['Telegram @anna_b said so', 'Telegram @[user] said so'],
  // secrets
  ['token 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1', 'token [token]'],
  ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [secret]'],
  ['password=hunter22 and "api_key": "x y z"', 'password=[secret] and "api_key": [secret]'],
  ['DB_PASSWORD=pa55 TOKEN=abc', 'DB_PASSWORD=[secret] TOKEN=[secret]'],
  ['mysqldump --password s3cret db', 'mysqldump --password [secret] db'],
  ['Set-Cookie: sid=1; path=/', 'Set-Cookie: [secret]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def', '[token]'],
  ['ghp_0123456789abcdefghij', '[token]'],
  ['key -----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY----- end', 'key [private key] end'],
  ['-----BEGIN RSA PRIVATE KEY-----\ncut', '[private key]'],
  ['sha 0123456789abcdef0123456789abcdef', 'sha [hex]'],
  ['x Zm9vYmFyYmF6MTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1A= y', 'x [token] y'],
])('%s', (text, expected) => {
  expect(clean(text)).toBe(expected)
})

test.each([
  'bot failed: [STATUS] (500) == 200 at 10:00:01, took 3.142 s',
  'getty@tty1.service: Main process exited, code=exited, status=1/FAILURE',
  'systemd 252.1-1~deb12u1, kernel 6.1.0-18-amd64',
  'active (running), PID 4711, memory 512.5 MB',
  'root may not read the journal',
  'std::bad_alloc in Foo::bar',
  'No space left on device: /var/lib/bot/data.db',
])('%s stays', text => {
  expect(clean(text)).toBe(text)
})

test('hostile text costs little time, and a long one is cut', () => {
  const hostile = [
    `${':'.repeat(50_000)}`,
    `${'a@'.repeat(25_000)}`,
    `${'1.'.repeat(25_000)}`,
    `${'password'.repeat(6_000)}`,
  ]
  for (const text of hostile) expect(clean(text).length).toBeLessThanOrEqual(20_001)
})
