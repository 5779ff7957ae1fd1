// How the window behaves, on a made-up engine: keyboard alone, secrets, a crash of the engine, first trust, a changed key, hostile text.
import { expect, test } from '@playwright/test'
import { type Demo, startDemo } from './lib/demo.ts'

let demo: Demo

test.beforeAll(async () => {
  test.setTimeout(120_000)
  demo = await startDemo()
})
test.afterAll(() => demo.close())

/** The accessible name of what has the focus. */
const focused = (): Promise<string> =>
  demo.page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement)) return ''
    const labelled = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : null
    return element.getAttribute('aria-label') ?? labelled ?? element.textContent ?? ''
  })

const tabTo = async (name: string | RegExp): Promise<void> => {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused()).match(name)) return
    await demo.page.keyboard.press('Tab')
  }
  throw new Error(`Tab never reached ${String(name)}`)
}

test('the keyboard alone adds a host, trusting its key on the way', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  await expect(page.getByRole('heading', { name: 'Fleet' })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  await expect(page.getByRole('heading', { name: 'Add host' })).toBeVisible()
  for (const [label, text] of [
    [/^Name$/, 'keyboard-1'],
    [/^Address$/, '203.0.113.99'],
    [/^User$/, 'deploy'],
    [/^Private key file$/, '~/.ssh/id_ed25519'],
  ] as const) {
    await tabTo(label)
    await page.keyboard.type(text)
  }
  await tabTo(/^Test connection$/)
  await page.keyboard.press('Enter')
  await expect(page.getByText('SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDLk0M1ZQdmPjVW5qE')).toBeVisible()
  await expect(page.getByText('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).toBeVisible()
  await tabTo(/^Trust this key$/)
  await page.keyboard.press('Enter')
  await expect(page.getByText('Works, with limits')).toBeVisible()
  await expect(page.getByText('sudo usermod -aG systemd-journal deploy')).toBeVisible()
  await page.getByLabel('Name').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'keyboard-1' })).toBeVisible()
  await expect(page.getByText('Connected', { exact: true })).toBeVisible()
})

test('the keyboard alone restarts a service, by the palette, and is told how it ended', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  await expect(page.getByRole('link', { name: 'web-1' }).first()).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('restart webhook')
  await expect(page.getByRole('option', { name: /Restart webhook-bot\.service web-1/ })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByText('sudo systemctl restart -- webhook-bot.service')).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Restart webhook-bot.service: verified')).toBeVisible()
  const asked = await demo.control(demoControl => demoControl.calls.filter(call => call.name === 'action.run').length)
  expect(asked).toBe(1)
})

test('a secret goes from its input to the engine and is nowhere else', async () => {
  const { page } = demo
  const secret = 'canary-7f3a-correct-horse'
  await demo.open({ path: '/hosts/new' })
  await page.getByLabel('Name').fill('secretive')
  await page.getByLabel('Address').fill('203.0.113.98')
  await page.getByLabel('User', { exact: true }).fill('root')
  await page.getByText('Password', { exact: true }).click()
  await page.getByRole('button', { name: 'Add host' }).click()
  await expect(page.getByText('Enter the password')).toBeVisible()
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(secret)
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(secret)
  await page.getByRole('button', { name: 'Add host' }).click()
  await expect(page.getByRole('heading', { name: 'secretive' })).toBeVisible()
  const sent = await demo.control(demoControl =>
    JSON.stringify(demoControl.calls.find(call => call.name === 'host.add')),
  )
  expect(sent).toContain(secret)
  expect(page.url()).not.toContain(secret)
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.documentElement.outerHTML)
  expect(kept).not.toContain(secret)
  // Editing shows that it is stored, never what.
  await page.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByText('Stored. Leave empty to keep it')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Password', exact: true })).toHaveValue('')
})

test('the window says within 2 s that the engine stopped, and stops saying so by itself', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  await expect(page.getByRole('link', { name: 'web-1' }).first()).toBeVisible()
  await demo.control(demoControl => demoControl.crash(2500))
  await expect(page.getByText('Monitoring engine stopped; restarting…')).toBeVisible({ timeout: 2000 })
  await expect(page.getByText('Monitoring engine stopped; restarting…')).toBeHidden()
  const asked = await demo.control(demoControl => demoControl.calls.filter(call => call.name === 'host.list').length)
  expect(asked).toBe(2)
  await expect(page.getByRole('link', { name: 'web-1' }).first()).toBeVisible()
})

