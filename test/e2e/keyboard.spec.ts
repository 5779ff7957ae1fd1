// Proves that the keyboard alone is enough, on a real host: from the first run over adding the host to a restarted service. No pointer is ever used.
import { expect } from '@playwright/test'
import { bootHost } from '../hosts/lib/index.ts'
import { expectConnected, patience } from './lib/flow.ts'
import { focusedName, tabAndType, tabTo, watchPointer } from './lib/keyboard.ts'
import { test } from './lib/real-hosts.ts'

const service = 'keepalive-bot'
const unit = `${service}.service`

test('the keyboard alone adds a host and restarts a service', async ({ launch }) => {
  test.setTimeout(300_000)
  await using host = await bootHost()
  await host.installBot(service)
  const { page } = await launch()
  const expectNoPointer = await watchPointer(page)
  const press = (...keys: string[]) =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())

  // The first run.
  await expect(page.getByRole('heading', { name: 'Welcome to Quarterdeck' })).toBeVisible(patience)
  await tabAndType(page, /^Passphrase$/, 'correct horse battery')
  await tabAndType(page, /^Repeat the passphrase$/, 'correct horse battery')
  await press('Enter')
  await expect(page.getByRole('button', { name: /Add your first host/ })).toBeVisible(patience)
  await tabTo(page, /^Add your first host/)
  await press('Enter')

  // A host, its key compared and trusted on the way.
  await expect(page.getByRole('heading', { name: 'Add host' })).toBeVisible(patience)
  await tabAndType(page, /^Name$/, host.name)
  await tabAndType(page, /^Address$/, host.address)
  await tabAndType(page, /^User$/, 'deploy')
  await tabAndType(page, /^Private key file$/, host.keyFiles.ed25519)
  await tabTo(page, /^Do not use$/)
  await press('ArrowRight')
  expect(await focusedName(page)).toBe('Without password')
  await tabTo(page, /^Test connection$/)
  await press('Enter')
  const shown = page.getByText(/^SHA256:/)
  await expect(shown).toBeVisible(patience)
  expect((await host.hostKeys()).map(key => key.fingerprint)).toContain(await shown.textContent())
  await tabTo(page, /^Trust this key$/)
  await press('Enter')
  await expect(page.getByRole('status').filter({ hasText: /^\s*Works/ })).toBeVisible(patience)
  await tabTo(page, /^Add host$/)
  // The sidebar has a link of that name; the button is the one that sends the form.
  while (!(await page.evaluate(() => document.activeElement instanceof HTMLButtonElement))) {
    await press('Tab')
    await tabTo(page, /^Add host$/)
  }
  await press('Enter')
  await expectConnected(page, host.name)

  // A service, in the list.
  const first = await host.pid(unit)
  await expect(page.getByRole('row').nth(1)).toBeVisible(patience)
  await press('/')
  expect(await focusedName(page)).toMatch(/^Filter services/)
  await page.keyboard.type(service)
  await expect(page.getByRole('link', { name: service, exact: true })).toBeVisible(patience)
  await tabTo(page, new RegExp(`^Restart ${unit}`))
  await press('Enter')
  await expect(page.getByText(`Restart ${unit}: verified`)).toBeVisible(patience)
  await expect.poll(() => host.pid(unit), patience).not.toBe(first)

  // The same by the palette, from another place.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await press('g', 'f')
  await expect(page.getByRole('heading', { name: 'Fleet' })).toBeVisible(patience)
  const second = await host.pid(unit)
  await press('Control+k')
  await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible()
  await press('Escape')
  await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeHidden()
  await press('Control+k')
  await page.keyboard.type(`restart ${service}`)
  await expect(page.getByRole('option', { name: new RegExp(`Restart ${unit}`) })).toBeVisible(patience)
  await press('Enter')
  await expect(page.getByText(/systemctl restart .*keepalive-bot\.service/)).toBeVisible(patience)
  await press('Enter')
  await expect.poll(() => host.pid(unit), patience).not.toBe(second)
  await expect(page.getByText(`Restart ${unit}: verified`)).toBeVisible(patience)

  // And on its own page.
  const third = await host.pid(unit)
  await press('Control+k')
  await page.keyboard.type(service)
  await expect(page.getByRole('option', { name: new RegExp(`^${unit}`) })).toBeVisible(patience)
  await press('Enter')
  await expect(page.getByRole('heading', { name: unit })).toBeVisible(patience)
  // One action at a time: the one before is still being verified when its process runs already.
  await expect(page.getByRole('button', { name: 'Restart', exact: true })).not.toHaveAttribute('aria-busy', patience)
  await press('Shift+R')
  await expect.poll(() => host.pid(unit), patience).not.toBe(third)

  // The overview of all this.
  await press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await expect(page.getByText('Restart this service')).toBeVisible()
  await press('Escape')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeHidden()
  await press('g', 'i')
  await expect(page.getByRole('heading', { name: 'Incidents' })).toBeVisible(patience)
  await press('g', 'c')
  await expect(page.getByRole('heading', { name: 'Checks' })).toBeVisible(patience)
  await press('g', 'a')
  await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible(patience)
  await expect(page.getByRole('row').filter({ hasText: unit })).toHaveCount(3, patience)
  await expectNoPointer()
})
