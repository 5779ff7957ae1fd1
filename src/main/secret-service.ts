// Asks the Secret Service on the session bus whether its keyring is there and open, which safeStorage cannot tell without blocking.
import { Message, type MessageBus, sessionBus, Variant } from 'dbus-next'

/** `unknown`: not the Secret Service's desktop (kwallet, or no bus that answers it); safeStorage decides. */
export type KeyringLock = 'open' | 'locked' | 'none' | 'unknown'

const service = 'org.freedesktop.secrets'
const path = '/org/freedesktop/secrets'
const answerLimit = 2000
const promptLimit = 60_000

/** Is the default keyring open? Answers within 4 s and asks the person nothing. */
export async function keyringLock(): Promise<KeyringLock> {
  return (
    (await withBus(async bus => {
      if (!(await isThere(bus))) return 'none' as const
      const collection = await defaultCollection(bus)
      // Without a default collection safeStorage would ask the person to make one, and block until that is done.
      if (collection === null) return 'none' as const
      return (await isLocked(bus, collection)) ? ('locked' as const) : ('open' as const)
    })) ?? 'none'
  )
}

/** Lets the desktop ask the person to open the keyring, without blocking anything; false when it stays locked. */
export async function unlockKeyring(): Promise<boolean> {
  return (
    (await withBus(async bus => {
      const collection = await defaultCollection(bus)
      if (collection === null) return false
      const [, prompt] = await ask(bus, path, 'org.freedesktop.Secret.Service', 'Unlock', 'ao', [[collection]])
      if (typeof prompt === 'string' && prompt !== '/') await runPrompt(bus, prompt)
      return !(await isLocked(bus, collection))
    })) ?? false
  )
}

async function withBus<T>(use: (bus: MessageBus) => Promise<T>): Promise<T | null> {
  let bus: MessageBus | null = null
  try {
    bus = sessionBus()
    // A bus that breaks emits `error`, which would end the shell if nobody listened.
    const broken = new Promise<never>((_resolve, reject) => bus?.on('error', reject))
    return await Promise.race([use(bus), broken])
  } catch {
    return null
  } finally {
    bus?.disconnect()
  }
}

async function isThere(bus: MessageBus): Promise<boolean> {
  for (const member of ['ListNames', 'ListActivatableNames']) {
    const [names] = await ask(
      bus,
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus',
      member,
      '',
      [],
      'org.freedesktop.DBus',
    )
    if (Array.isArray(names) && names.includes(service)) return true
  }
  return false
}

async function defaultCollection(bus: MessageBus): Promise<string | null> {
  const [collection] = await ask(bus, path, 'org.freedesktop.Secret.Service', 'ReadAlias', 's', ['default'])
  return typeof collection === 'string' && collection !== '/' ? collection : null
}

async function isLocked(bus: MessageBus, collection: string): Promise<boolean> {
  const [locked] = await ask(bus, collection, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [
    'org.freedesktop.Secret.Collection',
    'Locked',
  ])
  return locked instanceof Variant ? locked.value === true : true
}

async function runPrompt(bus: MessageBus, prompt: string): Promise<void> {
  const completed = new Promise<void>(resolve => {
    bus.on('message', (message: Message) => {
      if (message.path === prompt && message.member === 'Completed') resolve()
    })
  })
  const rule = `type='signal',interface='org.freedesktop.Secret.Prompt',path='${prompt}'`
  await ask(bus, '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'AddMatch', 's', [rule], 'org.freedesktop.DBus')
  await ask(bus, prompt, 'org.freedesktop.Secret.Prompt', 'Prompt', 's', [''])
  await within(promptLimit, completed)
}

async function ask(
  bus: MessageBus,
  objectPath: string,
  interfaceName: string,
  member: string,
  signature: string,
  body: unknown[],
  destination = service,
): Promise<unknown[]> {
  const message = new Message({ destination, path: objectPath, interface: interfaceName, member, signature, body })
  const reply = await within(answerLimit, bus.call(message))
  return (reply?.body as unknown[] | undefined) ?? []
}

async function within<T>(limit: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('No answer on the session bus')), limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
