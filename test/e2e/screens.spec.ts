// Every screen with its other faces, in both themes, on the oldest runtime: without barriers, without a refusal of the policy. The engine is made up.
import { expect, test } from '@playwright/test'
import { expectAccessible } from './lib/axe.ts'
import { type Demo, type DemoPlace, startDemo } from './lib/demo.ts'
import { tabTo } from './lib/keyboard.ts'

let demo: Demo

test.beforeAll(async () => {
  test.setTimeout(120_000)
  demo = await startDemo()
})
test.afterAll(() => demo.close())

interface Screen extends DemoPlace {
  readonly name: string
  /** What proves that the screen is there. */
  readonly shows: string | RegExp
  /** A button that is pressed first, e.g. for a dialog. */
  readonly press?: string | RegExp
}

const screens: readonly Screen[] = [
  { name: 'fleet', path: '/fleet', shows: 'bots-1 (Falkenstein)' },
  { name: 'fleet-empty', path: '/fleet', world: 'empty', shows: 'Add your first host' },
  { name: 'fleet-loading', path: '/fleet', hang: ['host.list'], shows: 'Reading hosts' },
  { name: 'fleet-failed', path: '/fleet', fail: ['host.list'], shows: 'The hosts could not be read' },
  { name: 'fleet-no-match', path: '/fleet?q=nothing-like-this', shows: 'No host matches the filter' },
  { name: 'incidents', path: '/incidents', shows: 'Attempt 3 of 5' },
  { name: 'incidents-resolved', path: '/incidents?state=resolved&severity=warning', shows: 'did not run' },
  { name: 'incidents-empty', path: '/incidents', world: 'empty', shows: 'Nothing is wrong' },
  { name: 'incidents-loading', path: '/incidents', hang: ['incident.list'], shows: 'Reading incidents' },
  { name: 'incidents-failed', path: '/incidents', fail: ['incident.list'], shows: 'The incidents could not be read' },
  { name: 'incidents-no-match', path: '/incidents?q=nothing-like-this', shows: 'No incident matches the filter' },
  {
    name: 'incident',
    path: '/incidents/inc-webhook-bot',
    shows: 'It failed again; attempt 3 of 5 waits for its delay.',
  },
  { name: 'incident-acknowledged', path: '/incidents/inc-telegram', shows: /Acknowledged by you/ },
  { name: 'incident-silenced', path: '/incidents/inc-certificate', shows: 'Nobody is told' },
  { name: 'incident-without-journal', path: '/incidents/inc-db-down', shows: /The journal could not be read/ },
  { name: 'incident-over', path: '/incidents/inc-past-3', shows: 'Resolved' },
  {
    name: 'incident-failed',
    path: '/incidents/inc-disk',
    fail: ['incident.get'],
    shows: 'The incident could not be read',
  },
  { name: 'incident-unknown', path: '/incidents/nothing', shows: 'This incident is not known' },
  { name: 'incident-silence', path: '/incidents/inc-webhook-bot', press: 'Silence', shows: 'For how long' },
  { name: 'incident-note', path: '/incidents/inc-webhook-bot', press: 'Note', shows: 'What you found or did' },
  { name: 'incident-export', path: '/incidents/inc-webhook-bot', press: 'Export', shows: /are taken out/ },
  { name: 'silences', path: '/silences', shows: 'Backup of the trading database' },
  { name: 'silences-empty', path: '/silences', world: 'empty', shows: 'Nothing is silenced' },
  { name: 'silences-failed', path: '/silences', fail: ['silence.list'], shows: 'The silences could not be read' },
  { name: 'silence-once', path: '/silences', press: 'Add', shows: 'Until I take it back' },
  { name: 'silence-weekly', path: '/silences', press: 'Edit Backup of the trading database', shows: 'Time zone' },
  { name: 'silence-cron', path: '/silences', press: 'Edit Monthly reboot', shows: 'Begins by cron' },
  { name: 'silence-remove', path: '/silences', press: 'Remove Monthly reboot', shows: /does not come again/ },
  { name: 'rules-off', path: '/incidents', world: 'troubled', shows: 'Switch on again' },
  { name: 'checks', path: '/checks', shows: 'Keep-alive bot answers' },
  { name: 'checks-many', path: '/checks', world: 'crowded', shows: '<b>not bold</b>' },
  { name: 'checks-loading', path: '/checks', hang: ['check.list'], shows: 'Reading checks' },
  { name: 'checks-failed', path: '/checks', fail: ['check.list'], shows: 'The checks could not be read' },
  { name: 'checks-no-match', path: '/checks?q=nothing-like-this', shows: 'No check matches the filter' },
  { name: 'check', path: '/checks/keepalive-health', shows: '60 of the last 60 probes healthy' },
  { name: 'check-alerting', path: '/checks/webhook-telegram', shows: 'Alerting' },
  { name: 'check-hostile', path: '/checks/crowd-1', world: 'crowded', shows: '<b>not bold</b>' },
  { name: 'check-failed', path: '/checks/stats-database', fail: ['check.get'], shows: 'The check could not be read' },
  { name: 'check-unknown', path: '/checks/nothing', shows: 'There is no such check' },
  { name: 'check-remove', path: '/checks/keepalive-health', press: 'Remove', shows: /Its incidents are kept/ },
  { name: 'check-kinds', path: '/checks/new', shows: 'What should be asked?' },
  {
    name: 'check-kinds-failed',
    path: '/checks/new',
    fail: ['check.kinds'],
    shows: /kinds of checks could not be read/,
  },
  { name: 'check-new', path: '/checks/new?type=http', shows: 'Warning conditions' },
  { name: 'check-tried', path: '/checks/trading-redis/edit', press: 'Try it now', shows: /every condition holds/ },
  {
    name: 'check-of-a-line',
    path: '/checks/new?host=web-1&type=journal-pattern&unit=system%2Fwebhook-bot.service&pattern=TimeoutError',
    shows: /lines within the last hour match/,
  },
  { name: 'check-edit', path: '/checks/keepalive-health/edit', shows: 'Examples for conditions' },
  { name: 'logins', path: '/logins', shows: 'X of alice' },
  { name: 'logins-empty', path: '/logins', world: 'empty', shows: 'No login is watched yet' },
  { name: 'logins-failed', path: '/logins', fail: ['login.list'], shows: 'The logins could not be read' },
  { name: 'login', path: '/logins/x-of-alice', shows: 'Write mine again' },
  { name: 'login-expired', path: '/logins/x-of-bob', shows: 'Its services are stopped until it is renewed' },
  { name: 'login-unknown', path: '/logins/nothing', shows: 'There is no such login' },
  { name: 'login-renew', path: '/logins/x-of-alice', press: 'Renew', shows: 'Open a login window' },
  { name: 'login-offer', path: '/logins/x-of-alice', press: 'Write mine again', shows: /replaced in one step/ },
  { name: 'login-new', path: '/logins/new', shows: 'Who uses it' },
  { name: 'backups', path: '/backups', shows: 'Trading bot' },
  { name: 'backups-empty', path: '/backups', world: 'empty', shows: 'Nothing is backed up yet' },
  { name: 'backups-failed', path: '/backups', fail: ['backup.list'], shows: 'The backups could not be read' },
  { name: 'backup', path: '/backups/trading', shows: 'Damaged' },
  { name: 'backup-running', path: '/backups/web', shows: /of about/ },
  { name: 'backup-late', path: '/backups/stats', shows: 'This backup needs attention' },
  { name: 'backup-unknown', path: '/backups/nothing', shows: 'There is no such backup' },
  { name: 'backup-items', path: '/backups/stats', press: 'What is in it', shows: 'public.events' },
  { name: 'backup-new', path: '/backups/new', shows: 'What it holds' },
  {
    name: 'backup-proposed',
    path: '/backups/new?host=bots-1&unit=system/trading-bot.service',
    shows: 'It lies in the service’s working folder',
  },
  { name: 'backup-edit', path: '/backups/trading/edit', shows: /at the next success/ },
  { name: 'backup-places', path: '/backups/places', shows: 'Offsite bucket' },
  { name: 'backup-place-new', path: '/backups/places/new', shows: 'Where are backups to be kept?' },
  { name: 'backup-place', path: '/backups/places/nas', shows: 'Left by other backups' },
  { name: 'backup-place-locked', path: '/backups/places/nas', press: 'Unlock', shows: 'Unlock this snapshot' },
  { name: 'maintenance', path: '/maintenance', shows: 'Nightly tidying' },
  { name: 'maintenance-many', path: '/maintenance', world: 'crowded', shows: 'Renew certificates' },
  { name: 'maintenance-empty', path: '/maintenance', world: 'empty', shows: 'No maintenance is planned yet' },
  { name: 'maintenance-loading', path: '/maintenance', hang: ['maintenance.list'], shows: 'Reading maintenance tasks' },
  { name: 'maintenance-failed', path: '/maintenance', fail: ['maintenance.list'], shows: /tasks could not be read/ },
  { name: 'task', path: '/maintenance/tidy', shows: 'What was done' },
  { name: 'task-running', path: '/maintenance/sweep', shows: /Stopped for now/ },
  { name: 'task-unknown', path: '/maintenance/nothing', shows: 'There is no such task' },
  { name: 'task-run', path: '/maintenance/tidy', press: 'Run now', shows: 'These log files are deleted for good.' },
  { name: 'task-away', path: '/maintenance/away', press: /See what/, shows: 'The host is not connected' },
  { name: 'task-new', path: '/maintenance/new', shows: 'Next times' },
  { name: 'task-edit', path: '/maintenance/sweep/edit', shows: /3\. Run commands/ },
  {
    name: 'host-remove',
    path: '/hosts/web-1/services',
    press: 'Remove host',
    shows: 'Start it again first',
  },
  {
    name: 'host-remove-failed',
    path: '/hosts/web-1/services',
    fail: ['login.list'],
    press: 'Remove host',
    shows: 'What belongs to this host could not be read',
  },
  { name: 'login-edit', path: '/logins/x-of-bob/edit', shows: 'Domains whose cookies are taken' },
  { name: 'suggestions', path: '/checks/suggestions?host=web-1', shows: 'Health endpoints' },
  {
    name: 'suggestions-loading',
    path: '/checks/suggestions?host=web-1',
    hang: ['check.proposals'],
    shows: 'Looking through the host',
  },
  {
    name: 'suggestions-failed',
    path: '/checks/suggestions?host=web-1',
    fail: ['check.proposals'],
    shows: 'The host could not be looked through',
  },
  { name: 'channels', path: '/settings/channels', shows: '3 waiting' },
  { name: 'channels-failed', path: '/settings/channels', fail: ['channel.list'], shows: /channels could not be read/ },
  { name: 'channel-kinds', path: '/settings/channels/new', shows: 'Where should messages go?' },
  { name: 'channel-new', path: '/settings/channels/new?type=email', shows: 'Encryption' },
  { name: 'channel', path: '/settings/channels/telegram-night', shows: 'Chats that may give commands' },
  { name: 'channel-tested', path: '/settings/channels/desktop', press: 'Send a test', shows: /was taken/ },
  { name: 'channel-unknown', path: '/settings/channels/nothing', shows: 'There is no such channel' },
  {
    name: 'recovery',
    path: '/hosts/web-1/services/system/webhook-bot.service/recovery',
    shows: 'It failed again; attempt 3 of 5 waits for its delay.',
  },
  {
    name: 'recovery-dry-run',
    path: '/hosts/web-1/services/system/trading-bot.service/recovery',
    press: 'What would it have done?',
    shows: /start limit was hit/,
  },
  {
    name: 'recovery-drop-in',
    path: '/hosts/web-1/services/system/webhook-bot.service/recovery',
    press: 'Review',
    shows: '[Service]',
  },
  {
    name: 'recovery-failed',
    path: '/hosts/web-1/services/system/nginx.service/recovery',
    fail: ['recovery.get'],
    shows: 'The rule could not be read',
  },
  { name: 'host-checks', path: '/hosts/web-1/checks', shows: 'Trading queue' },
  { name: 'host-checks-unreachable', path: '/hosts/db-1/checks', shows: 'Postgres port' },
  { name: 'activity', path: '/activity?entry=1000', shows: 'The main process ended with status 1 after 0.4 s.' },
  { name: 'activity-empty', path: '/activity', world: 'empty', shows: 'Nothing has been done yet' },
  { name: 'activity-failed', path: '/activity', fail: ['audit.list'], shows: 'The activity could not be read' },
  { name: 'settings', path: '/settings', world: 'troubled', shows: 'Development runtime' },
  { name: 'settings-export', path: '/settings', press: 'Export…', shows: 'Passphrase for the secrets' },
  { name: 'settings-import', path: '/settings', press: 'Import…', shows: 'Take it over' },
  { name: 'settings-failed', path: '/settings', fail: ['settings.get'], shows: 'Quarterdeck could not start' },
  { name: 'welcome', path: '/', world: 'first-run', shows: 'Welcome to Quarterdeck' },
  { name: 'welcome-passphrase', path: '/', world: 'first-run-no-keyring', shows: 'Repeat the passphrase' },
  { name: 'unlock', path: '/fleet', world: 'locked', shows: 'Unlock the vault' },
  { name: 'add-host', path: '/hosts/new', shows: 'Private key file' },
  { name: 'edit-host', path: '/hosts/bots-1/edit', shows: 'Stored. Leave empty to keep it' },
  { name: 'host', path: '/hosts/web-1/services', shows: 'Telegram webhook bot on :8001' },
  { name: 'host-metrics', path: '/hosts/web-1/metrics', shows: 'Memory and swap' },
  { name: 'host-journal', path: '/hosts/web-1/journal', shows: 'Load earlier' },
  { name: 'host-timers', path: '/hosts/web-1/timers', shows: 'telegram-webhook-check' },
  {
    name: 'service',
    path: '/hosts/web-1/services/system/trading-bot.service',
    shows: 'Trading bot (Postgres, Redis)',
  },
  { name: 'host-key-changed', path: '/hosts/edge-2/services', shows: 'The host key has changed' },
  { name: 'host-login-refused', path: '/hosts/mail/services', shows: 'The host refused the login' },
  { name: 'host-retry', path: '/hosts/db-1/services', shows: /Not connected\. Retry in/ },
  { name: 'host-without-systemd', path: '/hosts/alpine-nas/services', shows: 'This is not a systemd host' },
  { name: 'host-without-rights', path: '/hosts/shared-box/services', shows: 'The journal cannot be read in full' },
  { name: 'host-gone', path: '/hosts/nowhere/services', shows: 'This host is not configured' },
  { name: 'lost', path: '/no/such/place', shows: 'There is nothing at this address' },
]

