// Plays a move: everything goes into a file, is lost here, and is taken over from it again. The real app, only the system's dialogs are answered.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { type RunningApp, test } from './lib/app.ts'
import { firstRun, openPlace, patience } from './lib/flow.ts'
import { findIn } from './lib/traces.ts'

const passphrase = 'a passphrase to travel with'

/** Answers the system's dialogs as a person would. */
const answerDialogs = (app: RunningApp, path: string): Promise<void> =>
  app.electron.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] })
  }, path)

test('everything goes into a file under a passphrase, and is taken over from it', async ({ launch }) => {
  const app = await launch()
  const { page } = app
  await firstRun(page)
  await page.getByLabel('Name', { exact: true }).fill('far-away')
  await page.getByLabel('Address').fill('203.0.113.7')
  await page.getByLabel('User', { exact: true }).fill('deploy')
  await page.getByText('Password', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill('canary-of-the-host')
  await page.getByRole('button', { name: 'Add host' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'far-away' })).toBeVisible(patience)

  const path = join(app.desktop.home, 'everything.db')
  await answerDialogs(app, path)
  await openPlace(page, 'Settings')
  await page.getByRole('button', { name: 'Export…' }).click()
  await page.getByLabel('Passphrase for the secrets').fill(passphrase)
  await page.getByLabel('The same again').fill('another one altogether')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await expect(page.getByText('The two are not the same')).toBeVisible()
  await page.getByLabel('The same again').fill(passphrase)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await expect(page.getByText(`It is in ${path}`)).toBeVisible(patience)
  await page.getByRole('button', { name: 'Close' }).last().click()
  expect(findIn('the export', readFileSync(path), { 'the password': 'canary-of-the-host', passphrase })).toEqual([])

  const every = page.getByLabel('Measure every', { exact: true })
  await every.fill('60')
  await every.press('Enter')
  await page.getByRole('button', { name: 'Import…' }).click()
  await expect(page.getByText(/holds 2 hosts, \d+ checks and 1 secrets?/)).toBeVisible(patience)
  await page.getByLabel('Passphrase of its secrets').fill('not this one')
  await page.getByRole('button', { name: 'Take it over' }).click()
  await expect(page.getByText('This passphrase does not open the secrets in it')).toBeVisible(patience)
  await page.getByLabel('Passphrase of its secrets').fill(passphrase)
  await page.getByRole('button', { name: 'Take it over' }).click()
  // the engine starts anew with what is in the file: the setting of then, the vault under the passphrase of the file, which was given just now
  await expect(page.getByLabel('Measure every', { exact: true })).toHaveValue('15', patience)
  await expect(page.getByText('Unlocked. Its key comes from your passphrase')).toBeVisible(patience)
  expect(app.complaints).toEqual([])
})
