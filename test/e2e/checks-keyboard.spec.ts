// Proves that checks, channels and recovery can be used by the keyboard alone, on a made-up engine. No pointer is ever used.
import { expect, test } from '@playwright/test'
import { type Demo, startDemo } from './lib/demo.ts'
import { focusedName, tabAndType, tabTo, watchPointer } from './lib/keyboard.ts'

let demo: Demo
let expectNoPointer: () => Promise<void>

test.beforeAll(async () => {
  test.setTimeout(120_000)
  demo = await startDemo()
  expectNoPointer = await watchPointer(demo.page)
})
test.afterAll(() => demo.close())
test.afterEach(() => expectNoPointer())

const press = async (...keys: string[]): Promise<void> => {
  for (const key of keys) await demo.page.keyboard.press(key)
}
const calls = (name: string): Promise<unknown[]> =>
  demo.control(control => control.calls).then(all => all.filter(call => call.name === name).map(call => call.input))

test('the probes of a check are told one by one by arrow keys', async () => {
  const { page } = demo
  await demo.open({ path: '/checks/webhook-telegram' })
  const beats = page.getByRole('slider', { name: 'Last probes of Telegram webhook' })
  await expect(beats).toBeVisible()
  await tabTo(page, /^Last probes of Telegram webhook$/)
  await expect(beats).toHaveAttribute('aria-valuenow', '60')
  await press('ArrowLeft')
  await expect(beats).toHaveAttribute('aria-valuetext', /: Unhealthy.*pending_update_count/)
  const newest = await beats.getAttribute('aria-valuetext')
  await press('ArrowLeft')
  await expect(beats).not.toHaveAttribute('aria-valuetext', String(newest))
  await press('Home')
  await expect(beats).toHaveAttribute('aria-valuenow', '1')
  await expect(beats).toHaveAttribute('aria-valuetext', /: (Healthy|Unknown)/)
  await press('End')
  await expect(beats).toHaveAttribute('aria-valuetext', String(newest))
})

test('a check is added, tried and removed', async () => {
  const { page } = demo
  await demo.open({ path: '/checks' })
  await expect(page.getByText('Keep-alive bot answers').first()).toBeVisible()
  await tabTo(page, /^Add check$/)
  await press('Enter')
  await expect(page.getByText('What should be asked?')).toBeVisible()
  await tabTo(page, /^HTTP endpoint/)
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'HTTP endpoint' })).toBeVisible()
  await tabTo(page, /^Name$/)
  await press('Control+a')
  await page.keyboard.type('Poster answers')
  await tabAndType(page, /^Address$/, 'http://127.0.0.1:8080/health')
  await tabAndType(page, /^Conditions$/, '[STATUS] == 200')
  await press('Enter')
  await page.keyboard.type('[BODY].queue < 10')
  await tabTo(page, /^Examples for conditions$/)
  await press('Enter')
  await expect(page.getByText('len([BODY].items) > 0')).toBeVisible()
  await tabTo(page, /^More$/)
  await press('Enter')
  await tabAndType(page, /^Bearer token$/, 'not-to-be-seen')
  await tabTo(page, /^Try it now$/)
  await press('Enter')
  await expect(page.getByText(/every condition holds/)).toBeVisible()
  // The sidebar of the page has a link of that name no more than once; the form's is the button.
  await press('Shift+Tab')
  expect(await focusedName(page)).toBe('Add check')
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'Poster answers' })).toBeVisible()
  const [added] = await calls('check.add')
  expect(added).toMatchObject({
    draft: { name: 'Poster answers', spec: { conditions: ['[STATUS] == 200', '[BODY].queue < 10'] } },
    secrets: { token: 'not-to-be-seen' },
  })
  expect(JSON.stringify((added as { draft: unknown }).draft)).not.toContain('not-to-be-seen')
  await tabTo(page, /^Remove$/)
  await press('Enter')
  await expect(page.getByRole('alertdialog')).toBeVisible()
  // the name is asked for at once
  await page.keyboard.type('Poster answers')
  await tabTo(page, /^Remove check$/)
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'Checks' })).toBeVisible()
  await expect(page.getByText('Poster answers')).toHaveCount(0)
})

test('a form that is refused leads to the field that is wrong', async () => {
  const { page } = demo
  await demo.open({ path: '/checks/new?type=http&host=web-1' })
  await tabTo(page, /^Name$/)
  await press('Control+a', 'Delete', 'Enter')
  await expect(page.getByText('Give the check a name').first()).toBeVisible()
  await expect.poll(() => focusedName(page)).toMatch(/^Name/)
  // also where a part is missing, or a question of several boxes has no answer
  await demo.open({ path: '/backups/new' })
  await tabTo(page, /^Add backup$/)
  await press('Enter')
  await expect.poll(() => focusedName(page)).toMatch(/^Kind/)
  await tabTo(page, /^Add to the backup$/)
  await press('Enter')
  await page.getByLabel('File', { exact: true }).fill('/srv/bot.db')
  await page.getByRole('checkbox', { name: 'This computer', exact: true }).focus()
  await press('Space')
  await tabTo(page, /^Add backup$/)
  await press('Enter')
  await expect.poll(() => focusedName(page)).toMatch(/^This computer/)
})

