// Hands the page its message ports and nothing else; knows nothing of what travels over them.
import { contextBridge, ipcRenderer } from 'electron'
import type { PortKind, PortMessage, PreloadApi } from '../shared/rpc/preload-api.ts'

const api: PreloadApi = {
  request: (kind: PortKind) => ipcRenderer.send('quarterdeck:request', kind),
}
contextBridge.exposeInMainWorld('quarterdeck', api)

// A port cannot cross the bridge, but it can be transferred to the page with a message to this very window.
ipcRenderer.on('quarterdeck:port', (event, message: Pick<PortMessage, 'kind' | 'id'>) => {
  window.postMessage({ quarterdeck: 'port', ...message } satisfies PortMessage, '*', event.ports)
})
ipcRenderer.on('quarterdeck:gone', (_event, message: Pick<PortMessage, 'kind' | 'id'>) => {
  window.postMessage({ quarterdeck: 'gone', ...message } satisfies PortMessage, '*')
})
