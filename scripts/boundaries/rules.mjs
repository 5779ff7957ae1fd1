// The import table of the house as data: which folder may know which; how imports are found is imports.mjs's affair.

/**
 * A layer: the files that `files` matches (the first layer that matches a file owns it) may import, of our code, what `may` matches and
 * nothing else. `packages` and `core` say whether npm packages and Node's own modules may be used: true, false or a list of names.
 */
const layer = (name, files, { may, packages = true, core = true, because }) => ({
  name,
  files,
  may,
  packages,
  core,
  because,
})

const shared = /^src\/shared\//
const domain = /^src\/engine\/domain\//
const parse = /^src\/engine\/parse\//
const lib = /^src\/engine\/lib\//
const ports = /^src\/engine\/ports(\/|\.ts$)/
const store = /^src\/engine\/store\//
const runtime = /^src\/engine\/runtime\//
/** The cookies folder as its neighbours see it. */
const cookies = /^src\/engine\/cookies\/index\.ts$/
const registries = /^src\/engine\/(checks|channels|recovery|backups|targets)\/index\.ts$/

// The folders of kinds: each file knows its contract and never another kind; the index alone knows them all.
const kinds = Object.entries({
  checks: 'check',
  channels: 'channel',
  recovery: 'action',
  backups: '(source|pipe/[a-z-]+)',
  targets: 'target',
}).flatMap(([folder, contract]) => [
  layer(`${folder}-index`, new RegExp(`^src/engine/${folder}/index\\.ts$`), {
    may: [new RegExp(`^src/engine/${folder}/`), shared],
    because: 'a registry only lists its kinds',
  }),
  layer(folder, new RegExp(`^src/engine/${folder}/`), {
    may: [
      new RegExp(`^src/engine/${folder}/${contract}\\.ts$`),
      ...(folder === 'checks' ? [cookies] : []),
      ...[ports, domain, parse, lib, shared],
    ],
    because: 'kinds never know each other, so that one can be added or removed alone',
  }),
])

export const layers = [
  layer('shared', shared, {
    may: [shared],
    packages: ['zod'],
    core: false,
    because: 'it is read by all three processes',
  }),
  layer('domain', domain, {
    may: [domain, shared],
    packages: false,
    core: false,
    because: 'it decides, from values alone',
  }),
  layer('parse', parse, { may: [parse, shared], packages: false, core: false, because: 'text in, data out' }),
  ...kinds,
  layer('cookies', /^src\/engine\/cookies\//, {
    may: [/^src\/engine\/cookies\//, ports, domain, parse, lib, shared],
    because: 'it reaches hosts only through the ports',
  }),
  layer('store', store, { may: [store, domain, lib, shared], because: 'it keeps what others decide' }),
  layer('remote', /^src\/engine\/remote\//, {
    may: [/^src\/engine\/remote\//, ports, domain, parse, lib, shared],
    because: 'it implements ports and carries out what the connection machine decides, nothing above them',
  }),
  layer('local', /^src\/engine\/local\//, {
    may: [/^src\/engine\/local\//, ports, parse, lib, shared],
    because: 'it implements ports and nothing above them',
  }),
  layer('collector', /^src\/engine\/collector\//, {
    may: [/^src\/engine\/collector\//, ports, parse, lib, shared],
    because: 'it watches a host through a link and knows neither kind of link',
  }),
  layer('runtime', runtime, {
    may: [runtime, domain, registries, cookies, store, ports, lib, shared],
    because: 'it acts on decisions through ports, never on a concrete host',
  }),
  layer('api', /^src\/engine\/api\//, {
    may: [/^src\/engine\/api\//, runtime, registries, store, lib, shared],
    because: 'handlers are thin',
  }),
  layer('lib', lib, { may: [lib, shared], because: 'it stands below everything in the engine' }),
  layer('ports', ports, { may: [ports, lib, shared], because: 'ports name needs, not implementations' }),
  layer('engine-root', /^src\/engine\/engine\.ts$/, {
    may: [/^src\/engine\//, shared],
    because: 'it is the composition root of the engine and of nothing else',
  }),
  layer('engine-entry', /^src\/engine\/[^/]+\.ts$/, {
    may: [/^src\/engine\/[^/]+\.ts$/, /^src\/engine\/collector\//, runtime, domain, ports, lib, shared],
    because: 'an entry wires a port to the composition root, which alone knows the concrete parts',
  }),
  layer('main', /^src\/main\//, {
    may: [/^src\/main\//, shared],
    because: 'the shell starts the engine by path and knows nothing inside it',
  }),
  layer('preload', /^src\/preload\//, {
    may: [/^src\/preload\//, /^src\/shared\/(contract|rpc)\//],
    packages: ['electron'],
    core: false,
    because: 'it is sandboxed and passes calls on',
  }),
  layer('renderer', /^src\/renderer\//, {
    may: [/^src\/renderer\//, shared],
    packages: [
      ...['react', 'react-dom', 'react-router', 'react-hook-form', '@hookform/resolvers', 'cmdk', 'lucide-react'],
      ...['@tanstack/react-query', '@tanstack/react-virtual', 'uplot', 'date-fns', 're2js', 'zod'],
      '@fontsource-variable/inter',
    ],
    core: false,
    because: 'it is a sandboxed page that only shows state',
  }),
]

/** Packages that belong to one place. */
export const owners = [
  { name: 'electron-only-in-the-shell', packages: ['electron'], files: /^src\/(main|preload)\// },
  { name: 'better-sqlite3-only-in-store', packages: ['better-sqlite3'], files: store },
  { name: 'ssh-only-in-remote', packages: ['ssh2', 'node-ssh', 'cpu-features'], files: /^src\/engine\/remote\// },
  { name: 'systeminformation-only-in-local', packages: ['systeminformation'], files: /^src\/engine\/local\// },
]

/** Code of ours that one place alone may import. */
export const gates = [
  { name: 'remote-only-from-engine', target: /^src\/engine\/remote\//, files: /^src\/engine\/(remote\/|engine\.ts$)/ },
  {
    name: 'collector-only-from-engine',
    target: /^src\/engine\/collector\//,
    files: /^src\/engine\/(collector\/|(engine|cli)\.ts$)/,
  },
]

/** Rules that hold between any two files. */
export const general = {
  cycle: 'no-cycle',
  unresolved: 'import-resolves',
  undeclared: 'package-declared',
  product: 'product-imports-product',
  home: 'file-has-a-layer',
}

/** Every rule's name: the test that proves that each can fail goes by this list. */
export const ruleNames = [
  ...layers.map(({ name }) => name),
  ...owners.map(({ name }) => name),
  ...gates.map(({ name }) => name),
  ...Object.values(general),
]