for (const screen of screens) {
  test(`${screen.name} has no barriers, dark and light`, async () => {
    const before = demo.complaints.length
    for (const theme of ['light', 'dark'] as const) {
      await demo.open({ ...screen, theme })
      if (screen.press !== undefined) await demo.page.getByRole('button', { name: screen.press, exact: true }).click()
      await expect(demo.page.getByText(screen.shows).first()).toBeVisible()
      // Loading faces show themselves after a moment; the check wants the settled screen.
      await expectAccessible(demo.page, `${screen.name}, ${theme}`)
      await demo.screenshot(`${screen.name}-${theme}`)
    }
    expect(demo.complaints.slice(before)).toEqual([])
  })
}

test('an incident is acknowledged, noted and silenced by the keyboard alone', async () => {
  const { page } = demo
  const names = (): Promise<string[]> => demo.control(({ calls }) => calls.map(call => call.name))
  await demo.open({ path: '/incidents' })
  await expect(page.getByRole('row').filter({ hasText: 'webhook-bot.service failed' })).toBeVisible()
  await page.locator('tbody tr').first().focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'webhook-bot.service failed on web-1' })).toBeVisible()
  await page.keyboard.press('a')
  await expect(page.getByText(/^Acknowledged by you/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0)
  await page.keyboard.press('n')
  await page.keyboard.type('The token was rotated')
  await tabTo(page, /^Add note$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByText('The token was rotated')).toBeVisible()
  await page.keyboard.press('s')
  await expect(page.getByRole('dialog', { name: 'Silence' })).toBeVisible()
  await tabTo(page, /^1 h$/)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Nobody is told', { exact: true })).toBeVisible()
  expect(await names()).toEqual(expect.arrayContaining(['incident.acknowledge', 'incident.note', 'silence.add']))
  await page.keyboard.press('g')
  await page.keyboard.press('i')
  await expect(page.getByRole('heading', { name: 'Incidents' })).toBeVisible()
})

