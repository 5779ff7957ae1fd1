// Puts the theme on the document: what the person chose, else what the system has. Knows no colour.
import { useEffect } from 'react'
import type { Settings } from '../../shared/model/settings.ts'

export type ThemeChoice = Settings['theme']

const rememberedAs = 'quarterdeck.theme'

/** Before the engine has answered, the choice of the last time is used, so that nothing flashes. */
export function applyRememberedTheme(): void {
  const remembered = localStorage.getItem(rememberedAs)
  apply(remembered === 'light' || remembered === 'dark' ? remembered : 'system')
}

/** Follows the choice, and the system where the choice is `system`. */
export function useTheme(choice: ThemeChoice | undefined): void {
  useEffect(() => {
    if (choice === undefined) return
    localStorage.setItem(rememberedAs, choice)
    apply(choice)
    if (choice !== 'system') return
    const dark = darkQuery()
    const follow = (): void => apply('system')
    dark.addEventListener('change', follow)
    return () => dark.removeEventListener('change', follow)
  }, [choice])
}

function apply(choice: ThemeChoice): void {
  document.documentElement.dataset.theme = choice === 'system' ? (darkQuery().matches ? 'dark' : 'light') : choice
}

function darkQuery(): MediaQueryList {
  return window.matchMedia('(prefers-color-scheme: dark)')
}
