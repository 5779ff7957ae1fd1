// An empty window with the app's own sandbox, for looking at the demo page on the Electron that the app runs on. Never part of the app.
const { app, BrowserWindow } = require('electron')

app.whenReady().then(() => {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    useContentSize: true,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, spellcheck: false },
  })
  void window.loadURL('about:blank')
})
