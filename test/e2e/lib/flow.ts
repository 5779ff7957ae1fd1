// What a person does in the window, step by step, for tests that play whole stories. Knows labels and words of the screens, and no host.
import { expect, type Locator, type Page } from '@playwright/test'
import type { HostKey } from '../../hosts/lib/index.ts'

/** Machines that test are slow and loaded; a step that takes longer than this is broken. */
export const patience = { timeout: 45_000 }

/** From the first window to the form for the first host, with the vault under the keyring where there is one, else under the passphrase. */
export async function firstRun(page: Page, passphrase = 'correct horse battery'): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Welcome to Quarterdeck' })).toBeVisible(patience)
  const oneClick = page.getByRole('button', { name: 'Get started' })
  const ask = page.getByLabel('Passphrase', { exact: true })
  await expect(oneClick.or(ask)).toBeVisible(patience)
  if (await oneClick.isVisible()) await oneClick.click()
  else {
    await ask.fill(passphrase)
    await page.getByLabel('Repeat the passphrase').fill(passphrase)
    await page.getByRole('button', { name: 'Create the vault' }).click()
  }
  await page.getByRole('button', { name: /Add your first host/ }).click(patience)
  await expect(page.getByRole('heading', { name: 'Add host' })).toBeVisible(patience)
}

export interface NewHost {
  readonly name: string
  readonly address: string
  readonly port?: number
  readonly user: string
  /** A key file, or the password. */
  readonly key?: string
  readonly passphrase?: string
  readonly password?: string
  readonly sudo?: 'Do not use' | 'Without password' | 'With password'
  readonly sudoPassword?: string
  /** The name of the host to go through. */
  readonly jump?: string
}

export async function fillHost(page: Page, host: NewHost): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(host.name)
  await page.getByLabel('Address').fill(host.address)
  if (host.port !== undefined) await page.getByLabel('Port').fill(String(host.port))
  if (host.jump !== undefined) await page.getByLabel('Jump host').selectOption({ label: host.jump })
  await page.getByLabel('User', { exact: true }).fill(host.user)
  if (host.password === undefined) {
    await page.getByLabel('Private key file').fill(host.key ?? '')
    if (host.passphrase !== undefined) await page.getByLabel('Passphrase of the key').fill(host.passphrase)
  } else {
    await page.getByText('Password', { exact: true }).click()
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(host.password)
  }
  await page.getByText(host.sudo ?? 'Without password', { exact: true }).click()
  if (host.sudoPassword !== undefined) await page.getByLabel('Password for sudo').fill(host.sudoPassword)
}

/** The question whether to trust a new key: compares what is shown with the host's own keys, as a person should, and says yes. */
export async function trustKey(page: Page, keys: readonly HostKey[]): Promise<void> {
  await expect(page.getByText('Compare it before you go on.')).toBeVisible(patience)
  const shown = await page.getByText(/^SHA256:/).textContent()
  expect(keys.map(key => key.fingerprint)).toContain(shown)
  await page.getByRole('button', { name: 'Trust this key' }).click()
}

/** Fills the form, tests the connection, trusts the key on the way and adds the host; ends at its services. */
export async function addHost(page: Page, host: NewHost, keys: readonly HostKey[]): Promise<void> {
  await fillHost(page, host)
  await page.getByRole('button', { name: 'Test connection' }).click()
  await trustKey(page, keys)
  await expect(page.getByRole('status').filter({ hasText: /^\s*Works/ })).toBeVisible(patience)
  await page.getByRole('button', { name: 'Add host' }).click()
  await expectConnected(page, host.name)
}

export async function expectConnected(page: Page, name: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible(patience)
  await expect(page.getByText('Connected', { exact: true })).toBeVisible(patience)
}

/** The row of a service; narrows the list to it, since only what is near is drawn. */
export async function serviceRow(page: Page, service: string): Promise<Locator> {
  await page.getByRole('textbox', { name: 'Filter services' }).or(page.getByRole('searchbox')).first().fill(service)
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: service, exact: true }) })
  await expect(row).toBeVisible(patience)
  return row
}

/** By the sidebar. */
export async function openPlace(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).first().click()
}
