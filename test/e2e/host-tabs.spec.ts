// What a person does with a host's journal, metrics and timers, in a real window of the oldest runtime. The engine is made up.
import { expect, test } from '@playwright/test'
import { type Demo, startDemo } from './lib/demo.ts'

let demo: Demo

test.beforeAll(async () => {
  test.setTimeout(120_000)
  demo = await startDemo()
})
test.afterAll(() => demo.close())

const lines = () => demo.page.getByRole('listbox', { name: 'Lines' })
const follows = () =>
  demo.control(control => control.calls.filter(call => call.name === 'journal.follow').map(call => call.input))
/** How far the list is from its end, in pixels. */
const fromEnd = () => lines().evaluate(list => list.scrollHeight - list.scrollTop - list.clientHeight)

test('the journal follows, stays where one scrolls to, and comes back with a click', async () => {
  await demo.open({ path: '/hosts/web-1/journal' })
  await expect(lines().getByRole('option').last()).toBeVisible()
  expect(await fromEnd()).toBeLessThan(2)
  await lines().hover()
  await demo.page.mouse.wheel(0, -600)
  const jump = demo.page.getByRole('button', { name: /^Jump to newest/ })
  await expect(jump).toBeVisible()
  // The wheel takes its time; a row is held only when the list stands still.
  await expect.poll(fromEnd).toBeGreaterThan(598)
  await demo.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
  const held = lines().getByRole('option').nth(12)
  const text = await held.innerText()
  const before = await fromEnd()
  await expect(demo.page.getByRole('button', { name: /^Jump to newest \(\d+ new\)/ })).toBeVisible()
  expect(await held.innerText()).toBe(text)
  expect(await fromEnd()).toBeGreaterThan(before)
  await jump.click()
  await expect(jump).toBeHidden()
  expect(await fromEnd()).toBeLessThan(2)
})

test('earlier lines come in front without moving those in view', async () => {
  await demo.open({ path: '/hosts/web-1/journal' })
  await expect(lines().getByRole('option').last()).toBeVisible()
  await lines().focus()
  await demo.page.keyboard.press('Home')
  const first = lines().getByRole('option').first()
  await expect(first).toHaveAttribute('aria-selected', 'true')
  const text = await first.innerText()
  const place = await first.boundingBox()
  await demo.page.getByRole('button', { name: 'Load earlier' }).click()
  const same = lines().getByRole('option', { selected: true })
  await expect(same).not.toHaveAttribute('data-index', '0')
  // its run of repeats may have begun earlier, so the count is left out
  expect((await same.innerText()).split('×')[0]).toBe(text.split('×')[0])
  expect(Math.abs(((await same.boundingBox())?.y ?? 0) - (place?.y ?? 0))).toBeLessThan(2)
})

test('filters go to the engine once typing pauses, live in the address, and a wrong expression is said without asking', async () => {
  await demo.open({ path: '/hosts/web-1/journal' })
  await expect(lines().getByRole('option').last()).toBeVisible()
  await demo.page.keyboard.press('/')
  await demo.page.keyboard.type('heartbeat')
  await expect(lines().getByRole('option').first()).toContainText('heartbeat')
  await expect(lines().getByText('webhook')).toHaveCount(0)
  await expect(demo.page).toHaveURL(/q=heartbeat/)
  expect((await follows()).length).toBeLessThanOrEqual(3)
  const asked = (await follows()).length
  await demo.page.getByRole('button', { name: 'Regular expression' }).click()
  await demo.page.getByRole('textbox', { name: 'Filter lines' }).fill('(heart')
  await expect(demo.page.getByRole('alert')).toContainText('Not a regular expression')
  await expect(lines().getByRole('option').first()).toContainText('heartbeat')
  await demo.page.getByRole('textbox', { name: 'Filter lines' }).fill('(heart|session)')
  await expect(lines().getByText('session valid').first()).toBeVisible()
  await expect(demo.page.getByRole('alert')).toHaveCount(0)
  expect(JSON.stringify((await follows()).slice(asked))).not.toContain('"(heart"')
})

test('S34 hostile text is shown and does nothing; a chosen line is there in full', async () => {
  await demo.open({ path: '/hosts/web-1/journal?q=cleared' })
  const line = lines().getByRole('option').first()
  await expect(line).toContainText('cleared? link ⟨U+202E⟩txt.exe')
  await line.click()
  const details = demo.page.getByRole('complementary', { name: 'Chosen line' })
  await expect(details).toContainText('cleared? link ⟨U+202E⟩txt.exe')
  await expect(details).toContainText('hostile.service')
  await lines().focus()
  await demo.page.keyboard.press('Escape')
  await expect(details).toBeHidden()
})

test('charts zoom by dragging, the zoom is a place, and back leads out of it', async () => {
  await demo.open({ path: '/hosts/web-1/metrics' })
  const chart = demo.page.getByRole('img', { name: /^CPU from/ })
  await expect(chart).toHaveAttribute('aria-label', /All cores: now \d/)
  const box = await chart.locator('.u-over').boundingBox()
  if (!box) throw new Error('The chart has no plot')
  const y = box.y + box.height / 2
  await demo.page.mouse.move(box.x + box.width * 0.6, y)
  await demo.page.mouse.down()
  await demo.page.mouse.move(box.x + box.width * 0.7, y, { steps: 4 })
  await demo.page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 })
  await demo.page.mouse.up()
  await expect(demo.page.getByRole('button', { name: 'Leave the zoom' })).toBeVisible()
  const [from = 0, to = 0] = /zoom=(\d+)-(\d+)/.exec(demo.page.url())?.slice(1).map(Number) ?? []
  expect((to - from) / 60_000).toBeGreaterThan(11)
  expect((to - from) / 60_000).toBeLessThan(13)
  await demo.page.goBack()
  await expect(demo.page.getByRole('button', { name: 'Leave the zoom' })).toBeHidden()
  await demo.page.getByText('7 d', { exact: true }).click()
  await expect(demo.page).toHaveURL(/range=7d/)
  await expect(chart).toBeVisible()
})

test('a stretch that was not watched says why where the pointer is', async () => {
  await demo.open({ path: '/hosts/web-1/metrics' })
  const plot = demo.page.getByRole('img', { name: /^CPU from/ }).locator('.u-over')
  const box = await plot.boundingBox()
  if (!box) throw new Error('The chart has no plot')
  await demo.page.mouse.move(box.x + box.width * 0.46, box.y + box.height / 2)
  await expect(demo.page.getByText('not watched, this computer slept').first()).toBeVisible()
})

test('the figures of the charts are there as a table', async () => {
  await demo.open({ path: '/hosts/web-1/metrics' })
  await demo.page.getByText('The same as a table').click()
  const row = demo.page.getByRole('row', { name: /^Memory and swap: Memory/ })
  await expect(row.getByRole('cell').last()).toContainText('GiB')
})

test('a timer leads to the service that it starts', async () => {
  await demo.open({ path: '/hosts/web-1/timers' })
  await demo.page.getByRole('link', { name: 'certbot.service' }).click()
  await expect(demo.page).toHaveURL(/\/services\/system\/certbot\.service$/)
})

test('nothing of it was refused by the policy or failed', () => {
  expect(demo.complaints).toEqual([])
})
