// Stands in for Electron's default app in the development runtime: opens the app folder named on the command line, nothing else.
const { app } = require('electron')
const { readFileSync } = require('node:fs')
const Module = require('node:module')
const { join, resolve } = require('node:path')

const { folder, preloads } = parse(process.argv.slice(1))
// Test drivers hook in by `-r file`, which must run before the app; they may rewrite process.argv, so it is parsed first.
for (const file of preloads) require(resolve(file))

if (!folder) {
  process.stderr.write('Usage: electron [-r module] app-folder\n')
  process.exit(1)
}

const path = resolve(folder)
const description = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
app.setName(description.productName ?? description.name)
app.setVersion(description.version)
app.setAppPath(path)
// The profile belongs to the app and not to this stand-in, unless the command line says where it is.
if (!app.commandLine.hasSwitch('user-data-dir')) app.setPath('userData', join(app.getPath('appData'), app.getName()))
process.defaultApp = true

const main = join(path, description.main)
process.mainModule = undefined
Module._load(main, null, true)

function parse(args) {
  const preloads = []
  for (let index = 0; index < args.length; index++) {
    if (args[index] === '-r' || args[index] === '--require') preloads.push(args[++index])
    else if (!args[index].startsWith('-')) return { folder: args[index], preloads }
  }
  return { folder: undefined, preloads }
}
