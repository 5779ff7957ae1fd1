// The one registry of keyboard shortcuts: screens add theirs while they are shown, and the overview lists what is there. Knows no screen.
import { useEffect, useRef, useSyncExternalStore } from 'react'

export interface Shortcut {
  /** `mod+k` (⌘ on a Mac, else Ctrl), `shift+r`, a single key such as `/` or `ArrowLeft`, or a sequence: `g f`. */
  readonly keys: string
  readonly label: string
  readonly group: 'Go to' | 'This screen' | 'Everywhere'
  readonly run: () => void
}

const shortcuts = new Set<{ current: Shortcut }>()
const listeners = new Set<() => void>()
let snapshot: readonly Shortcut[] = []
const sequenceMs = 1200
const singleKeysSetting = 'quarterdeck.single-keys'

const isMac = typeof navigator !== 'undefined' && /Mac/.test(navigator.userAgent)

/** Single keys can be switched off for those who dictate or mistype (WCAG 2.1.4); Ctrl or ⌘ ones stay. */
export function singleKeysEnabled(): boolean {
  return localStorage.getItem(singleKeysSetting) !== 'off'
}
export function setSingleKeysEnabled(enabled: boolean): void {
  localStorage.setItem(singleKeysSetting, enabled ? 'on' : 'off')
}

/** Registers a shortcut while the component is shown and `enabled` holds. The one added last wins. */
export function useShortcut(shortcut: Shortcut, enabled = true): void {
  const entry = useRef(shortcut)
  useEffect(() => {
    entry.current = shortcut
  })
  useEffect(() => {
    if (!enabled) return
    shortcuts.add(entry)
    changed()
    return () => {
      shortcuts.delete(entry)
      changed()
    }
  }, [enabled])
}

/** All shortcuts that work right now, for the overview. */
export function useShortcutList(): readonly Shortcut[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => snapshot,
  )
}

/** Starts to listen on the window; once per page. */
export function listenForShortcuts(target: Window = window): () => void {
  let prefix = ''
  let prefixAt = 0
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const stroke = strokeOf(event)
    if (stroke === null) return
    const plain = !stroke.includes('mod+')
    if (plain && (isEditable(event.target) || document.querySelector('dialog[open]') || !singleKeysEnabled())) return
    if (stroke.startsWith('Arrow') && ownsArrows(event.target)) return
    const fresh = event.timeStamp - prefixAt < sequenceMs
    const full = prefix && fresh ? `${prefix} ${stroke}` : stroke
    const found = find(full) ?? (full === stroke ? undefined : find(stroke))
    prefix = ''
    if (found) {
      event.preventDefault()
      found.run()
    } else if (startsSequence(stroke)) {
      prefix = stroke
      prefixAt = event.timeStamp
    }
  }
  target.addEventListener('keydown', onKeyDown)
  return () => target.removeEventListener('keydown', onKeyDown)
}

/** The caps to draw: `mod+k` → `Ctrl`, `K`. */
export function spokenKeys(keys: string): string[] {
  const names: Record<string, string> = {
    mod: isMac ? '⌘' : 'Ctrl',
    shift: isMac ? '⇧' : 'Shift',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
    Enter: 'Enter',
  }
  return keys.split(/[ +]/).map(key => names[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}

function changed(): void {
  snapshot = [...shortcuts].map(entry => entry.current)
  for (const listener of [...listeners]) listener()
}

function find(keys: string): Shortcut | undefined {
  return [...shortcuts].findLast(entry => entry.current.keys === keys)?.current
}

function startsSequence(stroke: string): boolean {
  return [...shortcuts].some(entry => entry.current.keys.startsWith(`${stroke} `))
}

function strokeOf(event: KeyboardEvent): string | null {
  if (event.altKey || ['Shift', 'Control', 'Meta', 'Alt'].includes(event.key)) return null
  const mod = isMac ? event.metaKey : event.ctrlKey
  if (!mod && (event.ctrlKey || event.metaKey)) return null
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  // Shift is part of the character for punctuation ("?"), and named for letters and keys without one.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/.test(key))
  return `${mod ? 'mod+' : ''}${shift ? 'shift+' : ''}${key}`
}

/** Radio buttons, tabs and the like move by arrows themselves. */
function ownsArrows(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, [role="tab"], [role="slider"], [role="listbox"]') !== null
}

function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
}
