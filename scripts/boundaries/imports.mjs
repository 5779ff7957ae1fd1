// Finds every import of a TypeScript or JavaScript file, type-only ones too, by parsing it; judges none of them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'

const code = /\.(ts|tsx|mts|cts|mjs|cjs|js|jsx)$/

/** All code files below `folder`, as paths with `/` relative to `root`. */
export function codeFiles(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && code.test(entry.name))
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
}

/** The imports of one file: `{specifier, line}` of each import, export … from, import(), import type, import('…').T and require. */
export function importsOf(path, text = readFileSync(path, 'utf8')) {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const found = []
  const add = node => {
    if (typeof node?.value === 'string') {
      found.push({ specifier: node.value, line: text.slice(0, node.start).split('\n').length })
    }
  }
  walk(program, node => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        add(node.source)
        break
      case 'TSExternalModuleReference':
        add(node.expression)
        break
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') add(node.arguments[0])
        break
    }
  })
  return found
}

function walk(node, visit) {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit)
  } else if (node !== null && typeof node === 'object') {
    if (typeof node.type === 'string') visit(node)
    for (const key in node) if (typeof node[key] === 'object') walk(node[key], visit)
  }
}
