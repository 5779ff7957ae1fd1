// Judges the imports of a source tree by the rules: returns violations as data and prints nothing.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { codeFiles, importsOf } from './imports.mjs'
import { gates, general, layers, owners } from './rules.mjs'

const core = new Set(builtinModules)

/** Checks `root`/src. Returns `{files, imports, violations: [{rule, from, line, to, because}]}`. */
export function checkBoundaries(root) {
  const declared = declaredPackages(root)
  const files = codeFiles(root, 'src')
  const graph = new Map()
  const violations = []
  let imports = 0
  for (const from of files) {
    const layer = layers.find(({ files }) => files.test(from))
    if (!layer) violations.push({ rule: general.home, from, line: 1, to: '', because: 'no layer owns this file' })
    const targets = []
    for (const { specifier, line } of importsOf(join(root, from))) {
      imports++
      const target = classify(root, from, specifier)
      if (target.kind === 'ours') targets.push(target.path)
      for (const { rule, because } of judge(from, layer, target, declared)) {
        violations.push({ rule, from, line, to: target.path ?? target.name, because })
      }
    }
    graph.set(from, targets)
  }
  for (const cycle of cycles(graph)) {
    violations.push({
      rule: general.cycle,
      from: cycle[0],
      line: 1,
      to: cycle.slice(1).join(' → '),
      because: 'it leads back',
    })
  }
  return { files: files.length, imports, violations }
}

function judge(from, layer, target, declared) {
  const found = []
  const add = (rule, because) => found.push({ rule, because })
  if (target.kind === 'missing') {
    add(general.unresolved, 'there is no such file (imports carry their extension)')
  } else if (target.kind === 'ours') {
    if (!target.path.startsWith('src/'))
      add(general.product, 'the product never imports tests, scripts or files outside src')
    else if (layer && !layer.may.some(pattern => pattern.test(target.path))) add(layer.name, layer.because)
    for (const gate of gates) {
      if (gate.target.test(target.path) && !gate.files.test(from)) add(gate.name, 'it belongs to one place')
    }
  } else if (target.kind === 'core') {
    if (layer && !allowed(layer.core, target.name)) add(layer.name, layer.because)
  } else {
    if (layer && !allowed(layer.packages, target.name)) add(layer.name, layer.because)
    for (const owner of owners) {
      if (owner.packages.includes(target.name) && !owner.files.test(from)) add(owner.name, 'it belongs to one place')
    }
    if (!declared.has(target.name)) add(general.undeclared, 'package.json does not list it')
  }
  return found
}

const allowed = (rule, name) => rule === true || (Array.isArray(rule) && rule.includes(name))

function classify(root, from, specifier) {
  const [bare = ''] = specifier.split('?')
  if (bare.startsWith('.') || bare.startsWith('/')) {
    const path = bare.startsWith('/') ? bare.slice(1) : posix.normalize(posix.join(posix.dirname(from), bare))
    const full = join(root, path)
    return { kind: existsSync(full) && statSync(full).isFile() ? 'ours' : 'missing', path }
  }
  if (bare.startsWith('node:') || core.has(bare)) return { kind: 'core', name: bare.replace('node:', '') }
  const [scope = '', name] = bare.split('/')
  return { kind: 'package', name: scope.startsWith('@') ? `${scope}/${name}` : scope }
}

function declaredPackages(root) {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)])
}

/** Each strongly connected group (Tarjan) as one closed walk, so that one cycle is reported once. */
function cycles(graph) {
  const index = new Map()
  const low = new Map()
  const stack = []
  const groups = []
  const visit = file => {
    index.set(file, index.size)
    low.set(file, index.get(file))
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      if (!index.has(next)) {
        visit(next)
        low.set(file, Math.min(low.get(file), low.get(next)))
      } else if (stack.includes(next)) {
        low.set(file, Math.min(low.get(file), index.get(next)))
      }
    }
    if (low.get(file) !== index.get(file)) return
    const group = stack.splice(stack.indexOf(file))
    if (group.length > 1 || graph.get(file).includes(file)) groups.push(group)
  }
  for (const file of graph.keys()) if (!index.has(file)) visit(file)
  return groups.map(group => closedWalk(graph, new Set(group), group[0]))
}

/** The shortest way from a file of a connected group back to itself. */
function closedWalk(graph, group, start) {
  const cameFrom = new Map()
  const queue = [start]
  for (const file of queue) {
    for (const next of graph.get(file)) {
      if (next === start) {
        const walk = [start]
        for (let step = file; step !== start; step = cameFrom.get(step)) walk.unshift(step)
        return [start, ...walk]
      }
      if (group.has(next) && !cameFrom.has(next)) {
        cameFrom.set(next, file)
        queue.push(next)
      }
    }
  }
  return [start]
}