test('a later start shows the frame before the engine has answered; a first one waits, and a failure is told either way', async () => {
  const { page } = demo
  const sidebar = page.getByRole('navigation', { name: 'Main' })
  await demo.open({ path: '/fleet' })
  await expect(page.getByRole('link', { name: 'web-1' }).first()).toBeVisible()
  await demo.open({ path: '/fleet', hang: ['settings.get', 'host.list'] })
  await expect(sidebar.getByRole('link', { name: 'Fleet' })).toBeVisible()
  await expect(page.getByText('Reading hosts…')).toBeVisible()
  await demo.open({ path: '/fleet', fail: ['settings.get'] })
  await expect(page.getByText('Quarterdeck could not start')).toBeVisible()
  await expect(sidebar).toHaveCount(0)
  // What was remembered is wrong here: the answer counts, and is remembered in its turn.
  await demo.open({ path: '/', world: 'first-run' })
  await expect(page.getByRole('button', { name: 'Get started' })).toBeVisible()
  await demo.open({ path: '/', world: 'first-run', hang: ['settings.get'] })
  await expect(page.getByText('Starting…')).toBeVisible()
  await expect(sidebar).toHaveCount(0)
})

test('the first run ends at this computer by two clicks, and the vault is made under the keyring', async () => {
  const { page } = demo
  await demo.open({ path: '/', world: 'first-run' })
  await page.getByRole('button', { name: 'Get started' }).click()
  await page.getByRole('button', { name: /Just look at this computer/ }).click()
  await expect(page.getByRole('heading', { name: 'This computer' })).toBeVisible()
  const state = await demo.control(({ world }) => ({
    done: world.settings.firstRunDone,
    vault: world.vault.protection,
  }))
  expect(state).toEqual({ done: true, vault: 'keyring' })
})

test('without a keyring the passphrase is checked where it is typed', async () => {
  const { page } = demo
  await demo.open({ path: '/', world: 'first-run-no-keyring' })
  await page.getByLabel('Passphrase', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Create the vault' }).click()
  await expect(page.getByText('Use at least 8 characters.')).toBeVisible()
  await page.getByLabel('Passphrase', { exact: true }).fill('long enough')
  await page.getByLabel('Repeat the passphrase').fill('long enoug')
  await page.getByRole('button', { name: 'Create the vault' }).click()
  await expect(page.getByText('The two are not the same.')).toBeVisible()
  await page.getByLabel('Repeat the passphrase').fill('long enough')
  await page.getByRole('button', { name: 'Create the vault' }).click()
  await expect(page.getByText('Add your first host')).toBeVisible()
})

test('a password without a vault: the vault is made on the spot and nothing that was entered is lost', async () => {
  const { page } = demo
  await demo.open({ path: '/', world: 'first-run-no-keyring' })
  await page.getByRole('button', { name: 'Decide later' }).click()
  await page.getByRole('button', { name: /Add your first host/ }).click()
  await page.getByLabel('Name').fill('late')
  await page.getByLabel('Address').fill('203.0.113.97')
  await page.getByLabel('User', { exact: true }).fill('root')
  await page.getByText('Password', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill('hunter2 hunter2')
  await page.getByRole('button', { name: 'Add host' }).click()
  await page.getByRole('button', { name: 'Create the vault' }).click()
  await page.getByLabel('Passphrase', { exact: true }).fill('long enough')
  await page.getByLabel('Repeat the passphrase').fill('long enough')
  await page.getByRole('dialog').getByRole('button', { name: 'Create the vault' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('button', { name: 'Add host' }).click()
  await expect(page.getByRole('heading', { name: 'late' })).toBeVisible()
})

test('a wrong passphrase is said beside the input, the right one opens the vault', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet', world: 'locked' })
  await page.getByLabel('Passphrase').fill('wrong')
  await page.keyboard.press('Enter')
  await expect(page.getByText('That is not the passphrase. Try again.')).toBeVisible()
  await page.getByLabel('Passphrase').fill('open sesame')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The vault is locked.')).toBeHidden()
})

test('S5 a changed host key is forgotten only after its name was typed, and is then asked for anew', async () => {
  const { page } = demo
  await demo.open({ path: '/hosts/edge-2/services' })
  await page.getByRole('button', { name: /I know why it changed/ }).click()
  await page.getByRole('textbox').fill('edge')
  await page.keyboard.press('Enter')
  await expect(page.getByText('That is not the same name.')).toBeVisible()
  await page.getByRole('textbox').fill('edge-2')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Is this really 198.51.100.7?')).toBeVisible()
})

test('filters live in the address: back undoes, and a reload keeps them', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  const rows = page.getByRole('row')
  await page.getByRole('button', { name: '2 limited' }).click()
  await expect(rows).toHaveCount(3)
  await page.keyboard.press('/')
  await page.keyboard.type('alpine')
  await expect(rows).toHaveCount(2)
  await page.reload()
  await expect(rows).toHaveCount(2)
  await page.goBack()
  await expect(rows).toHaveCount(9)
})

test('arrow keys walk through the rows, Enter opens, and ← → go from host to host', async () => {
  const { page } = demo
  await demo.open({ path: '/fleet' })
  await page.getByRole('row').nth(1).focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('row').nth(2)).toBeFocused()
  await page.keyboard.press('End')
  await expect(page.getByRole('row').nth(8)).toBeFocused()
  await page.keyboard.press('Enter')
  // the only one without trouble is the last
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This computer')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('web-1')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('bots-1 (Falkenstein)')
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('web-1')
})
