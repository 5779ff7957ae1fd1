// The demo page: `?world=filled&hang=unit.list&fail=host.list#/fleet`. Starts the app's own entry on a made-up engine. Never part of the app.
import { installDemo } from '../demo-engine.ts'
import type { WorldName } from './world.ts'

const params = new URLSearchParams(window.location.search)
const names = (name: string): string[] => params.get(name)?.split(',').filter(Boolean) ?? []
window.demo = installDemo({
  world: (params.get('world') ?? 'filled') as WorldName,
  hang: names('hang'),
  fail: names('fail'),
})
await import('../../../src/renderer/main.tsx')
