// What a login's page says of what went wrong with it, and asks before it goes, in a real window of the oldest runtime. The engine is made up.
import { expect, test } from '@playwright/test'
import { type Demo, startDemo } from './lib/demo.ts'

let demo: Demo

test.beforeAll(async () => {
  test.setTimeout(120_000)
  demo = await startDemo()
})
test.afterAll(() => demo.close())

const removals = () =>
  demo.control(control => control.calls.filter(call => call.name === 'login.remove').map(call => call.input))

test('a kept session that is not kept alive is said with why', async () => {
  await demo.open({ path: '/logins/x-of-alice' })
  const notice = demo.page.getByRole('region', { name: 'The kept session is not kept alive' })
  await expect(notice).toContainText('The site asked to log in again. Renew it in a login window.')
  await demo.open({ path: '/logins/x-of-bob' })
  await expect(demo.page.getByRole('heading', { level: 1, name: 'X of bob' })).toBeVisible()
  await expect(notice).toBeHidden()
})

test('R24 who removes a login whose services are stopped is told so, and may have them started again', async () => {
  for (const start of [true, false]) {
    await demo.open({ path: '/logins/x-of-bob' })
    await demo.page.getByRole('button', { name: 'Remove', exact: true }).click()
    const dialog = demo.page.getByRole('alertdialog')
    await expect(dialog).toContainText('Nothing would start them again once it is removed')
    const box = dialog.getByRole('checkbox', { name: 'Start its services again first' })
    await expect(box).toBeChecked()
    if (!start) await box.uncheck()
    const gone = dialog.getByRole('button', { name: 'Remove login' })
    await gone.click()
    await expect(dialog).toContainText('That is not the same name.')
    await dialog.getByLabel(/^Type “/).fill('X of bob')
    await gone.click()
    await expect(dialog).toBeHidden()
    expect(await removals()).toEqual([{ id: 'x-of-bob', startServices: start }])
  }
  await demo.open({ path: '/logins/reddit-reader' })
  await demo.page.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(demo.page.getByRole('alertdialog')).toContainText('It is no longer watched')
  await expect(demo.page.getByRole('checkbox')).toHaveCount(0)
})