test('a route that a notification opens leads to that very incident', async () => {
  await demo.open({ path: '/fleet' })
  await expect(demo.page.getByRole('heading', { name: 'Fleet' })).toBeVisible()
  await demo.control(control => control.openRoute('/incidents/inc-disk'))
  await expect(demo.page.getByRole('heading', { name: 'Disk / of bots-1 (Falkenstein) is nearly full' })).toBeVisible()
})

test('rules that were switched off are switched on again where the window says so', async () => {
  await demo.open({ path: '/fleet', world: 'troubled' })
  await demo.page.getByRole('button', { name: 'Switch on again' }).click()
  await expect(demo.page.getByText('Mending by rule is switched off.')).toHaveCount(0)
})

const crowded = [
  '/fleet',
  '/incidents',
  '/incidents/inc-webhook-bot',
  '/silences',
  '/checks',
  '/checks/webhook-telegram',
  '/checks/new',
  '/checks/new?type=http',
  '/checks/suggestions?host=web-1',
  '/logins',
  '/logins/x-of-alice',
  '/logins/x-of-bob/edit',
  '/backups',
  '/backups/trading',
  '/backups/trading/edit',
  '/backups/places',
  '/maintenance',
  '/maintenance/tidy',
  '/maintenance/tidy/edit',
  '/settings/channels',
  '/settings/channels/mail-ops',
  '/hosts/web-1/checks',
  '/hosts/web-1/services/system/webhook-bot.service/recovery',
  '/activity?entry=1000',
  '/settings',
  '/hosts/new',
  '/hosts/edge-2/services',
  '/hosts/web-1/services',
]

