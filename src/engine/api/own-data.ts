// The contract's handlers for the app's own data.
import type { Services } from './services.ts'

export const ownDataHandlers = ({ ownData, audit }: Services) => ({
  'data.copies': () => ownData.copies(),
  'data.export': async ({ path, passphrase }: { path: string; passphrase: string }) => {
    await ownData.export(path, passphrase)
    audit.record({ actor: 'person', verb: 'data.export', target: path })
  },
  'data.look': (path: string) => ownData.look(path),
  'data.import': async ({ path, passphrase }: { path: string; passphrase: string | null }) => {
    await ownData.import(path, passphrase)
    audit.record({ actor: 'person', verb: 'data.import', target: path })
  },
})
