// A log-in page that tries everything to get out of its window, and tells its server how each trick went. Must not know what is expected.

/** Tricks at once (`auto`), at each press (`press`), and told to `/report` as they settle. */
export const hostilePage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>https://x.com - totally real</title></head>
<body style="margin:0"><button id="press" style="position:fixed;inset:120px 0 0 0;width:100%">Log in</button><div id="box"></div>
<script>
const report = (trick, result) => fetch('/report', { method: 'POST', body: JSON.stringify({ trick, result: String(result) }) })
const attempt = async (trick, run, limit = 3000) => {
  try {
    const late = new Promise(resolve => setTimeout(() => resolve('no answer'), limit))
    await report(trick, await Promise.race([run(), late]))
  } catch (error) { await report(trick, 'error ' + error.name) }
}
const frame = address => { const made = document.createElement('iframe'); made.src = address; document.getElementById('box').append(made); return made }
const link = (address, download) => { const made = document.createElement('a'); made.href = address; if (download) made.download = download; document.body.append(made); made.click(); made.remove() }
addEventListener('beforeunload', event => { event.preventDefault(); event.returnValue = 'stay'; return 'stay' })
const auto = async () => {
  await attempt('node', async () => [typeof require, typeof process, typeof module, typeof window.quarterdeck].join())
  await attempt('agent', async () => navigator.userAgent + ' ' + JSON.stringify(navigator.userAgentData ? navigator.userAgentData.brands : []))
  await attempt('popups without a press', async () => { let open = 0; for (let i = 0; i < 20; i++) if (window.open('/login?auto=' + i, '_blank')) open++; return open })
  await attempt('fetch file', async () => (await (await fetch('file:///etc/passwd')).text()).length)
  await attempt('fetch app', async () => (await (await fetch('app://quarterdeck/index.html')).text()).length)
  await attempt('frame file', async () => { const made = frame('file:///etc/passwd'); await new Promise(r => setTimeout(r, 400)); try { return made.contentDocument.body.innerText.length } catch { return 'apart' } })
  for (const address of ['quarterdeck-test:frame', 'mailto:a@b.test', 'tel:123', 'chrome://settings', 'app://quarterdeck/index.html', 'ms-settings:', '/to-protocol', '/to-file']) frame(address)
  await attempt('webview', async () => { const made = document.createElement('webview'); made.setAttribute('src', 'file:///etc/passwd'); made.setAttribute('nodeintegration', ''); document.body.append(made); return typeof made.getWebContentsId })
  await attempt('notification', () => Notification.requestPermission())
  await attempt('geolocation', () => new Promise(resolve => navigator.geolocation.getCurrentPosition(() => resolve('there'), error => resolve('error ' + error.code))))
  await attempt('camera', async () => (await navigator.mediaDevices.getUserMedia({ video: true, audio: true })).id)
  await attempt('screen', async () => (await navigator.mediaDevices.getDisplayMedia({ video: true })).id)
  await attempt('clipboard', async () => 'read ' + (await navigator.clipboard.readText()).length)
  await attempt('midi', async () => 'midi ' + (await navigator.requestMIDIAccess({ sysex: true })).inputs.size)
  await attempt('worker', async () => 'registered ' + (await navigator.serviceWorker.register('/worker.js')).scope)
  await attempt('download', async () => { link('/download', 'hostile-download.bin'); link('data:text/plain,hostile', 'hostile-data.txt'); link(URL.createObjectURL(new Blob(['hostile'])), 'hostile-blob.txt'); frame('/download'); return 'tried' })
  await attempt('huge cookies', async () => { for (let i = 0; i < 400; i++) document.cookie = 'huge' + i + '=' + 'x'.repeat(4000) + '; path=/'; return document.cookie.length })
  await attempt('dialogs', async () => { for (let i = 0; i < 2000; i++) { alert('again'); confirm('again'); try { prompt('again') } catch {} } return 'through' })
  await attempt('print', async () => { for (let i = 0; i < 5; i++) print(); return 'through' })
  await attempt('window', async () => { moveTo(0, 0); resizeTo(10, 10); await new Promise(r => setTimeout(r, 300)); return innerWidth > 100 })
  await attempt('top', async () => { for (const address of ['file:///etc/passwd', 'quarterdeck-test:top', 'chrome://settings', 'app://quarterdeck/index.html', 'data:text/html,<h1>fake</h1>', 'view-source:file:///etc/passwd', 'javascript:void(document.title="run")']) { try { location.href = address } catch {} } link('quarterdeck-test:link'); await new Promise(r => setTimeout(r, 300)); return location.pathname })
  await report('auto', 'done')
}
let presses = 0
const press = async () => {
  presses++
  const opened = []
  for (const address of ['/login?press=' + presses, 'file:///etc/passwd', 'quarterdeck-test:press', 'chrome://settings', 'javascript:void(0)', 'data:text/html,x', '/login?more=' + presses])
    opened.push(window.open(address, '_blank', 'kiosk=yes,fullscreen=yes,nodeIntegration=yes,width=1,height=1') ? 1 : 0)
  await report('press ' + presses, opened.join(''))
  await attempt('fullscreen ' + presses, () => document.documentElement.requestFullscreen())
  await attempt('pointer ' + presses, async () => { await document.body.requestPointerLock(); await new Promise(r => setTimeout(r, 200)); return document.pointerLockElement ? 'locked' : 'free' })
  await report('pressed', presses)
}
document.getElementById('press').addEventListener('click', press)
document.getElementById('press').addEventListener('click', () => { for (let i = 0; i < 5; i++) print() })
auto()
</script></body></html>`