/** How far the page is wider than its window, and the first row lower than a line of its text. */
const squeezed = (): Promise<{ overflow: number; rowLines: number | null }> =>
  demo.page.evaluate(() => {
    const row = document.querySelector('tbody tr')
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
    return {
      overflow: document.documentElement.scrollWidth - window.innerWidth,
      rowLines: row ? row.getBoundingClientRect().height / rem : null,
    }
  })

test('text of twice the size still fits: nothing is cut off sideways, rows grow with it', async () => {
  for (const path of crowded) {
    await demo.open({ path })
    await expect(demo.page.getByRole('main')).toBeVisible()
    await demo.page.evaluate(() => {
      document.documentElement.style.fontSize = '200%'
    })
    await expect.poll(async () => (await squeezed()).rowLines ?? 2).toBeGreaterThanOrEqual(1.9)
    expect((await squeezed()).overflow, path).toBeLessThanOrEqual(0)
    await demo.screenshot(`large-text${path.replace(/[^a-z0-9]+/g, '-')}`)
  }
})

/** What of the screen scrolls sideways. */
const sideways = (): Promise<string[]> =>
  demo.page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main, main *')]
      .filter(box => box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(box).overflowX))
      .map(box => `${box.className}: ${box.scrollWidth} in ${box.clientWidth}`),
  )

test.describe('in a smaller window', () => {
  // also where one of them fails
  test.afterEach(() => demo.page.setViewportSize({ width: 1280, height: 800 }))

  test('in a window of 900 pixels no list has to be scrolled sideways', async () => {
    await demo.page.setViewportSize({ width: 900, height: 640 })
    const lists = ['/hosts/web-1/services', '/hosts/web-1/timers', '/activity']
    lists.push(...crowded.filter(path => path !== '/settings' && /^\/[a-z]+(\/places)?$/.test(path)))
    for (const path of lists) {
      await demo.open({ path })
      await expect(demo.page.getByRole('row').nth(1)).toBeVisible()
      expect(await sideways(), path).toEqual([])
    }
  })

  test('a window zoomed to 200 % still fits', async () => {
    await demo.page.setViewportSize({ width: 640, height: 400 })
    for (const path of crowded) {
      await demo.open({ path })
      await expect(demo.page.getByRole('main')).toBeVisible()
      expect((await squeezed()).overflow, path).toBeLessThanOrEqual(0)
      await demo.screenshot(`zoomed${path.replace(/[^a-z0-9]+/g, '-')}`)
    }
  })
})