test('a line of the journal becomes a check of its service', async () => {
  const { page } = demo
  await demo.open({ path: '/hosts/web-1/services/system/webhook-bot.service' })
  await expect(page.getByRole('option').first()).toBeVisible()
  await tabTo(page, /^Lines$/)
  await press('ArrowUp')
  const details = page.getByRole('complementary', { name: 'Chosen line' })
  await expect(details).toBeVisible()
  const said = (await details.locator('pre').textContent()) ?? ''
  await tabTo(page, /^Make a check of this$/)
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'Journal pattern' })).toBeVisible()
  await expect(page.getByLabel('Service', { exact: true })).toHaveValue('system/webhook-bot.service')
  const pattern = await page.getByLabel('Pattern', { exact: true }).inputValue()
  expect(new RegExp(pattern).test(said)).toBe(true)
  await expect(page.getByText(/lines within the last hour match/)).toBeVisible()
})

test('what is selected within a line becomes a check word for word', async () => {
  const { page } = demo
  await demo.open({ path: '/hosts/web-1/services/system/webhook-bot.service' })
  await expect(page.getByRole('option').filter({ hasText: 'TimeoutError' }).first()).toBeVisible()
  await page.evaluate(() => {
    const row = [...document.querySelectorAll('[data-index]')].find(each => each.textContent?.includes('TimeoutError'))
    const walker = document.createTreeWalker(row as Element, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent?.indexOf('(most recent') ?? -1
      if (at < 0) continue
      const range = document.createRange()
      range.setStart(node, at)
      range.setEnd(node, at + '(most recent call last)'.length)
      window.getSelection()?.removeAllRanges()
      window.getSelection()?.addRange(range)
    }
  })
  await tabTo(page, /^Make a check of the selection$/)
  await press('Enter')
  await expect(page.getByLabel('Pattern', { exact: true })).toHaveValue('\\(most recent call last\\)')
})

test('a channel is added, tested and kept quiet at night', async () => {
  const { page } = demo
  await demo.open({ path: '/settings/channels' })
  await expect(page.getByText('Telegram, night shift')).toBeVisible()
  await tabTo(page, /^Add channel$/)
  await press('Enter')
  await tabTo(page, /^ntfy/)
  await press('Enter')
  await tabAndType(page, /^Topic$/, 'quarterdeck-night-7f3a')
  await tabTo(page, /^Hold messages back at certain hours/)
  await press('Space')
  await tabTo(page, /^Send a test$/)
  await press('Enter')
  await expect(page.getByText('The test message was taken')).toBeVisible()
  await press('Shift+Tab')
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'Channels' })).toBeVisible()
  const [added] = await calls('channel.add')
  expect(added).toMatchObject({
    draft: { spec: { topic: 'quarterdeck-night-7f3a' }, quietHours: { from: '22:00', to: '07:00' } },
  })
})

test('a rule is switched on with a second step, and its effect is looked at', async () => {
  const { page } = demo
  await demo.open({ path: '/hosts/web-1/services/system/nginx.service/recovery' })
  await expect(page.getByLabel('Mend this service without me')).toBeVisible()
  await tabTo(page, /^Mend this service without me/)
  await press('Space')
  await tabTo(page, /^Add a step$/)
  await press('Enter')
  await tabTo(page, /^Step 2/)
  await page.keyboard.type('Shorten')
  await expect(page.getByText('journalctl --vacuum-size=500M')).toBeVisible()
  await tabTo(page, /^What would it have done\?$/)
  await press('Enter')
  await expect(page.getByText(/start limit was hit/)).toBeVisible()
  await press('Escape')
  await press('Shift+Tab')
  expect(await focusedName(page)).toBe('Save')
  await press('Enter')
  await expect(page.getByText('The rule is on')).toBeVisible()
  const [set] = await calls('recovery.set')
  expect(set).toMatchObject({
    policy: { enabled: true, steps: [{ type: 'restart-unit' }, { type: 'vacuum-journal' }] },
  })
})

test('the palette opens a check and a channel', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  await expect(page.getByRole('row').filter({ hasText: 'web-1' })).toBeVisible()
  for (const [text, name] of [
    ['trading queue', 'Trading queue'],
    ['night shift', 'Telegram, night shift'],
  ] as const) {
    await press('Control+k')
    await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible()
    await page.keyboard.type(text)
    await expect(page.getByRole('option', { name: new RegExp(name) })).toBeVisible()
    await press('Enter')
    await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
  }
})
