// Answers what a window asks of the shell around it: dialogs, clipboard, theme, how the engine's process is. Knows nothing of hosts.
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { app, type BrowserWindow, clipboard, dialog, nativeTheme, shell } from 'electron'
import type { EngineProcessState, ShellContract } from '../shared/contract/shell.ts'
import type { Handlers } from '../shared/rpc/server.ts'
import { developmentRuntime } from './runtime.ts'

export interface ShellContext {
  readonly home: string
  readonly logs: string
  readonly window: () => BrowserWindow | null
  readonly engineState: () => EngineProcessState
  readonly restartEngine: () => void
  readonly quit: () => void
}

/** The handlers of the shell contract. */
export function shellHandlers(context: ShellContext): Handlers<ShellContract> {
  // A dialog belongs to the window where there is one, so that it cannot be lost behind it.
  const openDialog = (options: Electron.OpenDialogOptions) => {
    const window = context.window()
    return window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options)
  }
  const chooseNewFile = async (suggestedName: string): Promise<string | null> => {
    const name = basename(suggestedName.replaceAll('\\', '/')).replace(/^\.+/, '') || 'quarterdeck.txt'
    const options = { defaultPath: join(app.getPath('downloads'), name) }
    const window = context.window()
    const result = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options))
    return result.canceled || !result.filePath ? null : result.filePath
  }
  return {
    'app.about': () => ({
      version: app.getVersion(),
      electron: process.versions.electron ?? '',
      chrome: process.versions.chrome ?? '',
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      dataDirectory: context.home,
      developmentRuntime: developmentRuntime(),
    }),
    'app.openLogs': async () => {
      await shell.openPath(context.logs)
    },
    'app.quit': () => context.quit(),
    'dialog.chooseKeyFile': async () => {
      const result = await openDialog({
        title: 'Choose a private key',
        defaultPath: join(homedir(), '.ssh'),
        properties: ['openFile', 'showHiddenFiles', 'dontAddToRecent'],
      })
      return result.canceled ? null : (result.filePaths[0] ?? null)
    },
    'dialog.chooseFolder': async () => {
      const result = await openDialog({
        title: 'Choose a folder',
        defaultPath: app.getPath('downloads'),
        properties: ['openDirectory', 'createDirectory', 'dontAddToRecent'],
      })
      return result.canceled ? null : (result.filePaths[0] ?? null)
    },
    'dialog.chooseFile': async () => {
      const result = await openDialog({
        title: 'Choose a file',
        defaultPath: app.getPath('downloads'),
        properties: ['openFile', 'showHiddenFiles', 'dontAddToRecent'],
      })
      return result.canceled ? null : (result.filePaths[0] ?? null)
    },
    'dialog.chooseNewFile': ({ suggestedName }) => chooseNewFile(suggestedName),
    'dialog.saveText': async ({ suggestedName, text }) => {
      const path = await chooseNewFile(suggestedName)
      if (path !== null) await writeFile(path, text, 'utf8')
      return path
    },
    'clipboard.writeText': text => clipboard.writeText(text),
    'window.setTheme': theme => {
      nativeTheme.themeSource = theme
    },
    'engine.state': () => context.engineState(),
    'engine.restart': () => context.restartEngine(),
  }
}
