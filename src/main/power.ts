// Sleep, waking, and the network coming and going, as Electron knows of them.
import { net, powerMonitor } from 'electron'

export type PowerChange = 'suspend' | 'resume' | 'offline' | 'online'

/** Calls back on each change until disposed. */
export function watchPower(onChange: (change: PowerChange) => void, pollEvery = 5000): { dispose(): void } {
  const onSuspend = (): void => onChange('suspend')
  const onResume = (): void => onChange('resume')
  powerMonitor.on('suspend', onSuspend)
  powerMonitor.on('resume', onResume)
  // Electron has no event for this.
  let online = net.isOnline()
  const timer = setInterval(() => {
    const now = net.isOnline()
    if (now !== online) onChange(now ? 'online' : 'offline')
    online = now
  }, pollEvery)
  return {
    dispose() {
      clearInterval(timer)
      powerMonitor.off('suspend', onSuspend)
      powerMonitor.off('resume', onResume)
    },
  }
}
